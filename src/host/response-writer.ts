import { once } from 'node:events'
import type { Writable } from 'node:stream'
import type { ByteSink } from '../apiserver/http.ts'
import { StatusError, internalError } from '../words/status-error.ts'

/** Small parts are joined up to this size, so that a LIST of thousands of objects is not thousands of writes. */
const WRITE_BYTES = 256 * 1024

/** Writes a whole body and ends the stream. Waits for a slow peer between blocks, so that only one block at a time is held twice. */
export async function writeWhole(stream: Writable, body: readonly Uint8Array[]): Promise<void> {
  const [only] = body
  if (body.length <= 1) {
    stream.end(only)
    return
  }
  for (const block of blocksOf(body)) {
    if (stream.destroyed) return
    if (!stream.write(block)) await drained(stream)
  }
  stream.end()
}

function* blocksOf(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  let block: Uint8Array[] = []
  let bytes = 0
  for (const part of parts) {
    block.push(part)
    bytes += part.length
    if (bytes < WRITE_BYTES) continue
    yield Buffer.concat(block, bytes)
    block = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(block, bytes)
}

/** A response stream as the API server writes to it. After the peer is gone bytes are dropped; the request's signal says so. */
export function byteSink(stream: Writable): ByteSink {
  return {
    write: (bytes) => (stream.destroyed || stream.writableEnded ? true : stream.write(bytes)),
    backlogBytes: () => stream.writableLength,
    drained: () => drained(stream),
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
  return { code, body: Buffer.from(JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code })) }
}
