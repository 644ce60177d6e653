import type { Head, Revision } from '../../store/store.ts'
import type { Log } from '../../words/ports.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { Database } from './database.ts'
import type { SpaceNeed } from './file-space.ts'
import type { Journal } from './journal.ts'
import type { WrittenCommit } from './journal-record.ts'

/** So long, or until so many changes wait, commits are gathered for one transaction of the data file, which then writes each of its pages once. */
const GATHER_MS = 20
const GATHER_CHANGES = 512
const RETRY_MS = 200

interface BacklogParts {
  /** Undefined where there is none: on a file system or a disk that has no room for it. */
  readonly journal: Pick<Journal, 'fits' | 'append' | 'release' | 'forgetUncertain' | 'close'> | undefined
  readonly database: Pick<Database, 'hasRoomFor' | 'writeCommits' | 'newestChange'>
  readonly log: Log
  /** The newest revision in the data file. */
  readonly applied: Revision
}

/**
 * The way of commits to the disk, and those that are durable in the journal but not yet in the data file.
 * The journal takes a group only where the data file has room for it already, so that what was acknowledged can always be applied; any
 * other group goes to the data file itself, after all that waits. Bounded by the journal.
 */
export class Backlog {
  readonly #parts: BacklogParts
  #waiting: WrittenCommit[] = []
  #waitingChanges = 0
  #waitingBytes = 0
  /** The newest version, or deletion (created 0), of every key that the data file does not have yet. */
  readonly #newest = new Map<string, Head>()
  #applied: Revision
  #durable: Revision
  #applying: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined
  #isFailing = false

  constructor(parts: BacklogParts) {
    this.#parts = parts
    this.#applied = parts.applied
    this.#durable = parts.applied
  }

  /** What stands at the key, or was deleted there (created 0), where the data file does not tell it yet. */
  newest(key: string): Head | undefined {
    return this.#newest.get(key)
  }

  /** Resolves when the commits are on the disk, rejects when they are not. In the order of revisions, one call at a time. */
  async write(commits: readonly WrittenCommit[]): Promise<void> {
    if (!await this.#writeToJournal(commits)) await this.#writeToDatabase(commits)
    this.#durable = commits.at(-1)?.revision ?? this.#durable
  }

  /** Resolves when the data file has everything up to that revision, which is durable. */
  async reach(revision: Revision): Promise<void> {
    while (this.#applied < revision) await this.#apply()
  }

  /** Takes nothing more; what cannot be applied stays in the journal. */
  async close(): Promise<void> {
    try {
      await this.reach(this.#durable)
    } catch (error) {
      this.#parts.log.warn('The data file could not be written; the journal keeps what it lacks', { why: thrownMessage(error) })
    }
    clearTimeout(this.#timer)
    this.#parts.journal?.close()
  }

  async #writeToJournal(commits: readonly WrittenCommit[]): Promise<boolean> {
    const { journal, database, log } = this.#parts
    const own = needOf(commits)
    const need = { changes: this.#waitingChanges + own.changes, bytes: this.#waitingBytes + own.bytes, mayUseReserve: own.mayUseReserve }
    if (journal === undefined || this.#isFailing || !journal.fits(commits) || !database.hasRoomFor(need)) return false
    try {
      await journal.append(commits)
    } catch (error) {
      log.warn('Writing to the journal failed; the data file is written instead', { why: thrownMessage(error) })
      return false
    }
    for (const commit of commits) this.#waiting.push(commit)
    for (const { revision, changes } of commits) {
      for (const { key, entry } of changes) this.#newest.set(key, entry ?? { created: 0, modified: revision })
    }
    this.#waitingChanges += own.changes
    this.#waitingBytes += own.bytes
    this.#schedule()
    return true
  }

  async #writeToDatabase(commits: readonly WrittenCommit[]): Promise<void> {
    const { journal } = this.#parts
    await this.reach(this.#durable)
    // Else a failed record could be found after a crash, when its revisions are others' already.
    journal?.forgetUncertain()
    await this.#write(commits, needOf(commits))
    this.#applied = commits.at(-1)?.revision ?? this.#applied
  }

  #schedule(): void {
    if (this.#applying !== undefined) return
    const isEnough = this.#waitingChanges >= GATHER_CHANGES
    if (this.#timer !== undefined && !isEnough) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#apply().catch(() => undefined), isEnough ? 0 : this.#isFailing ? RETRY_MS : GATHER_MS)
  }

  #apply(): Promise<void> {
    this.#applying ??= this.#applyWaiting().finally(() => {
      this.#applying = undefined
      if (this.#waiting.length > 0) this.#schedule()
    })
    return this.#applying
  }

  async #applyWaiting(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    const commits = this.#waiting
    const need = { changes: this.#waitingChanges, bytes: this.#waitingBytes, mayUseReserve: true }
    this.#waiting = []
    this.#waitingChanges = 0
    this.#waitingBytes = 0
    try {
      await this.#write(commits, need)
    } catch (error) {
      this.#waiting = [...commits, ...this.#waiting]
      this.#waitingChanges += need.changes
      this.#waitingBytes += need.bytes
      this.#isFailing = true
      throw error
    }
    this.#isFailing = false
    this.#forget(commits)
  }

  #forget(commits: readonly WrittenCommit[]): void {
    for (const { revision, changes } of commits) {
      for (const { key } of changes) if (this.#newest.get(key)?.modified === revision) this.#newest.delete(key)
    }
    this.#applied = commits.at(-1)?.revision ?? this.#applied
    this.#parts.journal?.release(this.#applied)
  }

  /** After a failed sync only the disk knows what is on it: when the commits are there after all, they are written. */
  async #write(commits: readonly WrittenCommit[], need: SpaceNeed): Promise<void> {
    const { database, log } = this.#parts
    try {
      await database.writeCommits(commits, need)
    } catch (error) {
      if (database.newestChange() < (commits.at(-1)?.revision ?? 0)) throw error
      log.warn('A write was reported as failed but is in the data file; it is taken as written')
    }
  }
}

export function needOf(commits: readonly WrittenCommit[]): SpaceNeed {
  let changes = 0
  let bytes = 0
  for (const commit of commits) {
    changes += commit.changes.length
    for (const { entry } of commit.changes) bytes += entry?.value.length ?? 0
  }
  return { changes, bytes, mayUseReserve: bytes === 0 }
}
