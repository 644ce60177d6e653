import { chmodSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { open, type Database as Table, type RootDatabase } from 'lmdb'
import { assert } from '../../words/assert.ts'
import type { Entry, Head, Revision } from '../../store/store.ts'
import { damaged } from './check-data-file.ts'
import { openFileSpace, type FileSpace, type SpaceNeed } from './file-space.ts'
import type { WrittenCommit } from './journal-record.ts'
import {
  changeKey, changeRow, headRow, keyRow, readChange, readHead, readReplaced, revisionOfChangeKey, type ChangeLink, type ChangeRow,
} from './rows.ts'

/** Address space, neither memory nor disk until it is used. LMDB maps more when the file outgrows it, which is slow. */
const MAP_BYTES = 64 * 1024 * 1024 * 1024
const FIRST_BYTES = 1024 * 1024

type BinaryTable = Table<Buffer, Buffer>

export interface HeadRow extends Head {
  readonly key: string
}

/** Opens the data file, or makes it. */
export async function openDatabase(file: string): Promise<Database> {
  if (statSync(file, { throwIfNoEntry: false }) === undefined) probeSpace(file)
  // overlappingSync off: a transaction is synced before its promise resolves. eventTurnBatching off: batches are ours.
  const root = open<Buffer, Buffer>(file, {
    noSubdir: true, maxDbs: 8, mapSize: MAP_BYTES, overlappingSync: false, eventTurnBatching: false,
    encoding: 'binary', keyEncoding: 'binary',
  })
  try {
    // The lmdb package has no option for the mode.
    for (const each of [file, `${file}-lock`]) chmodSync(each, 0o600)
    const { pageSize } = statsOf(root)
    const space = await openFileSpace(file, pageSize, () => (statsOf(root).lastPageNumber + 1) * pageSize)
    return new Database(file, root, space)
  } catch (error) {
    await root.close()
    throw error
  }
}

/** LMDB's first transactions make the file, before we can make room in it (see FileSpace): fails here when there is none. */
function probeSpace(file: string): void {
  const probe = `${file}.probe`
  try {
    writeFileSync(probe, Buffer.alloc(FIRST_BYTES), { mode: 0o600 })
  } finally {
    rmSync(probe, { force: true })
  }
}

function statsOf(root: RootDatabase<Buffer, Buffer>): { readonly pageSize: number; readonly lastPageNumber: number } {
  const { pageSize, lastPageNumber }: { pageSize?: unknown; lastPageNumber?: unknown } = root.getStats()
  assert(typeof pageSize === 'number' && typeof lastPageNumber === 'number', 'LMDB tells its size')
  return { pageSize, lastPageNumber }
}

/** The tables of one data file, typed. Reads see what is written and synced; a write is one LMDB transaction, made by LMDB's own thread. */
export class Database {
  readonly #file: string
  readonly #root: RootDatabase<Buffer, Buffer>
  readonly #heads: BinaryTable
  readonly #changes: BinaryTable
  readonly #meta: BinaryTable
  readonly #space: FileSpace
  #lastWrite: Promise<void> = Promise.resolve()

  constructor(file: string, root: RootDatabase<Buffer, Buffer>, space: FileSpace) {
    this.#file = file
    this.#root = root
    this.#space = space
    const table = (name: string): BinaryTable => root.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' })
    this.#heads = table('heads')
    this.#changes = table('changes')
    this.#meta = table('meta')
  }

  /** The newest version of the key, or its deletion (created 0). */
  head(key: string): Head | undefined {
    const row = this.#heads.get(keyRow(key))
    return row === undefined ? undefined : readHead(row)
  }

  version(key: string, modified: Revision): Entry | undefined {
    return this.#change(key, modified)?.entry ?? this.#lost(key, modified)
  }

  /** What stood at the key at that revision, found by going back from its head. */
  versionAt(key: string, head: Head, at: Revision): Entry | undefined {
    let revision = head.modified
    while (revision > at) revision = readReplaced(this.#changes.get(changeKey(revision, key)) ?? this.#lost(key, revision))
    return this.replaced(key, revision)
  }

  /** The version that a change replaced: nothing where that was a deletion, which may be compacted already. */
  replaced(key: string, revision: Revision): Entry | undefined {
    return revision === 0 ? undefined : this.#change(key, revision)?.entry
  }

  /** Heads from start (inclusive) to end (exclusive) in order, deleted ones too. */
  heads(start: string, end: string, limit: number): HeadRow[] {
    const rows: HeadRow[] = []
    for (const { key, value } of this.#heads.getRange({ start: keyRow(start), end: keyRow(end), limit })) {
      rows.push({ key: key.toString('utf8'), ...readHead(value) })
    }
    return rows
  }

  /** Changes after a revision and up to another in order; at most limit, but always whole commits. */
  changes(after: Revision, through: Revision, limit: number): ChangeRow[] {
    const rows: ChangeRow[] = []
    for (const { key, value } of this.#changes.getRange({ start: changeKey(after + 1, ''), end: changeKey(through + 1, '') })) {
      const row = readChange(key, value) ?? this.#lost(key.toString('utf8', 8), revisionOfChangeKey(key))
      if (rows.length >= limit && rows.at(-1)?.revision !== row.revision) break
      rows.push(row)
    }
    return rows
  }

  /** As changes, without the values. */
  links(after: Revision, through: Revision, limit: number): ChangeLink[] {
    return this.changes(after, through, limit).map(
      ({ key, revision, entry, replaced }) => ({ key, revision, deleted: entry === undefined, replaced }),
    )
  }

  /** The newest revision that was ever written: compaction may have removed its change. */
  latest(): Revision {
    return Math.max(this.newestChange(), Number(this.meta('compacted') ?? 0))
  }

  /** Revision of the newest change that is kept, 0 when there is none. */
  newestChange(): Revision {
    for (const key of this.#changes.getKeys({ reverse: true, limit: 1 })) return revisionOfChangeKey(key)
    return 0
  }

  meta(name: string): string | undefined {
    return this.#meta.get(keyRow(name))?.toString('utf8')
  }

  writeMeta(name: string, value: string): Promise<void> {
    return this.#write(
      { changes: 1, bytes: value.length, mayUseReserve: true }, () => void this.#meta.put(keyRow(name), Buffer.from(value)),
    )
  }

  /** Whether there will be room for these commits, whatever happens to the disk. */
  hasRoomFor(need: SpaceNeed): boolean {
    return this.#space.hasRoomFor(need)
  }

  /** Resolves when the commits are on the disk; none of them is when it rejects. */
  writeCommits(commits: readonly WrittenCommit[], need: SpaceNeed): Promise<void> {
    return this.#write(need, () => {
      const deleted = new Map<string, Revision>()
      for (const commit of commits) this.#putCommit(commit, deleted)
    })
  }

  /**
   * Removes what these changes replaced, and deletions altogether; through is where the next compaction goes on.
   * A key with a commit on its way keeps its head, which that commit writes anyway.
   */
  forget(links: readonly ChangeLink[], through: Revision, isPending: (key: string) => boolean): Promise<void> {
    return this.#write({ changes: links.length, bytes: 0, mayUseReserve: true }, () => {
      for (const link of links) this.#forgetReplaced(link, isPending)
      void this.#meta.put(keyRow('forgotten'), Buffer.from(String(through)))
    })
  }

  /** From here on reads see what is on the disk now, not at the start of this turn of the event loop. */
  refresh(): void {
    this.#root.resetReadTxn()
  }

  async close(): Promise<void> {
    await this.#lastWrite
    await this.#space.close()
    await this.#root.close()
  }

  #change(key: string, revision: Revision): ChangeRow | undefined {
    const rowKey = changeKey(revision, key)
    const row = this.#changes.get(rowKey)
    return row === undefined ? undefined : (readChange(rowKey, row) ?? this.#lost(key, revision))
  }

  #lost(key: string, revision: Revision): never {
    throw damaged(this.#file, `has lost revision ${revision} of ${key}`)
  }

  /** deleted: the keys that earlier commits of the same write deleted, which reads do not show yet. */
  #putCommit({ revision, changes }: WrittenCommit, deleted: Map<string, Revision>): void {
    for (const { key, entry, replaced: known } of changes) {
      const replaced = known ?? deleted.get(key) ?? this.head(key)?.modified ?? 0
      void this.#heads.put(keyRow(key), headRow({ created: entry?.created ?? 0, modified: revision }))
      const rowKey = changeKey(revision, key)
      void this.#changes.put(rowKey, changeRow(rowKey, entry, replaced))
      if (entry === undefined) deleted.set(key, revision)
    }
  }

  #forgetReplaced({ key, revision, deleted, replaced }: ChangeLink, isPending: (key: string) => boolean): void {
    if (replaced !== 0) void this.#changes.remove(changeKey(replaced, key))
    if (!deleted) return
    void this.#changes.remove(changeKey(revision, key))
    if (!isPending(key) && this.head(key)?.modified === revision) void this.#heads.remove(keyRow(key))
  }

  /** One at a time: room is made in the file only while LMDB does not write to it. */
  #write(need: SpaceNeed, puts: () => void): Promise<void> {
    const done = this.#lastWrite.then(() => this.#writeNow(need, puts))
    this.#lastWrite = done.catch(() => undefined)
    return done
  }

  async #writeNow(need: SpaceNeed, puts: () => void): Promise<void> {
    await this.#space.ensure(need)
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
