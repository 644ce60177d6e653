import { crc32 } from 'node:zlib'
import type { Entry, Revision } from '../../store/store.ts'
import { readRevision, writeRevision } from './revision-bytes.ts'

/**
 * One group of commits in the journal's file, at a multiple of BLOCK_BYTES:
 *   key of the journal 16, first revision 8, last revision 8, payload bytes 4, checksum of all but itself 4, payload,
 *   zeros up to the next block
 * The payload has, for each change: revision 8, created 8, replaced revision 8, bytes of the key 4, bytes of the value 4, key, value.
 * The key of the journal is random and new each time it is opened. It tells this journal's records from older ones, and from
 * bytes that a user chose so that they look like a record.
 */
export const BLOCK_BYTES = 4096
const RECORD_HEADER_BYTES = 40
export const JOURNAL_KEY_BYTES = 16

const PLACE = { first: 16, last: 24, payload: 32, checksum: 36 }
const CHANGE_BYTES = 32
const DELETED = 0xffff_ffff

/** A commit as it is written down. */
export interface WrittenCommit {
  readonly revision: Revision
  readonly changes: readonly WrittenChange[]
}

export interface WrittenChange {
  readonly key: string
  readonly entry: Entry | undefined
  /** Revision of the version or deletion that stood there before, 0 where nothing ever stood; undefined: only the data file knows. */
  readonly replaced: Revision | undefined
}

export interface RecordHeader {
  readonly first: Revision
  readonly last: Revision
  /** With header and padding. */
  readonly bytes: number
}

/** With header and padding; an upper bound that costs no look into the keys. */
export function recordBytesAtMost(commits: readonly WrittenCommit[]): number {
  let bytes = RECORD_HEADER_BYTES
  for (const { changes } of commits) {
    for (const { key, entry } of changes) bytes += CHANGE_BYTES + 3 * key.length + (entry?.value.length ?? 0)
  }
  return wholeBlocks(bytes)
}

/** Writes the record to the start of the buffer, which must be large enough, and returns its bytes with padding. */
export function encodeRecord(journalKey: Buffer, commits: readonly WrittenCommit[], into: Buffer): number {
  let at = RECORD_HEADER_BYTES
  for (const { revision, changes } of commits) {
    for (const change of changes) at = encodeChange(revision, change, into, at)
  }
  journalKey.copy(into, 0)
  writeRevision(into, commits[0]?.revision ?? 0, PLACE.first)
  writeRevision(into, commits.at(-1)?.revision ?? 0, PLACE.last)
  into.writeUInt32BE(at - RECORD_HEADER_BYTES, PLACE.payload)
  into.writeUInt32BE(checksumOf(into.subarray(0, at)), PLACE.checksum)
  const bytes = wholeBlocks(at)
  into.fill(0, at, bytes)
  return bytes
}

/** What a block says that begins a record of this journal; its checksum is not looked at. */
export function readRecordHeader(journalKey: Buffer, block: Buffer): RecordHeader | undefined {
  if (journalKey.compare(block, 0, JOURNAL_KEY_BYTES) !== 0) return undefined
  return {
    first: readRevision(block, PLACE.first),
    last: readRevision(block, PLACE.last),
    bytes: wholeBlocks(RECORD_HEADER_BYTES + block.readUInt32BE(PLACE.payload)),
  }
}

/** Undefined when the record is not what was written: its writing was cut short, or the disk returns something else. */
export function decodeRecord(record: Buffer): WrittenCommit[] | undefined {
  const end = RECORD_HEADER_BYTES + record.readUInt32BE(PLACE.payload)
  if (end > record.length || record.readUInt32BE(PLACE.checksum) !== checksumOf(record.subarray(0, end))) return undefined
  const commits: { revision: Revision; changes: WrittenChange[] }[] = []
  for (let at = RECORD_HEADER_BYTES; at < end; ) {
    const revision = readRevision(record, at)
    const { change, next } = decodeChange(record, at)
    const last = commits.at(-1)
    if (last?.revision === revision) last.changes.push(change)
    else commits.push({ revision, changes: [change] })
    at = next
  }
  return commits
}

function encodeChange(revision: Revision, { key, entry, replaced }: WrittenChange, into: Buffer, at: number): number {
  writeRevision(into, revision, at)
  writeRevision(into, entry?.created ?? 0, at + 8)
  writeRevision(into, replaced ?? 0, at + 16)
  const keyBytes = into.write(key, at + CHANGE_BYTES, 'utf8')
  into.writeUInt32BE(keyBytes, at + 24)
  into.writeUInt32BE(entry?.value.length ?? DELETED, at + 28)
  const valueAt = at + CHANGE_BYTES + keyBytes
  if (entry === undefined) return valueAt
  into.set(entry.value, valueAt)
  return valueAt + entry.value.length
}

function decodeChange(record: Buffer, at: number): { readonly change: WrittenChange; readonly next: number } {
  const modified = readRevision(record, at)
  const created = readRevision(record, at + 8)
  const replaced = readRevision(record, at + 16) || undefined
  const valueAt = at + CHANGE_BYTES + record.readUInt32BE(at + 24)
  const valueBytes = record.readUInt32BE(at + 28)
  const key = record.toString('utf8', at + CHANGE_BYTES, valueAt)
  if (valueBytes === DELETED) return { change: { key, entry: undefined, replaced }, next: valueAt }
  const next = valueAt + valueBytes
  return { change: { key, entry: { key, value: record.subarray(valueAt, next), created, modified }, replaced }, next }
}

function checksumOf(record: Buffer): number {
  return crc32(record.subarray(RECORD_HEADER_BYTES), crc32(record.subarray(0, PLACE.checksum)))
}

function wholeBlocks(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES
}
