import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { BLOCK_BYTES, type ByteSink } from '../apiserver/http.ts'
import { StatusError, internalError } from '../words/status-error.ts'

/**
 * Writes a whole body and ends the stream. A large one goes through one block, filled again each time that the connection has taken it:
 * handed over whole, 11 MB would be copied four times into fresh memory on their way through HTTP/2 and TLS, at three times the cost.
 * Undefined: it was small, and there is nothing to wait for.
 */
export function writeWhole(stream: Writable, body: readonly Uint8Array[]): Promise<void> | undefined {
  const [only] = body
  if (body.length === 0 || (body.length === 1 && only !== undefined && only.length <= BLOCK_BYTES)) {
    stream.end(only)
    return undefined
  }
  return writeBlocks(stream, body)
}

async function writeBlocks(stream: Writable, body: readonly Uint8Array[]): Promise<void> {
  for (const block of blocksOf(body)) {
    await written(stream, block)
    if (stream.destroyed) return
  }
  stream.end()
}

/** Each block is valid until the next one is asked for. */
function* blocksOf(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
  for (const piece of piecesOf(parts)) yield block.subarray(0, fill(block, piece))
}

/** Writes the parts one after the other, and tells how long they are. */
export function fill(block: Uint8Array, parts: readonly Uint8Array[]): number {
  let used = 0
  for (const part of parts) {
    block.set(part, used)
    used += part.length
  }
  return used
}

/** The same bytes in groups of parts. All but the last are as long as a block. */
export function* piecesOf(parts: readonly Uint8Array[]): Generator<readonly Uint8Array[]> {
  let piece: Uint8Array[] = []
  let freeBytes = BLOCK_BYTES
  for (const part of parts) {
    let rest = part
    while (rest.length >= freeBytes) {
      piece.push(rest.subarray(0, freeBytes))
      yield piece
      rest = rest.subarray(freeBytes)
      piece = []
      freeBytes = BLOCK_BYTES
    }
    if (rest.length === 0) continue
    piece.push(rest)
    freeBytes -= rest.length
  }
  if (piece.length > 0) yield piece
}

/** Resolves when the connection has taken the bytes, or is gone. */
function written(stream: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      stream.off('close', settle)
      resolve()
    }
    stream.once('close', settle).write(bytes, settle)
  })
}

export interface StreamSink extends ByteSink {
  /** taken: called once, when the bytes may change again. */
  writeThen(bytes: Uint8Array, taken: () => void): void
}

/** A response stream as the API server writes to it. After the peer is gone bytes are dropped; the request's signal says so. */
export function byteSink(stream: Writable): StreamSink {
  return new ByteStream(stream)
}

/** A class, as there is one for each watch: four closures take five times the memory. */
class ByteStream implements StreamSink {
  readonly #stream: Writable

  constructor(stream: Writable) {
    this.#stream = stream
  }

  writeThen(bytes: Uint8Array, taken: () => void): void {
    if (this.#isOver) taken()
    else this.#stream.write(bytes, taken)
  }

  write(bytes: Uint8Array): boolean {
    return this.#isOver ? true : this.#stream.write(bytes)
  }

  backlogBytes(): number {
    return this.#stream.writableLength
  }

  drained(): Promise<void> {
    return drained(this.#stream)
  }

  get #isOver(): boolean {
    return this.#stream.destroyed || this.#stream.writableEnded
  }
}

async function drained(stream: Writable): Promise<void> {
  if (stream.destroyed || !stream.writableNeedDrain) return
  const settled = new AbortController()
  const { signal } = settled
  await Promise.race([once(stream, 'drain', { signal }), once(stream, 'close', { signal })]).catch(() => undefined)
  settled.abort()
}

/** The metav1.Status of an error that reached the edge: a StatusError's own words, nothing about any other. */
export function statusBody(error: unknown): { readonly code: number; readonly body: Buffer } {
  const status = error instanceof StatusError ? error : internalError('the request could not be handled')
  const { code, reason, message, details } = status
  return {
    code,
    body: Buffer.from(JSON.stringify({
      kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code,
    })),
  }
}
