import type { Batch, Change, Commit, Entry, Page, Store, Transaction } from './store.ts'

/** Gives the plain value of one sealed value. Throws where it was sealed by something else, or has been changed since. */
export type Opening = () => Uint8Array

/** How values are sealed before they reach an engine. Knows keys, never objects; host/encryption/ implements it. */
export interface ValueSealer {
  /** The stored form, which is new bytes or plain itself. Throws StoreUnavailable where nothing can be sealed now. */
  seal(key: string, plain: Uint8Array): Uint8Array
  /** A promise only where the key of this value has to be fetched first. Throws, or rejects, with a sentence that names the object. */
  opening(key: string, stored: Uint8Array): Opening | Promise<Opening>
  /** Whether seal would seal it the same way today. */
  isCurrent(key: string, stored: Uint8Array): boolean
}

/**
 * The same store with sealed values underneath. A committed value reaches watchers as the very bytes that were given to commit, and is
 * never opened: the plain form is remembered for as long as the engine keeps the sealed one.
 */
export function sealStore(inner: Store, sealer: ValueSealer): Store {
  const opener = new Opener(sealer)
  return {
    async read(range, options) {
      const result = await inner.read(range, options)
      if (result.outcome !== 'page') return result
      const opened = opener.page(result.page)
      return { outcome: 'page', page: opened instanceof Promise ? await opened : opened }
    },
    async commit(transaction) {
      return await inner.commit(sealed(transaction, sealer, opener))
    },
    watch: (range, after, signal) => ({
      [Symbol.asyncIterator]: () => openedBatches(inner.watch(range, after, signal)[Symbol.asyncIterator](), opener),
    }),
    compact: (before) => inner.compact(before),
    // No less steps than a batch takes: progress arrives before this resolves.
    latest: () => inner.latest().then((revision) => revision),
    close: () => inner.close(),
  }
}

function sealed({ writes, ...rest }: Transaction, sealer: ValueSealer, opener: Opener): Transaction {
  return {
    ...rest,
    writes: writes.map((write) => {
      const { key, value } = write
      if (value === undefined) return write
      const stored = sealer.seal(key, value)
      if (stored === value) return write
      opener.remember(stored, value)
      return { key, value: stored }
    }),
  }
}

/** One step more than the engine's own promise, as commit has one more too: a change still arrives before its commit resolves. */
function openedBatches(batches: AsyncIterator<Batch>, opener: Opener): AsyncIterator<Batch> {
  return {
    next: () => batches.next().then((result) => {
      if (result.done === true || result.value.type !== 'changes') return result
      const opened = opener.batch(result.value)
      return opened instanceof Promise ? opened.then((value) => ({ done: false, value })) : { done: false, value: opened }
    }),
    return: () => batches.return?.() ?? Promise.resolve({ done: true, value: undefined }),
  }
}

class Opener {
  readonly #sealer: ValueSealer
  readonly #plain = new WeakMap<Uint8Array, Uint8Array>()

  constructor(sealer: ValueSealer) {
    this.#sealer = sealer
  }

  remember(stored: Uint8Array, plain: Uint8Array): void {
    this.#plain.set(stored, plain)
  }

  page({ entries, revision, more }: Page): Page | Promise<Page> {
    const opened = all(entries.map((entry) => this.#entry(entry)))
    return opened instanceof Promise ? opened.then((list) => ({ entries: list, revision, more })) : { entries: opened, revision, more }
  }

  batch({ type, revision, commits }: Extract<Batch, { type: 'changes' }>): Batch | Promise<Batch> {
    const opened = all(commits.map((commit) => this.#commit(commit)))
    return opened instanceof Promise ? opened.then((list) => ({ type, revision, commits: list })) : { type, revision, commits: opened }
  }

  #commit({ revision, changes }: Commit): Commit | Promise<Commit> {
    const opened = all(changes.map((change) => this.#change(change)))
    return opened instanceof Promise ? opened.then((list) => ({ revision, changes: list })) : { revision, changes: opened }
  }

  #change({ key, entry, previous }: Change): Change | Promise<Change> {
    const opened = entry && this.#entry(entry)
    return opened instanceof Promise ? opened.then((later) => ({ key, entry: later, previous })) : { key, entry: opened, previous }
  }

  #entry(entry: Entry): Entry | Promise<Entry> {
    const known = this.#plain.get(entry.value)
    if (known !== undefined) return withValue(entry, known)
    const opening = this.#sealer.opening(entry.key, entry.value)
    if (opening instanceof Promise) return opening.then((open) => this.#opened(entry, open()))
    return this.#opened(entry, opening())
  }

  #opened(entry: Entry, plain: Uint8Array): Entry {
    if (plain === entry.value) return entry
    this.#plain.set(entry.value, plain)
    return withValue(entry, plain)
  }
}

function withValue({ key, created, modified }: Entry, value: Uint8Array): Entry {
  return { key, value, created, modified }
}

/** Waits only where there is something to wait for. */
function all<T>(items: readonly (T | Promise<T>)[]): readonly T[] | Promise<readonly T[]> {
  if (items.some((item) => item instanceof Promise)) return Promise.all(items)
  return items as readonly T[]
}
