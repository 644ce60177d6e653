import { constants } from 'node:fs'
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { AuditSink } from '../../apiserver/audit/auditor.ts'
import type { Clock, Log } from '../../words/ports.ts'
import { thrownMessage } from '../../words/thrown.ts'

export interface AuditLogOptions {
  readonly file: string
  readonly clock: Clock
  readonly log: Log
  /** A file that has reached this is renamed to FILE.1, what was FILE.1 to FILE.2, ... */
  readonly maxFileBytes?: number
  /** So many renamed files are kept. */
  readonly maxFiles?: number
  /** What may wait to be written; events beyond it are lost and counted. */
  readonly maxWaitingBytes?: number
}

const MAX_FILE_BYTES = 100 * 1024 * 1024
const MAX_FILES = 10
const MAX_WAITING_BYTES = 64 * 1024 * 1024
/** Lines are encoded at once: kept as text until they are written, they would cost the garbage collector more than all the rest. */
const CHUNK_BYTES = 128 * 1024
const NEWLINE = 0x0a
const WRITE_EVERY_MS = 100
const TRY_AGAIN_MS = 1_000

/**
 * Audit events in a file of this user alone, one JSON object a line. A request never waits for the disk: lines are gathered and written ten
 * times a second. When the disk does not keep up (or is full), what does not fit into the bound is lost, and the server's log says how
 * much.
 */
export class AuditLog implements AuditSink {
  readonly #options: AuditLogOptions
  /** Whole lines each; then the one that is being filled. */
  #waiting: Uint8Array[] = []
  #chunk = Buffer.alloc(0)
  #used = 0
  #waitingBytes = 0
  readonly plugin = 'log'
  lost = 0
  /** Of those, which the server's log has not told of yet. */
  #untold = 0
  #file: FileHandle
  #fileBytes: number
  #writing: Promise<void> | undefined
  #cancelWrite: (() => void) | undefined
  #failing = false

  private constructor(options: AuditLogOptions, file: FileHandle, fileBytes: number) {
    this.#options = options
    this.#file = file
    this.#fileBytes = fileBytes
  }

  /** Goes on with a file that is there. Throws where it cannot be written. */
  static async open(options: AuditLogOptions): Promise<AuditLog> {
    try {
      await mkdir(dirname(options.file), { recursive: true, mode: 0o700 })
      const file = await openForAppend(options.file)
      return new AuditLog(options, file, (await file.stat()).size)
    } catch (error) {
      throw new Error(`the audit log ${options.file} cannot be written: ${thrownMessage(error)}`, { cause: error })
    }
  }

  take(line: string): void {
    const mostBytes = line.length * 3 + 1
    if (this.#waitingBytes + line.length + 1 > (this.#options.maxWaitingBytes ?? MAX_WAITING_BYTES)) {
      this.lost++
      this.#untold++
      return
    }
    if (this.#chunk.length - this.#used < mostBytes) {
      this.#finishChunk()
      this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK_BYTES, mostBytes))
    }
    const start = this.#used
    this.#used += this.#chunk.write(line, start)
    this.#chunk[this.#used++] = NEWLINE
    this.#waitingBytes += this.#used - start
    if (this.#writing === undefined) this.#cancelWrite ??= this.#options.clock.after(WRITE_EVERY_MS, () => this.#begin())
  }

  /** Writes what waits. */
  async close(): Promise<void> {
    this.#cancelWrite?.()
    await this.#writing
    this.#cancelWrite?.()
    if (this.#waitingBytes > 0) await this.#write()
    await this.#file.close()
  }

  #begin(): void {
    this.#cancelWrite = undefined
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined
      if (this.#waitingBytes > 0) this.#cancelWrite ??= this.#options.clock.after(
        this.#failing ? TRY_AGAIN_MS : WRITE_EVERY_MS, () => this.#begin()
      )
    })
  }

  #finishChunk(): void {
    if (this.#used > 0) this.#waiting.push(this.#chunk.subarray(0, this.#used))
    this.#chunk = Buffer.alloc(0)
    this.#used = 0
  }

  async #write(): Promise<void> {
    this.#finishChunk()
    const { file, log, maxFileBytes = MAX_FILE_BYTES } = this.#options
    try {
      for (let [chunk] = this.#waiting; chunk !== undefined; [chunk] = this.#waiting) {
        if (this.#fileBytes > 0 && this.#fileBytes + chunk.length > maxFileBytes) await this.#rotate()
        await writeAll(this.#file, chunk, this.#fileBytes)
        this.#fileBytes += chunk.length
        this.#waitingBytes -= chunk.length
        this.#waiting.shift()
      }
      this.#failing = false
      this.#reportLost()
    } catch (error) {
      // What is left is tried again; what comes meanwhile waits behind it, within the bound.
      if (!this.#failing) log.error('The audit log cannot be written; this is tried again', { file, error: thrownMessage(error) })
      this.#failing = true
    }
  }

  #reportLost(): void {
    if (this.#untold === 0) return
    this.#options.log.error('Audit events were lost, as the disk did not keep up', { file: this.#options.file, events: this.#untold })
    this.#untold = 0
  }

  async #rotate(): Promise<void> {
    const { file, maxFiles = MAX_FILES } = this.#options
    await rm(`${file}.${maxFiles}`, { force: true })
    for (let index = maxFiles - 1; index >= 1; index--) await rename(`${file}.${index}`, `${file}.${index + 1}`).catch(ignoreMissing)
    // Not there where a full disk stopped the last attempt halfway.
    await rename(file, `${file}.1`).catch(ignoreMissing)
    const fresh = await openForAppend(file)
    await this.#file.close()
    this.#file = fresh
    this.#fileBytes = 0
  }
}

/** Never through a symbolic link that somebody else put there. */
function openForAppend(file: string): Promise<FileHandle> {
  return open(file, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
}

/** From where the last whole write ended: a part that a full disk took is written over. */
async function writeAll(file: FileHandle, bytes: Uint8Array, start: number): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, start + written)
    written += bytesWritten
  }
}

function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
}
