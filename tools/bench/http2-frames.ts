/** Just enough of HTTP/2 (RFC 9113) and HPACK (RFC 7541) for a client that makes load: what it costs is taken from the server's cores. */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
export const FRAME_HEADER_BYTES = 9
export const FRAME = { data: 0, headers: 1, resetStream: 3, settings: 4, ping: 6, goAway: 7, windowUpdate: 8 } as const
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 } as const
const SETTING = { headerTableBytes: 1, enablePush: 2, initialWindowBytes: 4, maxFrameBytes: 5 } as const
/** Fields of the static table that say a whole header, and names that begin one. */
const WHOLE_FIELDS: Readonly<Record<string, number>> = { ':method GET': 2, ':method POST': 3, ':scheme https': 7 }
const NAMES: Readonly<Record<string, number>> = { ':authority': 1, ':method': 2, ':path': 4, 'content-type': 31 }
/** RFC 7541, Appendix A: indexed fields 8 to 14. */
const STATUS_OF_INDEX: readonly number[] = [200, 204, 206, 304, 400, 404, 500]

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length)
  bytes.writeUIntBE(payload.length, 0, 3)
  bytes[3] = type
  bytes[4] = flags
  bytes.writeUInt32BE(stream, 5)
  bytes.set(payload, FRAME_HEADER_BYTES)
  return bytes
}

/** No header table, so that an answer's header can be read without remembering earlier ones. */
export function settings(initialWindowBytes: number, maxFrameBytes: number): Buffer {
  const values: [number, number][] = [
    [SETTING.headerTableBytes, 0], [SETTING.enablePush, 0], [SETTING.initialWindowBytes, initialWindowBytes], [SETTING.maxFrameBytes, maxFrameBytes],
  ]
  const payload = Buffer.alloc(6 * values.length)
  for (const [index, [name, value]] of values.entries()) {
    payload.writeUInt16BE(name, 6 * index)
    payload.writeUInt32BE(value, 6 * index + 2)
  }
  return frame(FRAME.settings, 0, 0, payload)
}

export function windowUpdate(stream: number, bytes: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(bytes)
  return frame(FRAME.windowUpdate, 0, stream, payload)
}

/** A header block of literals that no table remembers. */
export function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  const parts: Buffer[] = []
  for (const [name, value] of Object.entries(headers)) {
    const whole = WHOLE_FIELDS[`${name} ${value}`]
    if (whole !== undefined) {
      parts.push(Buffer.from([0x80 | whole]))
      continue
    }
    const index = NAMES[name]
    parts.push(index === undefined ? Buffer.concat([Buffer.from([0]), text(name)]) : integer(index, 4, 0), text(value))
  }
  return Buffer.concat(parts)
}

/** The status of an answer whose sender has no header table: the block's first field. */
export function statusOf(block: Buffer): number {
  // Changes of the table's size may come first.
  let at = 0
  while (((block[at] ?? 0) & 0xe0) === 0x20) at++
  const first = block[at] ?? 0
  if ((first & 0x80) !== 0) return STATUS_OF_INDEX[(first & 0x7f) - 8] ?? 0
  // A literal whose name is that of field 8 or a neighbour with the same name, whether it is to be remembered or not.
  const index = (first & 0x40) !== 0 ? first & 0x3f : first & 0x0f
  if (index < 8 || index > 14) return 0
  const length = block[at + 1] ?? 0
  const value = block.subarray(at + 2, at + 2 + (length & 0x7f))
  return (length & 0x80) !== 0 ? huffmanDigits(value) : Number(value.toString('latin1'))
}

/** RFC 7541, Appendix B: 0 to 2 have the five-bit codes 0 to 2, 3 to 9 the six-bit codes 0x19 to 0x1f. */
function huffmanDigits(bytes: Buffer): number {
  let bits = ''
  for (const byte of bytes) bits += byte.toString(2).padStart(8, '0')
  let digits = ''
  for (let at = 0; digits.length < 3; ) {
    const five = Number.parseInt(bits.slice(at, at + 5), 2)
    const isShort = five < 3
    digits += isShort ? five : Number.parseInt(bits.slice(at, at + 6), 2) - 0x19 + 3
    at += isShort ? 5 : 6
  }
  return Number(digits)
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([integer(bytes.length, 7, 0), bytes])
}

/** RFC 7541, section 5.1. */
function integer(value: number, prefixBits: number, flags: number): Buffer {
  const limit = (1 << prefixBits) - 1
  if (value < limit) return Buffer.from([flags | value])
  const bytes = [flags | limit]
  let rest = value - limit
  for (; rest >= 128; rest >>= 7) bytes.push((rest & 0x7f) | 0x80)
  return Buffer.from([...bytes, rest])
}
