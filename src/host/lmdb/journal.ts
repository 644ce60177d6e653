import { randomBytes } from 'node:crypto'
import {
  closeSync, constants, existsSync, fsyncSync, openSync, readSync, renameSync, rmSync, statfsSync, statSync, write, writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import type { Revision } from '../../store/store.ts'
import { assert } from '../../words/assert.ts'
import { DataDirectoryError } from './data-directory-error.ts'
import {
  BLOCK_BYTES, decodeRecord, encodeRecord, JOURNAL_KEY_BYTES, readRecordHeader, recordBytesAtMost, type RecordHeader, type WrittenCommit,
} from './journal-record.ts'

/** Room for what is not in the data file yet. */
const RING_BYTES = 8 * 1024 * 1024
const MAX_RECORD_BYTES = 1024 * 1024
/** On a smaller rest of a disk there are better uses for these 8 MiB. */
const FREE_BYTES_FOR_RING = 4 * RING_BYTES
const MAGIC = 'LotseJournal 1\n\0'
const CHECKSUM_AT = MAGIC.length + JOURNAL_KEY_BYTES
/** Memory comes at multiples of this. */
const ALLOCATION_BYTES = 16

const writeAt = promisify(write)

interface LiveRecord {
  readonly start: number
  readonly last: Revision
}

/**
 * A ring of groups of commits on the disk, ahead of the data file. A group is durable when its record is: one sequential write into
 * blocks that the file has already, which takes a disk 0.1 ms where a transaction of LMDB with its scattered pages and two syncs takes
 * 2 ms.
 * Records stay until the data file has their commits. The first block says the journal's key; the ring follows.
 */
export class Journal {
  readonly #file: string
  readonly #descriptor: number
  /** Where records are put together; at an address that the disk can read from. */
  readonly #buffer: Buffer
  #key: Buffer
  /** Offsets count in the ring. Live records lie one behind the other from the first one's start up to #end, once around at most. */
  readonly #live: LiveRecord[] = []
  #end = 0
  /** A write failed, and only the disk knows whether its record is there: a new key makes it void before its revisions are given again. */
  #isUncertain = false

  constructor(opened: { file: string; descriptor: number; buffer: Buffer; key: Buffer }) {
    this.#file = opened.file
    this.#descriptor = opened.descriptor
    this.#buffer = opened.buffer
    this.#key = opened.key
  }

  /** Whether there is room for these now. */
  fits(commits: readonly WrittenCommit[]): boolean {
    const bytes = recordBytesAtMost(commits)
    return !this.#isUncertain && bytes <= MAX_RECORD_BYTES && this.#startFor(bytes) !== undefined
  }

  /** Resolves when the commits, which fit, are on the disk. When it rejects, they may be. One call at a time. */
  async append(commits: readonly WrittenCommit[]): Promise<void> {
    const bytes = encodeRecord(this.#key, commits, this.#buffer)
    const start = this.#startFor(bytes)
    assert(start !== undefined, 'a record goes where there is room')
    this.#isUncertain = true
    const { bytesWritten } = await writeAt(this.#descriptor, this.#buffer, 0, bytes, BLOCK_BYTES + start)
    if (bytesWritten !== bytes) throw new Error(`only ${bytesWritten} of ${bytes} bytes were written to ${this.#file}`)
    this.#isUncertain = false
    this.#live.push({ start, last: commits.at(-1)?.revision ?? 0 })
    this.#end = start + bytes
  }

  /** The data file has everything up to this revision. */
  release(through: Revision): void {
    const kept = this.#live.findIndex((record) => record.last > through)
    this.#live.splice(0, kept === -1 ? this.#live.length : kept)
  }

  /** After a failed append: makes void what may have been written. The data file has everything else. */
  forgetUncertain(): void {
    if (!this.#isUncertain) return
    this.#key = writeHeader(this.#descriptor, this.#buffer)
    this.#live.length = 0
    this.#end = 0
    this.#isUncertain = false
  }

  close(): void {
    closeSync(this.#descriptor)
  }

  #startFor(bytes: number): number | undefined {
    const [oldest] = this.#live
    if (oldest === undefined) return 0
    const isAround = this.#end <= oldest.start
    if (isAround) return this.#end + bytes <= oldest.start ? this.#end : undefined
    if (this.#end + bytes <= RING_BYTES) return this.#end
    return bytes <= oldest.start ? 0 : undefined
  }
}

/** The commits that a journal holds after that revision, which is the newest of the data file. Throws DataDirectoryError when some are lost. */
export function readJournal(file: string, after: Revision): WrittenCommit[] {
  const descriptor = openSync(file, 'r')
  try {
    const key = readKey(file, descriptor)
    const commits: WrittenCommit[] = []
    for (const { position, header } of recordsAfter(descriptor, key, after)) {
      const record = Buffer.alloc(header.bytes)
      readSync(descriptor, record, 0, header.bytes, position)
      for (const commit of decodeRecord(record) ?? []) if (commit.revision > after) commits.push(commit)
    }
    commits.sort((a, b) => a.revision - b.revision)
    for (const [index, { revision }] of commits.entries()) {
      if (revision !== after + 1 + index) throw damagedJournal(file, `has lost revision ${after + 1 + index}, but has later ones`)
    }
    return commits
  } finally {
    closeSync(descriptor)
  }
}

/** Opens a journal whose commits are in the data file, or makes a new one. Rejects with the system's error where there is no room for it. */
export function openJournal(file: string): Journal {
  if (!existsSync(file) || statSync(file).size === 0) makeFile(file)
  const buffer = Buffer.allocUnsafeSlow(MAX_RECORD_BYTES + BLOCK_BYTES)
  for (const flags of [constants.O_DIRECT, 0]) {
    const descriptor = openDescriptor(file, flags)
    if (descriptor === undefined) continue
    const opened = beginAt(descriptor, buffer)
    if (opened !== undefined) return new Journal({ file, descriptor, ...opened })
    closeSync(descriptor)
  }
  throw new Error(`${file} cannot be written`)
}

/** Every write is on the disk when it returns. O_DIRECT leaves out the page cache, whose threads a busy machine keeps waiting; not every file system has it. */
function openDescriptor(file: string, flags: number): number | undefined {
  try {
    return openSync(file, constants.O_WRONLY | constants.O_DSYNC | flags)
  } catch (error) {
    if (flags !== 0 && isInvalid(error)) return undefined
    throw error
  }
}

/** Writing past the page cache asks for memory at certain addresses, which JavaScript cannot see: the first place that works is one. */
function beginAt(descriptor: number, memory: Buffer): { readonly buffer: Buffer; readonly key: Buffer } | undefined {
  for (let offset = 0; offset < BLOCK_BYTES; offset += ALLOCATION_BYTES) {
    const buffer = memory.subarray(offset, offset + MAX_RECORD_BYTES)
    try {
      return { buffer, key: writeHeader(descriptor, buffer) }
    } catch (error) {
      if (!isInvalid(error)) throw error
    }
  }
  return undefined
}

function writeHeader(descriptor: number, buffer: Buffer): Buffer {
  const key = randomBytes(JOURNAL_KEY_BYTES)
  const header = buffer.subarray(0, BLOCK_BYTES).fill(0)
  header.write(MAGIC, 0, 'latin1')
  key.copy(header, MAGIC.length)
  header.writeUInt32BE(crc32(header.subarray(0, CHECKSUM_AT)), CHECKSUM_AT)
  writeSync(descriptor, header, 0, BLOCK_BYTES, 0)
  return key
}

function readKey(file: string, descriptor: number): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES)
  const bytes = readSync(descriptor, header, 0, BLOCK_BYTES, 0)
  const isWhole = bytes === BLOCK_BYTES
    && header.toString('latin1', 0, MAGIC.length) === MAGIC
    && header.readUInt32BE(CHECKSUM_AT) === crc32(header.subarray(0, CHECKSUM_AT))
  if (!isWhole) throw damagedJournal(file, 'has a damaged beginning')
  return header.subarray(MAGIC.length, CHECKSUM_AT)
}

function* recordsAfter(
  descriptor: number, key: Buffer, after: Revision,
): Generator<{ readonly position: number; readonly header: RecordHeader }> {
  const block = Buffer.alloc(BLOCK_BYTES)
  for (let position = BLOCK_BYTES; readSync(descriptor, block, 0, BLOCK_BYTES, position) === BLOCK_BYTES; position += BLOCK_BYTES) {
    const header = readRecordHeader(key, block)
    if (header !== undefined && header.last > after && header.bytes <= MAX_RECORD_BYTES) yield { position, header }
  }
}

/** Filled with zeros, so that a later write changes nothing but the bytes themselves; whole or not there. */
function makeFile(file: string): void {
  const { bavail, bsize } = statfsSync(dirname(file))
  if (bavail * bsize < FREE_BYTES_FOR_RING) throw new Error(`only ${bavail * bsize} bytes are free on its disk`)
  const unfinished = `${file}.new`
  try {
    const descriptor = openSync(unfinished, 'w', 0o600)
    try {
      const zeros = Buffer.alloc(1024 * 1024)
      writeHeader(descriptor, zeros)
      zeros.fill(0)
      for (let position = BLOCK_BYTES; position < BLOCK_BYTES + RING_BYTES; position += zeros.length) {
        writeSync(descriptor, zeros, 0, zeros.length, position)
      }
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(unfinished, file)
    syncDirectory(dirname(file))
  } finally {
    rmSync(unfinished, { force: true })
  }
}

/** Without this the name of a new file may be gone after a power failure. */
function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

export function damagedJournal(file: string, what: string): DataDirectoryError {
  return new DataDirectoryError(
    `The journal ${file} ${what}. Writes that were acknowledged last may be in it and nowhere else. Nothing was changed. Restore it, or the whole directory, from a backup; or, to go on without those writes, replace it by an empty file (: >${file}).`)
}

function isInvalid(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EINVAL'
}
