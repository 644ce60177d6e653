import { open, type Database as Table, type RootDatabase } from 'lmdb'
import { assert, present } from '../../words/assert.ts'
import type { Commit, Entry, Revision } from '../../store/store.ts'
import { headRow, keyRow, logKey, logRow, readHead, readLog, readVersion, revisionOfLogKey, revisionOfVersionKey, versionKey, versionRow, type Head, type LoggedChange } from './rows.ts'

type BinaryTable = Table<Buffer, Buffer>

export interface HeadRow extends Head {
  readonly key: string
}

/** The tables of one data file, typed. Reads see what is written and synced; a write is one LMDB transaction, made by LMDB's own thread. */
export class Database {
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #heads: BinaryTable
  readonly #versions: BinaryTable
  readonly #log: BinaryTable
  readonly #meta: BinaryTable

  constructor(file: string, maxBytes: number) {
    // overlappingSync off: a transaction is synced before its promise resolves. eventTurnBatching off: batches are ours.
    this.#root = open<Buffer, Buffer>(file, {
      noSubdir: true, maxDbs: 8, mapSize: maxBytes, overlappingSync: false, eventTurnBatching: false, encoding: 'binary', keyEncoding: 'binary',
    })
    const table = (name: string): BinaryTable => this.#root.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' })
    this.#heads = table('heads')
    this.#versions = table('versions')
    this.#log = table('log')
    this.#meta = table('meta')
  }

  head(key: string): Head | undefined {
    const row = this.#heads.get(keyRow(key))
    return row === undefined ? undefined : readHead(row)
  }

  /** What stands at the key. */
  newest(key: string): Entry | undefined {
    const head = this.head(key)
    return head === undefined || head.created === 0 ? undefined : this.version(key, head.modified)
  }

  version(key: string, modified: Revision): Entry | undefined {
    return readVersion(key, modified, present(this.#versions.get(versionKey(key, modified)), `version ${modified} of ${key}`))
  }

  /** What stood at the key at that revision. */
  versionAt(key: string, at: Revision): Entry | undefined {
    const start = versionKey(key, at)
    for (const { key: found, value } of this.#versions.getRange({ start, end: versionKey(key, 0), reverse: true, limit: 1 })) {
      return readVersion(key, revisionOfVersionKey(found), value)
    }
    return undefined
  }

  /** Heads from start (inclusive) to end (exclusive) in order, deleted ones too. */
  heads(start: string, end: string, limit: number): HeadRow[] {
    const rows: HeadRow[] = []
    for (const { key, value } of this.#heads.getRange({ start: keyRow(start), end: keyRow(end), limit })) {
      rows.push({ key: key.toString('utf8'), ...readHead(value) })
    }
    return rows
  }

  /** Logged commits after a revision and up to another, at most limit. */
  log(after: Revision, through: Revision, limit: number): { revision: Revision; changes: LoggedChange[] }[] {
    const rows: { revision: Revision; changes: LoggedChange[] }[] = []
    for (const { key, value } of this.#log.getRange({ start: logKey(after + 1), end: logKey(through + 1), limit })) {
      rows.push({ revision: revisionOfLogKey(key), changes: readLog(value) })
    }
    return rows
  }

  newestLogged(): Revision {
    for (const key of this.#log.getKeys({ reverse: true, limit: 1 })) return revisionOfLogKey(key)
    return 0
  }

  meta(name: string): string | undefined {
    return this.#meta.get(keyRow(name))?.toString('utf8')
  }

  writeMeta(name: string, value: string): Promise<void> {
    return this.#write(() => void this.#meta.put(keyRow(name), Buffer.from(value)))
  }

  /** Resolves when the commits are on the disk; none of them is when it rejects. */
  writeCommits(commits: readonly Commit[]): Promise<void> {
    return this.#write(() => {
      for (const commit of commits) this.#putCommit(commit)
    })
  }

  /** Takes these commits out of the log, with the versions that only they replaced; isPending keys keep their head. */
  forget(revisions: readonly { revision: Revision; changes: readonly LoggedChange[] }[], isPending: (key: string) => boolean): Promise<void> {
    return this.#write(() => {
      for (const { revision, changes } of revisions) {
        for (const change of changes) this.#forgetChange(revision, change, isPending)
        void this.#log.remove(logKey(revision))
      }
    })
  }

  /** From here on reads see what is on the disk now, not at the start of this turn of the event loop. */
  refresh(): void {
    this.#root.resetReadTxn()
  }

  close(): Promise<void> {
    return this.#root.close()
  }

  #putCommit(commit: Commit): void {
    const { revision } = commit
    for (const { key, entry } of commit.changes) {
      void this.#heads.put(keyRow(key), headRow({ created: entry?.created ?? 0, modified: revision }))
      void this.#versions.put(versionKey(key, revision), versionRow(entry))
    }
    void this.#log.put(logKey(revision), logRow(commit))
  }

  #forgetChange(revision: Revision, { key, created, replaced }: LoggedChange, isPending: (key: string) => boolean): void {
    if (replaced !== 0) void this.#versions.remove(versionKey(key, replaced))
    if (created !== 0) return
    void this.#versions.remove(versionKey(key, revision))
    if (!isPending(key) && this.head(key)?.modified === revision) void this.#heads.remove(keyRow(key))
  }

  async #write(puts: () => void): Promise<void> {
    try {
      const done = await this.#root.batch(puts)
      assert(done, 'an unconditional batch is always written')
    } catch (error) {
      throw await causeOf(error)
    } finally {
      this.#root.resetReadTxn()
    }
  }
}

/** The lmdb package rejects with a general error whose commitError is a promise that rejects with the real one. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error
  try {
    await error.commitError
    return error
  } catch (cause) {
    return cause
  }
}
