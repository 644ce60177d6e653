/**
 * Frames of SPDY/3.1, as far as a client of container streams needs them. SPDY lives on only there: Kubernetes' exec, attach and
 * port-forward are defined by it. Peers of this protocol do not use its flow control windows, and neither do we: TCP's does the work.
 */
export type SpdyFrame =
  /** A piece of a data frame; fin comes with its last piece. */
  | { readonly type: 'data'; readonly streamId: number; readonly bytes: Buffer; readonly fin: boolean }
  | { readonly type: 'reply'; readonly streamId: number; readonly fin: boolean }
  | { readonly type: 'reset'; readonly streamId: number; readonly status: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'goaway' }

const TYPE = { synStream: 1, synReply: 2, resetStream: 3, ping: 6, goaway: 7, headers: 8 } as const
const FLAG_FIN = 1
const HEADER_BYTES = 8
/** Control frames are small; a longer one is an error of the peer. */
const CONTROL_LIMIT_BYTES = 64 * 1024
const DATA_LIMIT_BYTES = 0xffffff

/**
 * Header blocks are a zlib stream that goes on through the connection, started with the dictionary of SPDY/3. Its
 * stored (not compressed) blocks refer to nothing, so the dictionary's checksum is all that is needed of it.
 */
const ZLIB_START = Buffer.from([0x78, 0xbb, 0xe3, 0xc6, 0xa7, 0xc2])
/** An empty stored block: zlib's sync flush, without which some decompressors (Go's) keep what they have. */
const ZLIB_FLUSH = Buffer.from([0, 0, 0, 0xff, 0xff])

/** Opens a stream. first: of this connection, where the zlib stream starts. */
export function synStreamFrame(streamId: number, headers: Readonly<Record<string, string>>, position: 'first' | 'later'): Buffer {
  const block = headerBlock(headers)
  const stored = Buffer.alloc(5)
  stored.writeUInt16LE(block.length, 1)
  stored.writeUInt16LE(0xffff - block.length, 3)
  const fixed = Buffer.alloc(10)
  fixed.writeUInt32BE(streamId, 0)
  return controlFrame(TYPE.synStream, [fixed, ...(position === 'first' ? [ZLIB_START] : []), stored, block, ZLIB_FLUSH])
}

/** With fin this side of the stream ends after the bytes. */
export function dataFrames(streamId: number, bytes: Uint8Array, { fin } = { fin: false }): Buffer[] {
  const frames: Buffer[] = []
  let offset = 0
  do {
    const part = bytes.subarray(offset, offset + DATA_LIMIT_BYTES)
    offset += part.length
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeUInt32BE(streamId, 0)
    header.writeUInt32BE(part.length, 4)
    header[4] = fin && offset >= bytes.length ? FLAG_FIN : 0
    frames.push(header, Buffer.from(part.buffer, part.byteOffset, part.byteLength))
  } while (offset < bytes.length)
  return frames
}

/** Status 5 is CANCEL. */
export function resetFrame(streamId: number): Buffer {
  const body = Buffer.alloc(8)
  body.writeUInt32BE(streamId, 0)
  body.writeUInt32BE(5, 4)
  return controlFrame(TYPE.resetStream, [body])
}

export function pingFrame(id: number): Buffer {
  const body = Buffer.alloc(4)
  body.writeUInt32BE(id, 0)
  return controlFrame(TYPE.ping, [body])
}

/** Cuts a byte stream into frames. The returned function answers what is wrong with the stream, if anything. */
export function spdyReader(onFrame: (frame: SpdyFrame) => void): (chunk: Buffer) => string | undefined {
  let pending: Buffer = Buffer.alloc(0)
  /** Of the data frame whose payload is being read. */
  let data: { streamId: number; left: number; fin: boolean } | undefined
  return (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    while (pending.length > 0) {
      if (data !== undefined) {
        const bytes = pending.subarray(0, data.left)
        pending = pending.subarray(bytes.length)
        data.left -= bytes.length
        const { streamId, fin, left } = data
        if (left === 0) data = undefined
        if (bytes.length > 0) onFrame({ type: 'data', streamId, bytes, fin: fin && left === 0 })
        continue
      }
      if (pending.length < HEADER_BYTES) return undefined
      const length = pending.readUIntBE(5, 3)
      const first = pending.readUInt32BE(0)
      if (first < 0x80000000) {
        const fin = ((pending[4] ?? 0) & FLAG_FIN) !== 0
        pending = pending.subarray(HEADER_BYTES)
        if (length === 0) onFrame({ type: 'data', streamId: first, bytes: Buffer.alloc(0), fin })
        else data = { streamId: first, left: length, fin }
        continue
      }
      if (length > CONTROL_LIMIT_BYTES) return `a control frame of ${length} bytes is over the limit of ${CONTROL_LIMIT_BYTES}`
      if (pending.length < HEADER_BYTES + length) return undefined
      const frame = controlFrameOf(pending.subarray(0, HEADER_BYTES + length))
      pending = pending.subarray(HEADER_BYTES + length)
      if (frame !== undefined) onFrame(frame)
    }
    return undefined
  }
}

/** Undefined: of a kind that does not matter here (SETTINGS, HEADERS, WINDOW_UPDATE). */
function controlFrameOf(bytes: Buffer): SpdyFrame | undefined {
  const type = bytes.readUInt16BE(2)
  if (type === TYPE.goaway) return { type: 'goaway' }
  if (bytes.length < HEADER_BYTES + 4) return undefined
  const id = bytes.readUInt32BE(HEADER_BYTES)
  if (type === TYPE.ping) return { type: 'ping', id }
  const streamId = id & 0x7fffffff
  if (type === TYPE.synReply || type === TYPE.headers) return { type: 'reply', streamId, fin: ((bytes[4] ?? 0) & FLAG_FIN) !== 0 }
  if (type === TYPE.resetStream && bytes.length >= HEADER_BYTES + 8) {
    return { type: 'reset', streamId, status: bytes.readUInt32BE(HEADER_BYTES + 4) }
  }
  return undefined
}

function controlFrame(type: number, parts: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt16BE(0x8003, 0)
  header.writeUInt16BE(type, 2)
  header.writeUInt32BE(parts.reduce((sum, part) => sum + part.length, 0), 4)
  return Buffer.concat([header, ...parts])
}

/** The number of headers, then each name (in lower case) and value with its length before it. */
function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  const entries = Object.entries(headers)
  const parts = [uint32(entries.length)]
  for (const [name, value] of entries) {
    for (const text of [name.toLowerCase(), value]) {
      const bytes = Buffer.from(text)
      parts.push(uint32(bytes.length), bytes)
    }
  }
  return Buffer.concat(parts)
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value, 0)
  return bytes
}
