import type { ByteSink, ServerRequest, ServerResponse } from '../http.ts'
import { acceptsGzip, type Gzip } from '../negotiate/gzip.ts'
import { withHeaders } from '../negotiate/response.ts'
import { Blocks } from './blocks.ts'

/** Shorter answers are sent as they are, as upstream sends them (its feature APIResponseCompression). */
const MIN_PACKED_BYTES = 128 * 1024

/** A long answer as gzip, for clients that accept it. What is told as it happens, a watch, is not packed. */
export function packed(gzip: Gzip | undefined, { method, headers }: ServerRequest, response: ServerResponse): ServerResponse {
  if (gzip === undefined || response.type === 'tunnel' || method === 'HEAD' || !acceptsGzip(headers['accept-encoding'])) return response
  if (response.headers['content-encoding'] !== undefined || !isLong(response)) return response
  const { status } = response
  return {
    type: 'stream', status, isLasting: false,
    headers: withHeaders(response, { 'content-encoding': 'gzip', vary: 'Accept-Encoding' }).headers,
    send: (sink) => sendPacked(gzip, sink, response),
  }
}

type Answer = Exclude<ServerResponse, { type: 'tunnel' }>

function isLong(response: Answer): boolean {
  if (response.type === 'stream') return !response.isLasting
  let bytes = 0
  return response.body.some((part) => (bytes += part.length) >= MIN_PACKED_BYTES)
}

async function sendPacked(gzip: Gzip, sink: ByteSink, response: Answer): Promise<void> {
  const packing = gzip.packing(sink)
  try {
    if (response.type === 'stream') await response.send(packing)
    else await sendWhole(response.body, packing)
    await packing.end()
  } catch (error) {
    packing.abandon()
    throw error
  }
}

async function sendWhole(body: readonly Uint8Array[], sink: ByteSink): Promise<void> {
  const blocks = new Blocks(sink)
  for (const part of body) {
    blocks.addBytes(part)
    if (blocks.mustWait) await blocks.drained()
  }
  blocks.flush()
}
