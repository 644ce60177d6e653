import type { Change, Commit, Entry, Revision } from '../../store/store.ts'

/**
 * How commits lie in the database. Four tables:
 *   heads     key                 -> created, modified of its newest version (created 0: deleted and not compacted yet)
 *   versions  key NUL revision    -> created, then the value (created 0 and nothing: a deletion)
 *   log       revision            -> the keys that the commit changed, each with the revision it replaced
 *   meta      name                -> text
 * Numbers that order keys are big-endian. Keys never contain NUL, so a key's versions lie together and in order.
 */
export interface Head {
  readonly created: Revision
  readonly modified: Revision
}

export interface LoggedChange {
  readonly key: string
  /** 0 for a deletion. */
  readonly created: Revision
  /** Revision of the version that was replaced, 0 when there was none. */
  readonly replaced: Revision
}

const REVISION_BYTES = 8
const TWO_TO_32 = 0x1_0000_0000

export function keyRow(key: string): Buffer {
  return Buffer.from(key, 'utf8')
}

export function versionKey(key: string, revision: Revision): Buffer {
  const length = Buffer.byteLength(key, 'utf8')
  const row = Buffer.allocUnsafe(length + 1 + REVISION_BYTES)
  row.write(key, 0, 'utf8')
  row[length] = 0
  writeRevision(row, revision, length + 1)
  return row
}

export function revisionOfVersionKey(row: Buffer): Revision {
  return readRevision(row, row.length - REVISION_BYTES)
}

export function logKey(revision: Revision): Buffer {
  const row = Buffer.allocUnsafe(REVISION_BYTES)
  writeRevision(row, revision, 0)
  return row
}

export function revisionOfLogKey(row: Buffer): Revision {
  return readRevision(row, 0)
}

export function headRow(head: Head): Buffer {
  const row = Buffer.allocUnsafe(2 * REVISION_BYTES)
  writeRevision(row, head.created, 0)
  writeRevision(row, head.modified, REVISION_BYTES)
  return row
}

export function readHead(row: Buffer): Head {
  return { created: readRevision(row, 0), modified: readRevision(row, REVISION_BYTES) }
}

export function versionRow(entry: Entry | undefined): Buffer {
  const row = Buffer.allocUnsafe(REVISION_BYTES + (entry?.value.length ?? 0))
  writeRevision(row, entry?.created ?? 0, 0)
  if (entry !== undefined) row.set(entry.value, REVISION_BYTES)
  return row
}

/** Undefined for a deletion. */
export function readVersion(key: string, modified: Revision, row: Buffer): Entry | undefined {
  const created = readRevision(row, 0)
  return created === 0 ? undefined : { key, value: row.subarray(REVISION_BYTES), created, modified }
}

export function logRow(commit: Commit): Buffer {
  let length = 0
  for (const change of commit.changes) length += 2 + Buffer.byteLength(change.key, 'utf8') + 2 * REVISION_BYTES
  const row = Buffer.allocUnsafe(length)
  let offset = 0
  for (const change of commit.changes) offset = writeLogged(row, offset, change)
  return row
}

function writeLogged(row: Buffer, start: number, change: Change): number {
  const keyBytes = row.write(change.key, start + 2, 'utf8')
  row.writeUInt16BE(keyBytes, start)
  const offset = start + 2 + keyBytes
  writeRevision(row, change.entry?.created ?? 0, offset)
  writeRevision(row, change.previous?.modified ?? 0, offset + REVISION_BYTES)
  return offset + 2 * REVISION_BYTES
}

export function readLog(row: Buffer): LoggedChange[] {
  const changes: LoggedChange[] = []
  for (let offset = 0; offset < row.length; ) {
    const end = offset + 2 + row.readUInt16BE(offset)
    changes.push({ key: row.toString('utf8', offset + 2, end), created: readRevision(row, end), replaced: readRevision(row, end + REVISION_BYTES) })
    offset = end + 2 * REVISION_BYTES
  }
  return changes
}

function writeRevision(row: Buffer, revision: Revision, offset: number): void {
  row.writeUInt32BE(Math.floor(revision / TWO_TO_32), offset)
  row.writeUInt32BE(revision % TWO_TO_32, offset + 4)
}

function readRevision(row: Buffer, offset: number): Revision {
  return row.readUInt32BE(offset) * TWO_TO_32 + row.readUInt32BE(offset + 4)
}
