/**
 * What the thread that serves the network and the thread that answers tell each other. Packets travel many at a time, in one buffer that
 * changes hands: a message between threads costs as much as ten of them.
 */
export interface Packet {
  readonly kind: number
  /** The request that it is about; the serving thread counts them. */
  readonly request: number
  /** A status, or a number of bytes. */
  readonly count: number
  readonly text: string
  readonly bytes: Uint8Array
}

/** To the thread that answers. */
export const ASKED = {
  /** text: the RequestHead. count: one of BODY. bytes: the body that came with it, or what reading it threw. */
  request: 1,
  /** The body that was wanted. */
  body: 2,
  /** text: what reading it threw. */
  bodyFailed: 3,
  /** The client took so many bytes of the answer. */
  taken: 4,
  /** The client is gone, or the server closes. */
  aborted: 5,
  /** count: the number of a shared block that is free again; its bytes are taken. */
  blockTaken: 6,
} as const

export const BODY = { onDemand: 0, included: 1, failed: 2 } as const

/** To the thread that serves. */
export const TOLD = {
  /** count: the status. text: headers. bytes: the whole body. */
  whole: 11,
  /** As whole; the body follows. */
  begin: 12,
  data: 13,
  /** As data; count: the number of the shared block that is full of it. */
  block: 18,
  end: 14,
  /** text: what was thrown. The answer cannot be brought to its end. */
  broken: 15,
  /** The body is wanted; count: how many bytes of it at most. */
  wantBody: 16,
  /** text: the TunnelTarget that takes over. */
  tunnel: 17,
} as const

export interface RequestHead {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string | undefined>>
  /** A Peer as JSON: one text for all requests of a connection. */
  readonly peer: string
}

const HEADER_BYTES = 17
/** Marks a packet whose bytes are those of the one before: an event that many watchers are told. */
const SAME_BYTES = 0x80
const NOTHING = new Uint8Array(0)

interface Pending {
  readonly kind: number
  readonly request: number
  readonly count: number
  readonly text: string
  readonly textBytes: number
  readonly parts: readonly Uint8Array[]
  readonly partBytes: number
}

const NO_PARTS: readonly Uint8Array[] = []

/** Gathers the packets of one turn of the event loop. */
export class PacketWriter {
  #pending: Pending[] = []
  #totalBytes = 0
  #lastBytes: Uint8Array | undefined

  get isEmpty(): boolean {
    return this.#pending.length === 0
  }

  /** Bytes that came with the packet before, too, are sent once. They must not change until the batch is taken. */
  add(kind: number, request: number, count: number, text: string, parts: readonly Uint8Array[] = NO_PARTS): void {
    const only = parts.length === 1 ? parts[0] : undefined
    const isSame = only !== undefined && only === this.#lastBytes
    this.#lastBytes = only
    const textBytes = text === '' ? 0 : Buffer.byteLength(text)
    let partBytes = 0
    if (!isSame) for (const part of parts) partBytes += part.length
    this.#pending.push({
      kind: isSame ? kind | SAME_BYTES : kind, request, count, text, textBytes, parts: isSame ? NO_PARTS : parts, partBytes,
    })
    this.#totalBytes += HEADER_BYTES + textBytes + partBytes
  }

  /** All that was added since the last time, as one buffer. */
  takeBatch(): ArrayBuffer {
    const buffer = new ArrayBuffer(this.#totalBytes)
    const batch = Buffer.from(buffer)
    let at = 0
    for (const packet of this.#pending) at = write(batch, at, packet)
    this.#pending = []
    this.#totalBytes = 0
    this.#lastBytes = undefined
    return buffer
  }
}

function write(batch: Buffer, start: number, { kind, request, count, text, textBytes, parts, partBytes }: Pending): number {
  batch[start] = kind
  batch.writeUInt32LE(request, start + 1)
  batch.writeUInt32LE(count, start + 5)
  batch.writeUInt32LE(textBytes, start + 9)
  batch.writeUInt32LE(partBytes, start + 13)
  let at = start + HEADER_BYTES
  if (textBytes > 0) at += batch.write(text, at, textBytes, 'utf8')
  for (const part of parts) {
    batch.set(part, at)
    at += part.length
  }
  return at
}

/** The packets of a batch in their order. Their bytes are parts of it. */
export class PacketReader {
  readonly #batch: Buffer
  #at = 0
  #lastBytes: Uint8Array = NOTHING

  constructor(batch: ArrayBuffer) {
    this.#batch = Buffer.from(batch)
  }

  next(): Packet | undefined {
    const batch = this.#batch
    const at = this.#at
    if (at >= batch.length) return undefined
    const kind = batch[at] ?? 0
    const textBytes = batch.readUInt32LE(at + 9)
    const textAt = at + HEADER_BYTES
    const bytesAt = textAt + textBytes
    const end = bytesAt + batch.readUInt32LE(at + 13)
    if ((kind & SAME_BYTES) === 0) this.#lastBytes = batch.subarray(bytesAt, end)
    const text = textBytes === 0 ? '' : batch.toString('utf8', textAt, bytesAt)
    this.#at = end
    return {
      kind: kind & ~SAME_BYTES, request: batch.readUInt32LE(at + 1), count: batch.readUInt32LE(at + 5), text, bytes: this.#lastBytes,
    }
  }
}

/** Takes a whole batch. */
export function readBatch(batch: ArrayBuffer, take: (packet: Packet) => void): void {
  const reader = new PacketReader(batch)
  for (let packet = reader.next(); packet !== undefined; packet = reader.next()) take(packet)
}
