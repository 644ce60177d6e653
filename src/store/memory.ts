import { present } from '../words/assert.ts'
import { assertWellFormed, evaluate } from './evaluate.ts'
import { DEFAULT_WATCH_LIMITS, FanOut, type HistorySlice, type WatchLimits } from './fan-out.ts'
import { compareKeys } from './key-range.ts'
import {
  StoreUnavailable, type Change, type Commit, type Committed, type Entry, type KeyRange, type ReadResult, type Revision, type Store,
  type Transaction,
} from './store.ts'
import { commitInRange } from './watcher.ts'

/** One version of a key; entry undefined is a deletion. */
interface Version {
  readonly modified: Revision
  readonly entry: Entry | undefined
}

/** Commits that one step of a replay looks at. */
const REPLAY_STEP = 512

/** Keeps everything in memory: for tests, simulations and clusters that may forget. */
export function createMemoryStore(limits: Partial<WatchLimits> = {}): Store {
  return new MemoryStore({ ...DEFAULT_WATCH_LIMITS, ...limits })
}

class MemoryStore implements Store {
  /** All keys of #versions in order. */
  readonly #keys: string[] = []
  /** Each key's versions, oldest first; never empty. */
  readonly #versions = new Map<string, Version[]>()
  /** The commits after #compacted, in order and without gaps. */
  #log: Commit[] = []
  #compacted: Revision = 0
  #closed = false
  readonly #fanOut: FanOut

  constructor(limits: WatchLimits) {
    this.#fanOut = new FanOut(0, { after: (range, revision) => this.#historyAfter(range, revision) }, limits)
  }

  async read(range: KeyRange, options: { at: Revision | 'latest'; limit: number }): Promise<ReadResult> {
    this.#assertOpen()
    const latest = this.#fanOut.published
    const at = options.at === 'latest' ? latest : options.at
    if (at > latest) return { outcome: 'future', latest }
    if (at < this.#compacted) return { outcome: 'compacted', oldest: this.#compacted }
    const entries: Entry[] = []
    for (let index = this.#positionOf(range.start); index < this.#keys.length; index++) {
      const key = present(this.#keys[index], 'key')
      if (compareKeys(key, range.end) >= 0) break
      const entry = entryAt(this.#versions.get(key) ?? [], at)
      if (entry === undefined) continue
      if (entries.length === options.limit) return { outcome: 'page', page: { entries, revision: at, more: true } }
      entries.push(entry)
    }
    return { outcome: 'page', page: { entries, revision: at, more: false } }
  }

  async commit(transaction: Transaction): Promise<Committed> {
    this.#assertOpen()
    assertWellFormed(transaction)
    const evaluation = evaluate(transaction, (key) => this.#versions.get(key)?.at(-1)?.entry, this.#fanOut.published + 1)
    if (evaluation.outcome === 'conflict') return evaluation
    if (evaluation.outcome === 'unchanged') return { outcome: 'committed', revision: this.#fanOut.published }
    this.#apply(evaluation.commits)
    return evaluation.result
  }

  watch(range: KeyRange, after: Revision, signal: AbortSignal): ReturnType<Store['watch']> {
    return this.#fanOut.watch(range, after, signal)
  }

  async compact(before: Revision): Promise<void> {
    this.#assertOpen()
    const compacted = Math.min(before, this.#fanOut.published)
    if (compacted <= this.#compacted) return
    const forgotten = this.#log.slice(0, compacted - this.#compacted)
    this.#log = this.#log.slice(compacted - this.#compacted)
    this.#compacted = compacted
    for (const commit of forgotten) for (const change of commit.changes) this.#forgetBefore(change)
  }

  async latest(): Promise<Revision> {
    this.#assertOpen()
    this.#fanOut.announceProgress()
    return this.#fanOut.published
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#fanOut.close()
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreUnavailable('the store is closed')
  }

  #apply(commits: readonly Commit[]): void {
    for (const commit of commits) this.#keep(commit)
    this.#fanOut.publish(commits)
  }

  #keep(commit: Commit): void {
    for (const { key, entry } of commit.changes) {
      const versions = this.#versions.get(key)
      const version = { modified: commit.revision, entry }
      if (versions !== undefined) {
        versions.push(version)
      } else {
        this.#versions.set(key, [version])
        this.#keys.splice(this.#positionOf(key), 0, key)
      }
    }
    this.#log.push(commit)
  }

  /** A compacted change's predecessor can no longer be read, nor can the change itself if it was a deletion. */
  #forgetBefore(change: Change): void {
    const versions = this.#versions.get(change.key)
    if (versions === undefined) return
    let first = versions.findLastIndex((version) => version.modified <= this.#compacted)
    if (versions[first]?.entry === undefined) first++
    if (first > 0) versions.splice(0, first)
    if (versions.length > 0) return
    this.#versions.delete(change.key)
    this.#keys.splice(this.#positionOf(change.key), 1)
  }

  /** Index of the first key that is not before this one. */
  #positionOf(key: string): number {
    let low = 0
    let high = this.#keys.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (compareKeys(this.#keys[middle] ?? '', key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  #historyAfter(range: KeyRange, revision: Revision): HistorySlice {
    if (revision < this.#compacted) return { outcome: 'compacted' }
    const start = revision - this.#compacted
    const seen = this.#log.slice(start, start + REPLAY_STEP)
    const commits = seen.map((commit) => commitInRange(range, commit)).filter((commit) => commit !== undefined)
    return { outcome: 'slice', commits, through: revision + seen.length }
  }
}

function entryAt(versions: readonly Version[], at: Revision): Entry | undefined {
  return versions.findLast((version) => version.modified <= at)?.entry
}
