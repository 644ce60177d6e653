import { assert } from '../words/assert.ts'
import type { History, WatchLimits } from './fan-out.ts'
import { inRange } from './key-range.ts'
import type { Batch, Change, Commit, KeyRange, Revision } from './store.ts'

export interface WatcherOptions {
  readonly range: KeyRange
  readonly after: Revision
  readonly signal: AbortSignal
  readonly history: History
  readonly limits: WatchLimits
  readonly published: () => Revision
  readonly onEnd: () => void
}

/**
 * One watch. It first replays history at its reader's pace, without a buffer; once it has caught up it is live and
 * commits are pushed to it: into the hands of a waiting reader, else into a bounded buffer.
 */
export class Watcher implements AsyncIterator<Batch, undefined> {
  readonly #options: WatcherOptions
  #mode: 'replay' | 'live' | 'lost' | 'ended' = 'replay'
  /** The reader knows of everything up to here. */
  #told: Revision
  #buffer: Commit[] = []
  #bufferedChanges = 0
  #bufferedBytes = 0
  #progressWanted = false
  #waiting: ((result: IteratorResult<Batch, undefined>) => void) | undefined
  readonly #onAbort = (): void => this.end()

  constructor(options: WatcherOptions) {
    this.#options = options
    this.#told = options.after
    options.signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  /**
   * The promise that offer resolves is the reader's own, without steps between, so a change arrives before its commit's promise resolves.
   */
  next(): Promise<IteratorResult<Batch, undefined>> {
    return new Promise((resolve, reject) => {
      assert(this.#waiting === undefined, 'a watch is read twice at the same time')
      this.#answer(resolve, reject)
    })
  }

  return(): Promise<IteratorResult<Batch, undefined>> {
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  /** Takes a group of commits in order; a live watcher only, for a replaying one reads them from history. */
  offer(commits: readonly Commit[]): void {
    if (this.#mode !== 'live') return
    const wanted = this.#wantedOf(commits)
    if (wanted.length === 0) {
      if (this.#options.published() - this.#told >= this.#options.limits.progressEvery) this.offerProgress()
    } else if (this.#waiting !== undefined) {
      this.#hand(changesBatch(wanted))
    } else {
      this.#store(wanted)
    }
  }

  offerProgress(): void {
    if (this.#mode !== 'live') return
    this.#progressWanted = true
    if (this.#waiting !== undefined && this.#options.published() > this.#told) this.#hand(this.#progress())
  }

  end(): void {
    if (this.#mode === 'ended') return
    this.#mode = 'ended'
    this.#drop()
    this.#options.signal.removeEventListener('abort', this.#onAbort)
    this.#options.onEnd()
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.({ done: true, value: undefined })
  }

  /** The next batch of history; undefined when there is no more, or the watch has ended. */
  async #replay(): Promise<Batch | undefined> {
    const { range, after, history, published } = this.#options
    while (this.#mode === 'replay') {
      if (this.#told >= published()) return undefined
      const slice = await history.after(range, this.#told)
      if (this.#mode !== 'replay') return undefined
      if (slice.outcome === 'compacted') return this.#lose('compacted')
      if (slice.commits.length > 0) {
        const batch = changesBatch(slice.commits)
        this.#told = batch.revision
        return batch
      }
      this.#told = slice.through
      if (slice.through >= published() && slice.through > after) return { type: 'progress', revision: slice.through }
    }
    return undefined
  }

  #answer(resolve: (result: IteratorResult<Batch, undefined>) => void, reject: (error: unknown) => void): void {
    if (this.#mode === 'replay' && this.#told >= this.#options.published()) this.#mode = 'live'
    if (this.#mode === 'replay') {
      this.#replay().then((batch) => (batch === undefined ? this.#answer(resolve, reject) : resolve({ done: false, value: batch })), reject)
      return
    }
    const batch = this.#pushed()
    if (batch !== undefined) resolve({ done: false, value: batch })
    else if (this.#mode === 'ended') resolve({ done: true, value: undefined })
    else this.#waiting = resolve
  }

  /** What was pushed while nobody waited. */
  #pushed(): Batch | undefined {
    if (this.#mode === 'lost') return this.#lose('too-slow')
    if (this.#mode !== 'live') return undefined
    if (this.#buffer.length > 0) {
      const batch = changesBatch(this.#buffer)
      this.#told = batch.revision
      this.#drop()
      return batch
    }
    return this.#progressWanted && this.#options.published() > this.#told ? this.#progress() : undefined
  }

  #hand(batch: Batch & { readonly revision: Revision }): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    this.#told = batch.revision
    waiting?.({ done: false, value: batch })
  }

  #store(commits: readonly Commit[]): void {
    for (const commit of commits) {
      this.#buffer.push(commit)
      this.#bufferedChanges += commit.changes.length
      for (const change of commit.changes) this.#bufferedBytes += change.entry?.value.length ?? 0
    }
    const { maxBufferedChanges, maxBufferedBytes } = this.#options.limits
    if (this.#bufferedChanges <= maxBufferedChanges && this.#bufferedBytes <= maxBufferedBytes) return
    this.#drop()
    this.#mode = 'lost'
  }

  #drop(): void {
    this.#buffer = []
    this.#bufferedChanges = 0
    this.#bufferedBytes = 0
  }

  #progress(): Batch & { readonly revision: Revision } {
    this.#progressWanted = false
    this.#told = this.#options.published()
    return { type: 'progress', revision: this.#told }
  }

  #lose(why: 'compacted' | 'too-slow'): Batch {
    this.end()
    return { type: 'lost', why }
  }

  #wantedOf(commits: readonly Commit[]): readonly Commit[] {
    const wanted: Commit[] = []
    for (const commit of commits) {
      if (commit.revision <= this.#options.after) continue
      const inside = commitInRange(this.#options.range, commit)
      if (inside !== undefined) wanted.push(inside)
    }
    return wanted
  }
}

function changesBatch(commits: readonly Commit[]): Batch & { readonly revision: Revision } {
  return { type: 'changes', revision: commits.at(-1)?.revision ?? 0, commits }
}

/** The commit's changes within the range; the very same object when that is all of them. */
export function commitInRange(range: KeyRange, commit: Commit): Commit | undefined {
  const inside = commit.changes.filter((change: Change) => inRange(range, change.key))
  if (inside.length === 0) return undefined
  return inside.length === commit.changes.length ? commit : { revision: commit.revision, changes: inside }
}
