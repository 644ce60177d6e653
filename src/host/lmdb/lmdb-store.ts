import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Log } from '../../words/ports.ts'
import { FanOut, type HistorySlice, type WatchLimits } from '../../store/fan-out.ts'
import { compareKeys, inRange } from '../../store/key-range.ts'
import {
  StoreUnavailable, type Change, type Commit, type Committed, type Entry, type KeyRange, type ReadResult, type Revision, type Store,
  type Transaction,
} from '../../store/store.ts'
import type { Backlog } from './backlog.ts'
import type { DataLock } from './data-lock.ts'
import type { Database } from './database.ts'
import type { ChangeRow } from './rows.ts'
import { explainWriteError } from './explain-write-error.ts'
import { GroupCommit } from './group-commit.ts'

/** Keys that a long read looks at before it lets others run. */
const SLICE_ROWS = 500
/** Changes that one step of a replay, and one transaction of a compaction, takes. */
const REPLAY_SLICE = 500
const COMPACTION_SLICE = 200

export interface LmdbStoreParts {
  readonly directory: string
  readonly database: Database
  readonly backlog: Backlog
  readonly lock: DataLock
  readonly limits: WatchLimits
  readonly log: Log
}

/**
 * The embedded store. Commits are durable in the journal, a moment later in the data file, where reads find them;
 * what a read or a watch shows is always on the disk already.
 */
export class LmdbStore implements Store {
  readonly #parts: LmdbStoreParts
  readonly #database: Database
  readonly #backlog: Backlog
  readonly #fanOut: FanOut
  readonly #groups: GroupCommit
  #compacted: Revision
  #compaction: Promise<void> = Promise.resolve()
  #closing: Promise<void> | undefined

  constructor(parts: LmdbStoreParts) {
    this.#parts = parts
    this.#database = parts.database
    this.#backlog = parts.backlog
    this.#compacted = Number(parts.database.meta('compacted') ?? 0)
    const latest = parts.database.latest()
    this.#fanOut = new FanOut(latest, { after: (range, revision) => this.#historyAfter(range, revision) }, parts.limits)
    this.#groups = new GroupCommit(latest, {
      head: (key) => this.#backlog.newest(key) ?? this.#database.head(key),
      write: (commits) => this.#backlog.write(commits),
      publish: (commits) => this.#fanOut.publish(commits),
      explain: (error) => this.#explain(error),
    })
  }

  async read(range: KeyRange, options: { at: Revision | 'latest'; limit: number }): Promise<ReadResult> {
    const latest = this.#fanOut.published
    const at = options.at === 'latest' ? latest : options.at
    if (at > latest) return { outcome: 'future', latest }
    await this.#reached(at)
    const entries: Entry[] = []
    let start = range.start
    for (;;) {
      this.#assertOpen()
      if (at < this.#compacted) return { outcome: 'compacted', oldest: this.#compacted }
      if (compareKeys(start, range.end) >= 0) return { outcome: 'page', page: { entries, revision: at, more: false } }
      const heads = this.#database.heads(start, range.end, SLICE_ROWS)
      for (const head of heads) {
        const entry = head.modified > at ? this.#database.versionAt(head.key, head, at)
          : head.created === 0 ? undefined
          : this.#database.version(head.key, head.modified)
        if (entry === undefined) continue
        if (entries.length === options.limit) return { outcome: 'page', page: { entries, revision: at, more: true } }
        entries.push(entry)
      }
      if (heads.length < SLICE_ROWS) return { outcome: 'page', page: { entries, revision: at, more: false } }
      start = `${heads.at(-1)?.key}\u0001`
      await nextTurn()
    }
  }

  commit(transaction: Transaction): Promise<Committed> {
    return this.#groups.commit(transaction)
  }

  watch(range: KeyRange, after: Revision, signal: AbortSignal): ReturnType<Store['watch']> {
    return this.#fanOut.watch(range, after, signal)
  }

  compact(before: Revision): Promise<void> {
    const compaction = this.#compaction.then(() => this.#compact(before))
    this.#compaction = compaction.catch(() => undefined)
    return compaction
  }

  async latest(): Promise<Revision> {
    this.#assertOpen()
    this.#fanOut.announceProgress()
    return this.#fanOut.published
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** A compaction that a crash cut short is taken up again. */
  async resumeCompaction(): Promise<void> {
    await this.#forgetThrough(this.#compacted)
  }

  async #close(): Promise<void> {
    this.#fanOut.close()
    await this.#groups.close()
    await this.#compaction
    await this.#backlog.close()
    await this.#database.close()
    this.#parts.lock.release()
  }

  #assertOpen(): void {
    if (this.#closing !== undefined) throw new StoreUnavailable('The store is closed.')
  }

  /** The data file has everything up to that revision. */
  async #reached(revision: Revision): Promise<void> {
    this.#assertOpen()
    try {
      await this.#backlog.reach(revision)
    } catch (error) {
      throw new StoreUnavailable(await this.#explain(error))
    }
  }

  async #explain(error: unknown): Promise<string> {
    const why = await explainWriteError(error, this.#parts.directory)
    this.#parts.log.error('Writing to the store failed', { why })
    return why
  }

  async #compact(before: Revision): Promise<void> {
    this.#assertOpen()
    const target = Math.min(before, this.#fanOut.published)
    if (target <= this.#compacted) return
    await this.#reached(target)
    await this.#compactionWrite(() => this.#database.writeMeta('compacted', String(target)))
    this.#compacted = target
    await this.#forgetThrough(target)
  }

  async #forgetThrough(target: Revision): Promise<void> {
    let after = Number(this.#database.meta('forgotten') ?? 0)
    while (after < target && this.#closing === undefined) {
      const links = this.#database.links(after, target, COMPACTION_SLICE)
      const through = links.length < COMPACTION_SLICE ? target : (links.at(-1)?.revision ?? target)
      await this.#compactionWrite(
        () => this.#database.forget(links, through, (key) => this.#groups.isPending(key) || this.#backlog.newest(key) !== undefined),
      )
      after = through
      await nextTurn()
    }
  }

  async #compactionWrite(write: () => Promise<void>): Promise<void> {
    try {
      await write()
    } catch (error) {
      throw new StoreUnavailable(await this.#explain(error))
    }
  }

  async #historyAfter(range: KeyRange, after: Revision): Promise<HistorySlice> {
    await nextTurn()
    if (after < this.#compacted || this.#closing !== undefined) return { outcome: 'compacted' }
    const published = this.#fanOut.published
    await this.#backlog.reach(published)
    if (after < this.#compacted) return { outcome: 'compacted' }
    const rows = this.#database.changes(after, published, REPLAY_SLICE)
    const through = rows.length < REPLAY_SLICE ? published : (rows.at(-1)?.revision ?? published)
    return { outcome: 'slice', commits: this.#commitsOf(rows.filter((row) => inRange(range, row.key))), through }
  }

  #commitsOf(rows: readonly ChangeRow[]): Commit[] {
    const commits: { revision: Revision; changes: Change[] }[] = []
    for (const { key, revision, entry, replaced } of rows) {
      const change = { key, entry, previous: this.#database.replaced(key, replaced) }
      const last = commits.at(-1)
      if (last?.revision === revision) last.changes.push(change)
      else commits.push({ revision, changes: [change] })
    }
    return commits
  }
}
