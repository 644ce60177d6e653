import { open } from 'lmdb'
import { join } from 'node:path'
import { openLmdbStore } from '../../src/host/lmdb/open-lmdb-store.ts'
import type { BenchCase, Measurement } from './bench-case.ts'

const CALLERS = 64
const WARM_COMMITS = 2_000
const COMMITS = 20_000
const VALUE = Buffer.alloc(1024, 'x')

/** What the disk allows: LMDB alone with the callers' puts grouped, and the cluster's store on the same disk. */
export const storeLimit: BenchCase = {
  name: 'store-limit',
  run: async (directory) => [await rawLmdb(directory), await ownStore(directory)],
}

/** Keys as an API server has them: their order has nothing to do with the order of their creation. */
function keyOf(number: number): string {
  return `/registry/configmaps/default/${(number * 2_654_435_761 % 0x1_0000_0000).toString(36)}-${number}`
}

async function rawLmdb(directory: string): Promise<Measurement> {
  const database = open<Buffer, string>(join(directory, 'raw.mdb'), { noSubdir: true, overlappingSync: false, encoding: 'binary', mapSize: 8 * 1024 ** 3 })
  try {
    return await measure(`limit: LMDB alone, durable 1 KiB puts, ${CALLERS} callers`, (number) => database.put(keyOf(number), VALUE))
  } finally {
    await database.close()
  }
}

async function ownStore(directory: string): Promise<Measurement> {
  const store = await openLmdbStore({ directory: join(directory, 'store') })
  try {
    return await measure(`our store, durable 1 KiB creates, ${CALLERS} callers`, (number) => {
      const key = keyOf(number)
      return store.commit({ expect: [{ key, modified: 0 }], writes: [{ key, value: VALUE }] })
    })
  } finally {
    await store.close()
  }
}

async function measure(name: string, write: (number: number) => Promise<unknown>): Promise<Measurement> {
  await runCallers(0, WARM_COMMITS, write, [])
  const latenciesMs: number[] = []
  const cpuBefore = process.cpuUsage()
  const started = performance.now()
  await runCallers(WARM_COMMITS, WARM_COMMITS + COMMITS, write, latenciesMs)
  const elapsedMs = performance.now() - started
  const { user, system } = process.cpuUsage(cpuBefore)
  return { name, operations: COMMITS, elapsedMs, cpuMs: (user + system) / 1000, latenciesMs, scale: '' }
}

async function runCallers(from: number, to: number, write: (number: number) => Promise<unknown>, latenciesMs: number[]): Promise<void> {
  let next = from
  await Promise.all(Array.from({ length: CALLERS }, async () => {
    for (let number = next++; number < to; number = next++) {
      const begun = performance.now()
      await write(number)
      latenciesMs.push(performance.now() - begun)
    }
  }))
}
