import assert from 'node:assert/strict'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLmdbStore } from '../../src/host/lmdb/open-lmdb-store.ts'
import { prefixRange } from '../../src/store/key-range.ts'
import type { Store } from '../../src/store/store.ts'
import { fillUp, mountSmallDisk } from './small-disk.testing.ts'

const ALL = prefixRange('')

function put(store: Store, key: string): ReturnType<Store['commit']> {
  return store.commit({ expect: [], writes: [{ key, value: Buffer.alloc(10_000, key) }] })
}

async function keysOf(store: Store): Promise<string[]> {
  const result = await store.read(ALL, { at: 'latest', limit: 10_000 })
  assert(result.outcome === 'page')
  return result.page.entries.map((entry) => entry.key)
}

for (const [megabytes, journal] of [[12, 'none, for it has no room'], [64, 'used']] as const) {
  test(`a full disk of ${megabytes} MiB (journal: ${journal}) refuses writes, goes on reading, and takes writes again when there is space`, async (context) => {
    const disk = mountSmallDisk(megabytes)
    if (disk === undefined) return context.skip('needs the right to mount a tmpfs')
    try {
      await fillAndFree(disk.directory)
      assert.equal(existsSync(join(disk.directory, 'data/journal')), journal === 'used')
    } finally {
      disk.unmount()
    }
  })
}

async function fillAndFree(disk: string): Promise<void> {
  const ballast = join(disk, 'ballast')
  writeFileSync(ballast, Buffer.alloc(4 * 1024 * 1024, 1))
  const directory = join(disk, 'data')
  mkdirSync(directory)
  const store = await openLmdbStore({ directory })
  const abort = new AbortController()
  const seen: number[] = []
  const watching = (async () => {
    for await (const batch of store.watch(ALL, 0, abort.signal)) if (batch.type === 'changes') seen.push(...batch.commits.map((commit) => commit.revision))
  })()

  const written = await fill(store)
  assert(written > 100, `${written} commits fit`)
  const before = await keysOf(store)
  assert.equal(before.length, written)

  // All of a burst fail, and nothing of it can be seen.
  await sleep(250)
  const burst = await Promise.allSettled(Array.from({ length: 500 }, (_, index) => put(store, `burst-${index}`)))
  assert.deepEqual([...new Set(burst.map((result) => result.status))], ['rejected'])
  assert.deepEqual([await keysOf(store), await store.latest(), seen.length], [before, written, written])

  // Deleting and compacting have a reserve of their own.
  await sleep(250)
  assert.deepEqual(await store.commit({ expect: [], writes: [{ key: 'key-0', value: undefined }] }), { outcome: 'committed', revision: written + 1 })
  await store.compact(10)

  rmSync(ballast)
  await sleep(250)
  assert.deepEqual(await put(store, 'again'), { outcome: 'committed', revision: written + 2 })
  assert.deepEqual(seen, Array.from({ length: written + 2 }, (_, index) => index + 1))
  abort.abort()
  await watching
  await store.close()

  // A server must start, and show what it has, on a disk without a single free byte.
  fillUp(ballast)
  const reopened = await openLmdbStore({ directory })
  assert.deepEqual((await keysOf(reopened)).sort(), [...before.filter((key) => key !== 'key-0'), 'again'].sort())
  await reopened.close()
}

async function fill(store: Store): Promise<number> {
  for (let count = 0; count < 5000; count++) {
    try {
      await put(store, `key-${count}`)
    } catch (error) {
      assert(error instanceof Error)
      assert.equal(error.name, 'StoreUnavailable')
      assert.match(error.message, /^Writing to the data directory \S+ failed: the disk is full \(\d+ bytes free\)\. Free some space; writing resumes by itself\.$/)
      return count
    }
  }
  throw new Error('the disk was not full after 50 MB')
}
