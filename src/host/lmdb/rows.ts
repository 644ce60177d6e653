import { crc32 } from 'node:zlib'
import type { Entry, Head, Revision } from '../../store/store.ts'
import { readRevision, writeRevision } from './revision-bytes.ts'

/**
 * How commits lie in the database. Three tables:
 *   heads     key           -> created, modified of its newest version (created 0: deleted and not compacted yet)
 *   changes   revision key  -> created (0: a deletion), revision of the version or deletion that it replaced (0: none), checksum, value
 *   meta      name          -> text
 * The changes are the log and hold the values, so that commits are appended in one place instead of rewriting a page for each key
 * (64 concurrent 1 KiB commits took 31 us of processor time each instead of 52). A key's versions form a chain from its head back.
 */
export interface ChangeRow {
  readonly key: string
  readonly revision: Revision
  /** Undefined for a deletion. */
  readonly entry: Entry | undefined
  readonly replaced: Revision
}

/** What a row says without its value. */
export interface ChangeLink {
  readonly key: string
  readonly revision: Revision
  readonly deleted: boolean
  readonly replaced: Revision
}

const REVISION_BYTES = 8
const CHECKSUM_BYTES = 4
const LINK_BYTES = 2 * REVISION_BYTES
const VALUE_START = LINK_BYTES + CHECKSUM_BYTES

export function keyRow(key: string): Buffer {
  return Buffer.from(key, 'utf8')
}

/** Big-endian, so that rows lie in the order of revisions. */
export function changeKey(revision: Revision, key: string): Buffer {
  const row = Buffer.allocUnsafe(REVISION_BYTES + Buffer.byteLength(key, 'utf8'))
  writeRevision(row, revision, 0)
  row.write(key, REVISION_BYTES, 'utf8')
  return row
}

export function revisionOfChangeKey(row: Buffer): Revision {
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

/** The checksum covers the row and its key: LMDB itself has none, and a disk may return other bytes than were written. */
export function changeRow(rowKey: Buffer, entry: Entry | undefined, replaced: Revision): Buffer {
  const row = Buffer.allocUnsafe(VALUE_START + (entry?.value.length ?? 0))
  writeRevision(row, entry?.created ?? 0, 0)
  writeRevision(row, replaced, REVISION_BYTES)
  if (entry !== undefined) row.set(entry.value, VALUE_START)
  row.writeUInt32BE(checksumOf(rowKey, row), LINK_BYTES)
  return row
}

/** Undefined when the row is not what was written. */
export function readChange(rowKey: Buffer, row: Buffer): ChangeRow | undefined {
  if (row.length < VALUE_START || row.readUInt32BE(LINK_BYTES) !== checksumOf(rowKey, row)) return undefined
  const key = rowKey.toString('utf8', REVISION_BYTES)
  const revision = readRevision(rowKey, 0)
  const created = readRevision(row, 0)
  const entry = created === 0 ? undefined : { key, value: row.subarray(VALUE_START), created, modified: revision }
  return { key, revision, entry, replaced: readRevision(row, REVISION_BYTES) }
}

function checksumOf(rowKey: Buffer, row: Buffer): number {
  return crc32(row.subarray(VALUE_START), crc32(row.subarray(0, LINK_BYTES), crc32(rowKey)))
}

export function readReplaced(row: Buffer): Revision {
  return readRevision(row, REVISION_BYTES)
}
