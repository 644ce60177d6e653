import assert from 'node:assert/strict'
import { textOf, utf8 } from '../words/bytes.ts'
import { prefixRange } from './key-range.ts'
import type { Batch, Entry, Head, KeyRange, Revision, Store, Transaction } from './store.ts'

/** Reads a watch to the end and writes down what it saw. */
export interface Follower {
  readonly after: Revision
  /** One line for each commit, with the revision of what stood there before: '3: a @1 -> 2, b nothing -> 1'. */
  readonly seen: string[]
  revision(): Revision
  until(revision: Revision): Promise<void>
  stop(): Promise<void>
}

export function follow(store: Store, range: KeyRange, after: Revision): Follower {
  const abort = new AbortController()
  const seen: string[] = []
  const waiters: { revision: Revision; resolve: () => void }[] = []
  let reached = after
  const reading = (async () => {
    for await (const batch of store.watch(range, after, abort.signal)) {
      if (batch.type === 'lost') throw new Error(`lost: ${batch.why}`)
      assert(batch.revision > reached, 'revisions grow')
      reached = batch.revision
      if (batch.type === 'changes') seen.push(...describeChanges(batch))
      for (const waiter of waiters) if (waiter.revision <= reached) waiter.resolve()
    }
  })()
  const until = async (revision: Revision): Promise<void> => {
    if (reached >= revision) return
    await Promise.race([reading, new Promise<void>((resolve) => waiters.push({ revision, resolve }))])
  }
  const stop = async (): Promise<void> => {
    abort.abort()
    await reading
  }
  return { after, seen, revision: () => reached, until, stop }
}

function describeChanges(batch: Batch & { type: 'changes' }): string[] {
  return batch.commits.map(({ revision, changes }) => {
    const parts = changes.map(({ key, entry, previous }) => {
      const before = previous === undefined ? 'nothing' : `@${previous.modified}`
      return `${key} ${before} -> ${entry === undefined ? 'nothing' : textOf(entry.value)}`
    })
    for (const { key, entry, previous } of changes) {
      assert(entry === undefined || (entry.key === key && entry.modified === revision && entry.created === (previous?.created ?? revision)))
    }
    return `${revision}: ${parts.sort().join(', ')}`
  })
}

export function describeEntry(entry: Entry): string {
  return `${entry.key}=${textOf(entry.value)} ${describeHead(entry)}`
}

function describeHead({ created, modified }: Head): string {
  return `created ${created} modified ${modified}`
}

export function describeCommitted(result: Awaited<ReturnType<Store['commit']>>): string {
  if (result.outcome === 'committed') return `committed ${result.revision}`
  return `conflict at ${result.key}: ${result.current === undefined ? 'nothing' : describeHead(result.current)}`
}

export function kindOf(result: IteratorResult<Batch, unknown>): string {
  if (result.done === true) return 'end'
  const batch = result.value
  return batch.type === 'lost' ? `lost ${batch.why}` : `${batch.type} through ${batch.revision}`
}

export function put(store: Store, key: string, value: string | undefined): ReturnType<Store['commit']> {
  const transaction: Transaction = { expect: [], writes: [{ key, value: value === undefined ? undefined : utf8(value) }] }
  return store.commit(transaction)
}

export async function list(store: Store, at: Revision | 'latest' = 'latest'): Promise<string[]> {
  return entriesOf(await store.read(prefixRange(''), { at, limit: 1000 })).map(describeEntry)
}

export function entriesOf(result: Awaited<ReturnType<Store['read']>>): readonly Entry[] {
  assert(result.outcome === 'page', `a page, not ${result.outcome}`)
  return result.page.entries
}

/** Lets everything run that can run now. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
