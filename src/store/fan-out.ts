import { Watcher } from './watcher.ts'
import type { Batch, Commit, KeyRange, Revision } from './store.ts'

/** How an engine looks up commits that were published before a watcher came to them. */
export interface History {
  /** What happened in the range after that revision: some of it, in order, up to and including through. */
  after(range: KeyRange, revision: Revision): HistorySlice | Promise<HistorySlice>
}

export type HistorySlice =
  | { readonly outcome: 'slice'; readonly commits: readonly Commit[]; readonly through: Revision }
  | { readonly outcome: 'compacted' }

export interface WatchLimits {
  /** A watcher that has left more than this unread is ended as too slow. */
  readonly maxBufferedChanges: number
  readonly maxBufferedBytes: number
  /** A waiting watcher hears of progress once this many revisions passed it by. */
  readonly progressEvery: number
}

export const DEFAULT_WATCH_LIMITS: WatchLimits = { maxBufferedChanges: 20_000, maxBufferedBytes: 64 * 1024 * 1024, progressEvery: 1000 }

/**
 * Hands published commits to the watchers of an engine. Engines publish in the order of revisions, only what is durable,
 * and before they resolve the commit's promise. All watchers share the same Change objects and bytes.
 */
export class FanOut {
  readonly #watchers = new Set<Watcher>()
  readonly #history: History
  readonly #limits: WatchLimits
  #published: Revision
  #closed = false

  constructor(published: Revision, history: History, limits: WatchLimits) {
    this.#published = published
    this.#history = history
    this.#limits = limits
  }

  get published(): Revision {
    return this.#published
  }

  publish(commits: readonly Commit[]): void {
    const last = commits.at(-1)
    if (last === undefined) return
    this.#published = last.revision
    for (const watcher of this.#watchers) watcher.offer(commits)
  }

  /** Every watcher that has nothing else to read learns how far the store is. */
  announceProgress(): void {
    for (const watcher of this.#watchers) watcher.offerProgress()
  }

  watch(range: KeyRange, after: Revision, signal: AbortSignal): AsyncIterable<Batch> {
    return {
      [Symbol.asyncIterator]: () => {
        const watcher = new Watcher({
          range,
          after,
          signal,
          history: this.#history,
          limits: this.#limits,
          published: () => this.#published,
          onEnd: () => this.#watchers.delete(watcher),
        })
        if (this.#closed || signal.aborted) watcher.end()
        else this.#watchers.add(watcher)
        return watcher
      },
    }
  }

  /** Ends all watchers. */
  close(): void {
    this.#closed = true
    for (const watcher of this.#watchers) watcher.end()
  }
}
