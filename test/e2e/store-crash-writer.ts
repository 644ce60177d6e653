/** Part of store-crash.test.ts: writes until it is killed. Arguments: data directory, name of the round, number of commits. */
import { setTimeout as sleep } from 'node:timers/promises'
import { openLmdbStore } from '../../src/host/lmdb/open-lmdb-store.ts'

const [directory = '', round = '', commits = '0'] = process.argv.slice(2)
const store = await openLmdbStore({ directory })
const value = Buffer.alloc(1024, round)

process.stdout.write('begin\n')
await Promise.all(Array.from({ length: Number(commits) }, async (_, index) => {
  // They come over a tenth of a second, as requests do, so that many groups are written.
  await sleep(index % 100)
  const writes = ['a', 'b', 'c'].map((part) => ({ key: `${round}/${part}/${index}`, value }))
  const result = await store.commit({ expect: [], writes: [...writes, { key: 'counter', value: Buffer.from(String(index)) }] })
  if (result.outcome === 'committed') process.stdout.write(`${index} ${result.revision}\n`)
}))
process.stdout.write('all\n')
// The test kills this process in any case.
setInterval(() => undefined, 1000)
