import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { textOf, utf8 } from '../words/bytes.ts'
import type { WatchLimits } from './fan-out.ts'
import { describeCommitted, entriesOf, follow, kindOf, list, put, settled, type Follower } from './follow.testing.ts'
import { prefixRange, rangeAfter } from './key-range.ts'
import { modelProperty } from './store.model.testing.ts'
import type { KeyRange, Revision, Store, Write } from './store.ts'

export interface OpenedStore {
  readonly store: Store
  /** Closes the store and removes what it left. */
  dispose(): Promise<void>
}

/** Makes an empty store. */
export type OpenStore = (limits: Partial<WatchLimits>) => Promise<OpenedStore>

const ALL = prefixRange('')
const NEVER = new AbortController().signal

/** What every engine guarantees.  */
export function storeConformance(name: string, open: OpenStore): void {
  const withStore = (limits: Partial<WatchLimits>, body: (store: Store) => Promise<void>) => async (): Promise<void> => {
    const opened = await open(limits)
    try {
      await body(opened.store)
    } finally {
      await opened.dispose()
    }
  }
  describe(`${name}: commits`, () => commits((body) => withStore({}, body)))
  describe(`${name}: reads`, () => reads((body) => withStore({}, body)))
  describe(`${name}: watches`, () => watches(withStore))
  describe(`${name}: compaction`, () => compaction((body) => withStore({}, body)))
  test(`${name}: does what a naive model does`, () => modelProperty(open))
}

type WithStore = (body: (store: Store) => Promise<void>) => () => Promise<void>
type WithLimitedStore = (limits: Partial<WatchLimits>, body: (store: Store) => Promise<void>) => () => Promise<void>

function commits(withStore: WithStore): void {
  test('revisions start at 1 and grow by one', withStore(async (store) => {
    assert.equal(await store.latest(), 0)
    assert.deepEqual(await put(store, 'a', '1'), { outcome: 'committed', revision: 1 })
    assert.deepEqual(await put(store, 'b', '1'), { outcome: 'committed', revision: 2 })
    assert.equal(await store.latest(), 2)
  }))

  test('an entry keeps its creation until it is deleted', withStore(async (store) => {
    await put(store, 'a', '1')
    await put(store, 'a', '2')
    assert.deepEqual(await list(store), ['a=2 created 1 modified 2'])
    await put(store, 'a', undefined)
    await put(store, 'a', '3')
    assert.deepEqual(await list(store), ['a=3 created 4 modified 4'])
  }))

  test('a failed expectation writes nothing and shows what stands there', withStore(async (store) => {
    await put(store, 'a', '1')
    const wrong = await store.commit({ expect: [{ key: 'a', modified: 7 }], writes: [{ key: 'b', value: utf8('x') }] })
    assert.equal(describeCommitted(wrong), 'conflict at a: created 1 modified 1')
    const present = await store.commit({ expect: [{ key: 'a', modified: 0 }], writes: [{ key: 'a', value: utf8('x') }] })
    assert.equal(describeCommitted(present), 'conflict at a: created 1 modified 1')
    const absent = await store.commit({
      expect: [{ key: 'a', modified: 1 }, { key: 'z', modified: 1 }],
      writes: [{ key: 'a', value: utf8('x') }],
    })
    assert.equal(describeCommitted(absent), 'conflict at z: nothing')
    assert.deepEqual(await list(store), ['a=1 created 1 modified 1'])
    assert.equal(await store.latest(), 1)
  }))

  test('expectations that hold let all writes through at one revision', withStore(async (store) => {
    await put(store, 'a', '1')
    await put(store, 'b', '1')
    const result = await store.commit({
      expect: [{ key: 'a', modified: 1 }, { key: 'c', modified: 0 }],
      writes: [{ key: 'a', value: utf8('2') }, { key: 'b', value: undefined }, { key: 'c', value: utf8('1') }],
    })
    assert.equal(describeCommitted(result), 'committed 3')
    assert.deepEqual(await list(store), ['a=2 created 1 modified 3', 'c=1 created 3 modified 3'])
  }))

  test('writes that stand apart have revisions of their own, all or none of them', withStore(async (store) => {
    await put(store, 'a', '1')
    const follower = follow(store, ALL, 0)
    const write = (key: string, text: string | undefined): Write => ({ key, value: text === undefined ? undefined : utf8(text) })
    const writes = [write('c', '1'), write('none', undefined), write('a', undefined), write('b', '1')]
    const refused = await store.commit({ expect: [{ key: 'a', modified: 7 }], writes, apart: true })
    assert.equal(describeCommitted(refused), 'conflict at a: created 1 modified 1')
    const together = store.commit({ expect: [{ key: 'a', modified: 1 }], writes, apart: true })
    const after = put(store, 'd', '1')
    assert.deepEqual(await together, { outcome: 'committed', revision: 4, revisions: [2, 0, 3, 4] })
    assert.deepEqual(await after, { outcome: 'committed', revision: 5 })
    assert.deepEqual(await list(store), ['b=1 created 4 modified 4', 'c=1 created 2 modified 2', 'd=1 created 5 modified 5'])
    await follower.until(5)
    await follower.stop()
    assert.deepEqual(follower.seen, [
      '1: a nothing -> 1', '2: c nothing -> 1', '3: a @1 -> nothing', '4: b nothing -> 1', '5: d nothing -> 1',
    ])
    const nothing = await store.commit({ expect: [], writes: [write('none', undefined)], apart: true })
    assert.deepEqual(nothing, { outcome: 'committed', revision: 5 })
  }))

  test('what changes nothing uses no revision', withStore(async (store) => {
    await put(store, 'a', '1')
    assert.deepEqual(await put(store, 'none', undefined), { outcome: 'committed', revision: 1 })
    assert.deepEqual(await store.commit({ expect: [{ key: 'a', modified: 1 }], writes: [] }), { outcome: 'committed', revision: 1 })
  }))

  test('of many writers of one key that expect the same revision exactly one wins', withStore(async (store) => {
    await put(store, 'a', '0')
    const results = await Promise.all(Array.from({ length: 50 }, (_, index) => (
      store.commit({ expect: [{ key: 'a', modified: 1 }], writes: [{ key: 'a', value: utf8(String(index)) }] }))))
    assert.equal(results.filter((result) => result.outcome === 'committed').length, 1)
    assert.equal(await store.latest(), 2)
  }))

  test('concurrent commits take effect in the order of the calls', withStore(async (store) => {
    const calls = Array.from({ length: 20 }, (_, index) => put(store, `k${index % 3}`, String(index)))
    const results = await Promise.all(calls)
    assert.deepEqual(results, Array.from({ length: 20 }, (_, index) => ({ outcome: 'committed', revision: index + 1 })))
    assert.deepEqual(await list(store), ['k0=18 created 1 modified 19', 'k1=19 created 2 modified 20', 'k2=17 created 3 modified 18'])
  }))

  test('a malformed transaction is refused before anything is written', withStore(async (store) => {
    const value = utf8('x')
    for (const key of ['', 'a\0b', '\ud800', 'k'.repeat(1025)]) {
      await assert.rejects(store.commit({ expect: [], writes: [{ key: 'good', value }, { key, value }] }), { name: 'InvariantError' })
    }
    await assert.rejects(store.commit({ expect: [], writes: [{ key: 'a', value }, { key: 'a', value }] }), { name: 'InvariantError' })
    assert.equal(await store.latest(), 0)
  }))

  test('values may be empty and large', withStore(async (store) => {
    const large = new Uint8Array(3 * 1024 * 1024).fill(7)
    await store.commit({ expect: [], writes: [{ key: 'large', value: large }, { key: 'empty', value: new Uint8Array(0) }] })
    const entries = entriesOf(await store.read(ALL, { at: 'latest', limit: 10 }))
    const sizes = entries.map((entry) => [entry.key, entry.value.length, entry.value.at(-1)])
    assert.deepEqual(sizes, [['empty', 0, undefined], ['large', large.length, 7]])
  }))

  test('a closed store refuses and says so', withStore(async (store) => {
    await store.close()
    await assert.rejects(put(store, 'a', '1'), { name: 'StoreUnavailable', message: /closed/ })
    await store.close()
  }))
}

function reads(withStore: WithStore): void {
  test('keys come in the order of their UTF-8 bytes', withStore(async (store) => {
    const ordered = ['/a', '/a/b', '/a0', '/b', 'aa', 'b', 'ä', '\ue000', '\uffee', '\u{1f600}']
    for (const key of ordered.toReversed()) await put(store, key, 'x')
    assert.deepEqual(entriesOf(await store.read(ALL, { at: 'latest', limit: 100 })).map((entry) => entry.key), ordered)
  }))

  test('a range ends before its end', withStore(async (store) => {
    for (const key of ['a', 'b', 'ba', 'c']) await put(store, key, 'x')
    const keys = async (range: KeyRange): Promise<string[]> =>
      entriesOf(await store.read(range, { at: 'latest', limit: 9 })).map((entry) => entry.key)
    assert.deepEqual(await keys({ start: 'b', end: 'c' }), ['b', 'ba'])
    assert.deepEqual(await keys(prefixRange('b')), ['b', 'ba'])
    assert.deepEqual(await keys({ start: 'b', end: 'b' }), [])
    assert.deepEqual(await keys({ start: 'c', end: 'a' }), [])
  }))

  test('pages of one revision show that revision whole', withStore(async (store) => {
    for (let index = 0; index < 25; index++) await put(store, `k${String(index).padStart(2, '0')}`, 'old')
    const seen: string[] = []
    let range = prefixRange('k')
    for (let more = true; more; ) {
      const result = await store.read(range, { at: 25, limit: 10 })
      assert(result.outcome === 'page')
      seen.push(...result.page.entries.map((entry) => `${entry.key}=${textOf(entry.value)}`))
      range = rangeAfter(range, result.page.entries.at(-1)?.key ?? '')
      more = result.page.more
      const fresh = ['k11', `k${seen.length}x`].map((key) => ({ key, value: utf8('new') }))
      await store.commit({ expect: [], writes: [{ key: 'k00', value: undefined }, ...fresh] })
    }
    assert.deepEqual(seen, Array.from({ length: 25 }, (_, index) => `k${String(index).padStart(2, '0')}=old`))
  }))

  test('more is true exactly when entries are left', withStore(async (store) => {
    for (const key of ['a', 'b', 'c']) await put(store, key, 'x')
    await put(store, 'c', undefined)
    const more = async (limit: number): Promise<unknown> => {
      const result = await store.read(ALL, { at: 'latest', limit })
      return result.outcome === 'page' ? [result.page.entries.length, result.page.more] : result
    }
    assert.deepEqual([await more(1), await more(2), await more(3)], [[1, true], [2, false], [2, false]])
  }))

  test('old revisions stay readable, future ones are said to be so', withStore(async (store) => {
    await put(store, 'a', '1')
    await put(store, 'a', '2')
    await put(store, 'a', undefined)
    await put(store, 'a', '3')
    const at = async (revision: Revision): Promise<string> => (await list(store, revision)).join()
    assert.deepEqual([await at(0), await at(1), await at(2), await at(3), await at(4)],
      ['', 'a=1 created 1 modified 1', 'a=2 created 1 modified 2', '', 'a=3 created 4 modified 4'])
    assert.deepEqual(await store.read(ALL, { at: 5, limit: 1 }), { outcome: 'future', latest: 4 })
  }))
}

function watches(withStore: WithLimitedStore): void {
  test('a watch replays history, then follows, each change once with its predecessor', withStore({}, async (store) => {
    await put(store, 'a', '1')
    await put(store, 'x', '1')
    await put(store, 'a', '2')
    const watch = follow(store, prefixRange('a'), 0)
    await watch.until(3)
    const made = ['ab', 'y'].map((key) => ({ key, value: utf8('1') }))
    await store.commit({ expect: [], writes: [{ key: 'a', value: undefined }, ...made] })
    await watch.until(4)
    assert.deepEqual(watch.seen, ['1: a nothing -> 1', '3: a @1 -> 2', '4: a @3 -> nothing, ab nothing -> 1'])
    await watch.stop()
  }))

  test('a watch may begin after any revision, also one to come', withStore({}, async (store) => {
    for (const value of ['1', '2', '3']) await put(store, 'a', value)
    const late = follow(store, ALL, 2)
    const future = follow(store, ALL, 4)
    for (const value of ['4', '5']) await put(store, 'a', value)
    await Promise.all([late.until(5), future.until(5)])
    assert.deepEqual(late.seen, ['3: a @2 -> 3', '4: a @3 -> 4', '5: a @4 -> 5'])
    assert.deepEqual(future.seen, ['5: a @4 -> 5'])
    await Promise.all([late.stop(), future.stop()])
  }))

  test('a change is delivered before the promise of its commit resolves', withStore({}, async (store) => {
    await put(store, 'a', '0')
    const watch = follow(store, ALL, 1)
    await settled()
    for (let revision = 2; revision < 10; revision++) {
      await put(store, 'a', String(revision))
      assert.equal(watch.seen.length, revision - 1)
    }
    await watch.stop()
  }))

  test('all watchers share the bytes that were committed', withStore({}, async (store) => {
    const value = utf8('shared')
    const got: (Uint8Array | undefined)[] = []
    const abort = new AbortController()
    const readers = [1, 2].map(async () => {
      for await (const batch of store.watch(ALL, 0, abort.signal)) {
        if (batch.type === 'changes') got.push(batch.commits[0]?.changes[0]?.entry?.value)
      }
    })
    await settled()
    await store.commit({ expect: [], writes: [{ key: 'a', value }] })
    abort.abort()
    await Promise.all(readers)
    assert.deepEqual(got.map((bytes) => bytes === value), [true, true])
  }))

  test('progress tells a quiet watch how far the store is', withStore({ progressEvery: 5 }, async (store) => {
    const watch = follow(store, prefixRange('quiet'), 0)
    await settled()
    for (let count = 0; count < 5; count++) await put(store, 'busy', String(count))
    assert.equal(watch.revision(), 5)
    await put(store, 'busy', '6')
    assert.equal(watch.revision(), 5)
    assert.equal(await store.latest(), 6)
    assert.equal(watch.revision(), 6)
    const late = follow(store, prefixRange('quiet'), 0)
    await late.until(6)
    assert.deepEqual([...watch.seen, ...late.seen], [])
    await Promise.all([watch.stop(), late.stop()])
  }))

  test('a watcher that does not read is ended at its bound, the others go on', withStore({ maxBufferedChanges: 10 }, async (store) => {
    const slow = store.watch(ALL, 0, NEVER)[Symbol.asyncIterator]()
    const first = slow.next()
    await settled()
    const reader = follow(store, ALL, 0)
    for (let count = 0; count < 30; count++) await put(store, 'a', String(count))
    assert.equal(kindOf(await first), 'changes through 1')
    assert.equal(kindOf(await slow.next()), 'lost too-slow')
    assert.equal(kindOf(await slow.next()), 'end')
    await reader.until(30)
    assert.equal(reader.seen.length, 30)
    await reader.stop()
  }))

  test('bytes count towards the bound', withStore({ maxBufferedBytes: 1000 }, async (store) => {
    const slow = store.watch(ALL, 0, NEVER)[Symbol.asyncIterator]()
    const first = slow.next()
    await settled()
    for (let count = 0; count < 4; count++) await put(store, 'a', 'x'.repeat(400))
    await first
    assert.equal(kindOf(await slow.next()), 'lost too-slow')
  }))

  test('a watch ends with its signal, with return and with the store', withStore({}, async (store) => {
    const abort = new AbortController()
    const aborted = store.watch(ALL, 0, abort.signal)[Symbol.asyncIterator]()
    const pending = aborted.next()
    await settled()
    abort.abort()
    assert.equal(kindOf(await pending), 'end')
    assert.equal(kindOf(await store.watch(ALL, 0, abort.signal)[Symbol.asyncIterator]().next()), 'end')
    const returned = store.watch(ALL, 0, NEVER)[Symbol.asyncIterator]()
    await returned.return?.()
    assert.equal(kindOf(await returned.next()), 'end')
    const open = store.watch(ALL, 0, NEVER)[Symbol.asyncIterator]()
    const last = open.next()
    await settled()
    await store.close()
    assert.equal(kindOf(await last), 'end')
  }))

  test('watchers that begin in the middle of writes miss nothing and see nothing twice', withStore({}, async (store) => {
    const watchers: Follower[] = []
    const writes: Promise<unknown>[] = []
    for (let count = 0; count < 200; count++) {
      writes.push(put(store, `k${count % 7}`, String(count)))
      if (count % 20 === 10) watchers.push(follow(store, ALL, Math.max(0, count - 15)))
      if (count % 5 === 0) await settled()
    }
    await Promise.all(writes)
    for (const watcher of watchers) {
      await watcher.until(200)
      const revisions = watcher.seen.map((line) => Number(line.split(':')[0]))
      assert.deepEqual(revisions, Array.from({ length: 200 - watcher.after }, (_, index) => watcher.after + index + 1))
      await watcher.stop()
    }
  }))
}

function compaction(withStore: WithStore): void {
  test('reads and watches below the compacted revision are refused, at it they work', withStore(async (store) => {
    for (const value of ['1', '2', '3', '4']) await put(store, 'a', value)
    await put(store, 'gone', '5')
    await put(store, 'gone', undefined)
    await store.compact(3)
    assert.deepEqual(await store.read(ALL, { at: 2, limit: 9 }), { outcome: 'compacted', oldest: 3 })
    assert.deepEqual(await list(store, 3), ['a=3 created 1 modified 3'])
    assert.deepEqual(await list(store, 5), ['a=4 created 1 modified 4', 'gone=5 created 5 modified 5'])
    assert.equal(kindOf(await store.watch(ALL, 2, NEVER)[Symbol.asyncIterator]().next()), 'lost compacted')
    const watch = follow(store, ALL, 3)
    await watch.until(6)
    assert.deepEqual(watch.seen, ['4: a @3 -> 4', '5: gone nothing -> 5', '6: gone @5 -> nothing'])
    await watch.stop()
  }))

  test('compacting everything keeps what stands, and the count of revisions', withStore(async (store) => {
    await put(store, 'a', '1')
    await put(store, 'a', '2')
    await put(store, 'b', '1')
    await put(store, 'b', undefined)
    await store.compact(100)
    await store.compact(2)
    assert.deepEqual(await store.read(ALL, { at: 3, limit: 9 }), { outcome: 'compacted', oldest: 4 })
    assert.deepEqual(await list(store), ['a=2 created 1 modified 2'])
    await put(store, 'b', '2')
    assert.deepEqual(await list(store), ['a=2 created 1 modified 2', 'b=2 created 5 modified 5'])
  }))

  test('a live watch does not notice compaction', withStore(async (store) => {
    const watch = follow(store, ALL, 0)
    for (const value of ['1', '2', '3']) {
      await put(store, 'a', value)
      await store.compact(await store.latest())
    }
    await watch.until(3)
    assert.deepEqual(watch.seen, ['1: a nothing -> 1', '2: a @1 -> 2', '3: a @2 -> 3'])
    await watch.stop()
  }))

  test('compaction and commits at the same time lose nothing that stands', withStore(async (store) => {
    const work: Promise<unknown>[] = []
    for (let count = 0; count < 120; count++) {
      work.push(put(store, `k${count % 5}`, count % 3 === 0 ? undefined : String(count)))
      if (count % 10 === 9) {
        await settled()
        work.push(store.compact(count - 4))
      }
    }
    await Promise.all(work)
    const values = (await list(store)).map((line) => line.split(' ')[0])
    assert.deepEqual(values, ['k0=115', 'k1=116', 'k3=118', 'k4=119'])
  }))
}
