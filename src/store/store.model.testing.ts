import assert from 'node:assert/strict'
import fc from 'fast-check'
import { utf8 } from '../words/bytes.ts'
import { describeEntry, follow, kindOf, type Follower } from './follow.testing.ts'
import { compareKeys, prefixRange } from './key-range.ts'
import type { OpenStore } from './store.conformance.testing.ts'
import type { KeyRange, Revision, Store } from './store.ts'

const NEVER = new AbortController().signal

/** The model: every state that ever was, as a map. */
export async function modelProperty(open: OpenStore): Promise<void> {
  const key = fc.constantFrom('a', 'aa', 'ab', 'b', 'c/d', 'é')
  const step = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        step: fc.constant('commit' as const),
        key,
        other: key,
        lag: fc.constantFrom(undefined, 0, 1),
        remove: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ step: fc.constant('read' as const), key, back: fc.nat(6), limit: fc.integer({ min: 1, max: 4 }) }),
    },
    { weight: 1, arbitrary: fc.record({ step: fc.constant('compact' as const), back: fc.nat(6) }) },
    { weight: 1, arbitrary: fc.record({ step: fc.constant('watch' as const), key, back: fc.nat(6) }) },
  )
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
    const opened = await open({})
    try {
      const run = new ModelRun(opened.store)
      for (const each of steps) {
        if (each.step === 'commit') await run.commit(each)
        else if (each.step === 'read') await run.read(each)
        else if (each.step === 'compact') await run.compact(each.back)
        else await run.watch(each)
      }
      await run.finish()
    } finally {
      await opened.dispose()
    }
  }), { numRuns: 25 })
}

interface ModelEntry {
  readonly value: string
  readonly created: Revision
  readonly modified: Revision
}

class ModelRun {
  readonly #store: Store
  readonly #states: ReadonlyMap<string, ModelEntry>[] = [new Map()]
  #compacted = 0
  #watches: { follower: Follower; range: KeyRange }[] = []

  constructor(store: Store) {
    this.#store = store
  }

  get #latest(): Revision {
    return this.#states.length - 1
  }

  async commit(step: { key: string; other: string; lag: number | undefined; remove: boolean }): Promise<void> {
    const state = this.#states.at(-1) ?? new Map<string, ModelEntry>()
    const revision = this.#latest + 1
    const stands = state.get(step.other)?.modified ?? 0
    const expect = step.lag === undefined ? [] : [{ key: step.other, modified: stands + step.lag }]
    const writes = [{ key: step.key, value: step.remove ? undefined : `${revision}` }]
    if (step.other !== step.key) writes.push({ key: step.other, value: `${revision}+` })
    const result = await this.#store.commit({
      expect,
      writes: writes.map((write) => ({ ...write, value: write.value === undefined ? undefined : utf8(write.value) })),
    })
    if (step.lag === 1) return assert.equal(result.outcome, 'conflict')
    const next = new Map(state)
    for (const { key, value } of writes) {
      if (value === undefined) next.delete(key)
      else next.set(key, { value, created: state.get(key)?.created ?? revision, modified: revision })
    }
    const changed = writes.some(({ key, value }) => value !== undefined || state.has(key))
    if (changed) this.#states.push(next)
    assert.deepEqual(result, { outcome: 'committed', revision: this.#latest })
  }

  async read(step: { key: string; back: number; limit: number }): Promise<void> {
    const at = Math.max(0, this.#latest - step.back)
    const range = { start: step.key, end: 'é\u0001' }
    const result = await this.#store.read(range, { at, limit: step.limit })
    if (at < this.#compacted) return assert.deepEqual(result, { outcome: 'compacted', oldest: this.#compacted })
    const all = [...(this.#states[at] ?? [])].filter(([key]) => compareKeys(key, step.key) >= 0).sort(([a], [b]) => compareKeys(a, b))
    assert(result.outcome === 'page')
    const want = all
      .slice(0, step.limit)
      .map(([key, { value, created, modified }]) => `${key}=${value} created ${created} modified ${modified}`)
    assert.deepEqual([result.page.entries.map(describeEntry), result.page.more, result.page.revision], [want, all.length > step.limit, at])
  }

  async compact(back: number): Promise<void> {
    await this.#store.compact(Math.max(0, this.#latest - back))
    this.#compacted = Math.max(this.#compacted, this.#latest - back)
  }

  async watch(step: { key: string; back: number }): Promise<void> {
    const range = prefixRange(step.key)
    const after = Math.max(0, this.#latest - step.back)
    if (after < this.#compacted) {
      assert.equal(kindOf(await this.#store.watch(range, after, NEVER)[Symbol.asyncIterator]().next()), 'lost compacted')
      return
    }
    const follower = follow(this.#store, range, after)
    // A compaction would overtake one that still replays, and rightly end it.
    await follower.until(this.#latest)
    this.#watches.push({ follower, range })
  }

  async finish(): Promise<void> {
    await this.#store.latest()
    for (const { follower, range } of this.#watches) {
      await follower.until(this.#latest)
      assert.deepEqual(follower.seen, this.#expected(range, follower.after))
      await follower.stop()
    }
  }

  #expected(range: KeyRange, after: Revision): string[] {
    const lines: string[] = []
    for (let revision = after + 1; revision <= this.#latest; revision++) {
      const [before, now] = [this.#states[revision - 1] ?? new Map(), this.#states[revision] ?? new Map()]
      const keys = [...new Set([...before.keys(), ...now.keys()])].filter(
        (key) => compareKeys(key, range.start) >= 0 && compareKeys(key, range.end) < 0
      )
      const changes = keys
        .filter((key) => before.get(key) !== now.get(key))
        .sort()
        .map((key) => `${key} ${before.has(key) ? `@${before.get(key)?.modified}` : 'nothing'} -> ${now.get(key)?.value ?? 'nothing'}`)
      if (changes.length > 0) lines.push(`${revision}: ${changes.join(', ')}`)
    }
    return lines
  }
}
