import { connect, type TLSSocket } from 'node:tls'
import { FLAG, FRAME, FRAME_HEADER_BYTES, frame, headerBlock, PREFACE, settings, statusOf, windowUpdate } from './http2-frames.ts'

export interface LoadTarget {
  readonly url: string
  readonly caPem: string
  /** The clients' certificate; absent: none. */
  readonly certificatePem?: string
  readonly keyPem?: string
}

export interface LoadRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/** A request as the wire has it, but for the number of its stream. */
export interface PreparedRequest {
  readonly block: Buffer
  readonly body: Uint8Array | undefined
}

/** What comes of a request. */
export interface Exchange {
  onStatus(status: number): void
  onData?(bytes: Buffer): void
  onEnd(): void
}

/** What Go's clients allow a server to send ahead; with 64 KiB a large list would measure how fast windows are opened. */
const STREAM_WINDOW_BYTES = 4 * 1024 * 1024
const CONNECTION_WINDOW_BYTES = 1024 * 1024 * 1024
const MAX_FRAME_BYTES = 16 * 1024
/** RFC 9113, section 6.9.2: what may be sent before the server says more. */
const FIRST_WINDOW_BYTES = 65_535

/** The bytes of a request, made before a clock starts. */
export function prepare({ headers, body }: LoadRequest): PreparedRequest {
  // As Go's clients do, whenever they know it.
  const length = body === undefined ? undefined : { 'content-length': String(body.length) }
  return { block: headerBlock({ ':scheme': 'https', ':authority': 'bench', ...headers, ...length }), body }
}

export function openConnection({ url, caPem, certificatePem, keyPem }: LoadTarget): Promise<Http2Connection> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), ca: caPem, cert: certificatePem, key: keyPem, ALPNProtocols: ['h2'] })
    socket.once('error', reject)
    socket.once('secureConnect', () => {
      socket.off('error', reject)
      resolve(new Http2Connection(socket))
    })
  })
}

/** One connection of a client that does nothing but ask and count: Node's own needs as much of the machine as the server does. */
export class Http2Connection {
  readonly #socket: TLSSocket
  readonly #exchanges = new Map<number, Exchange & { receivedBytes?: number }>()
  #nextStream = 1
  #outgoing: Uint8Array[] = []
  #incoming: Buffer = Buffer.alloc(0)
  #sendWindowBytes = FIRST_WINDOW_BYTES
  #receivedBytes = 0
  /** Requests that wait for the connection's window. */
  readonly #held: { readonly request: PreparedRequest; readonly exchange: Exchange }[] = []
  #failure: Error | undefined
  #onFailure: ((error: Error) => void)[] = []

  constructor(socket: TLSSocket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (bytes: Buffer) => this.#receive(bytes))
    socket.on('error', (error) => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the server closed the connection')))
    this.#send(PREFACE)
    this.#send(settings(STREAM_WINDOW_BYTES, MAX_FRAME_BYTES))
    this.#send(windowUpdate(0, CONNECTION_WINDOW_BYTES))
  }

  /** Rejects when the connection ends. */
  failed(): Promise<never> {
    return new Promise((_, reject) => (this.#failure === undefined ? this.#onFailure.push(reject) : reject(this.#failure)))
  }

  start(request: PreparedRequest, exchange: Exchange): void {
    const bytes = request.body?.length ?? 0
    if (this.#held.length > 0 || bytes > this.#sendWindowBytes) {
      this.#held.push({ request, exchange })
      return
    }
    const stream = this.#nextStream
    this.#nextStream += 2
    this.#exchanges.set(stream, exchange)
    this.#send(frame(FRAME.headers, FLAG.endHeaders | (bytes === 0 ? FLAG.endStream : 0), stream, request.block))
    if (request.body === undefined) return
    this.#sendWindowBytes -= bytes
    for (let at = 0; at < bytes; at += MAX_FRAME_BYTES) {
      const isLast = at + MAX_FRAME_BYTES >= bytes
      this.#send(frame(FRAME.data, isLast ? FLAG.endStream : 0, stream, request.body.subarray(at, at + MAX_FRAME_BYTES)))
    }
  }

  close(): void {
    this.#onFailure = []
    this.#socket.destroy()
  }

  /** What one turn of the event loop sends goes out at once. */
  #send(bytes: Uint8Array): void {
    if (this.#outgoing.length === 0) {
      setImmediate(() => {
        const outgoing = this.#outgoing
        this.#outgoing = []
        this.#socket.write(outgoing.length === 1 ? (outgoing[0] ?? '') : Buffer.concat(outgoing))
      })
    }
    this.#outgoing.push(bytes)
  }

  #receive(bytes: Buffer): void {
    const incoming = this.#incoming.length === 0 ? bytes : Buffer.concat([this.#incoming, bytes])
    let at = 0
    while (at + FRAME_HEADER_BYTES <= incoming.length) {
      const end = at + FRAME_HEADER_BYTES + incoming.readUIntBE(at, 3)
      if (end > incoming.length) break
      this.#take(incoming[at + 3] ?? 0, incoming[at + 4] ?? 0, incoming.readUInt32BE(at + 5), incoming.subarray(at + FRAME_HEADER_BYTES, end))
      at = end
    }
    this.#incoming = incoming.subarray(at)
  }

  #take(type: number, flags: number, stream: number, payload: Buffer): void {
    const exchange = this.#exchanges.get(stream)
    if (type === FRAME.data) this.#takeData(stream, exchange, payload)
    else if (type === FRAME.headers) exchange?.onStatus(statusOf(payload))
    else if (type === FRAME.resetStream) this.#fail(new Error(`the server reset a stream with code ${payload.readUInt32BE()}`))
    else if (type === FRAME.goAway) this.#fail(new Error(`the server says goodbye with code ${payload.readUInt32BE(4)}`))
    else if (type === FRAME.windowUpdate && stream === 0) this.#widen(payload.readUInt32BE())
    else if ((type === FRAME.settings || type === FRAME.ping) && (flags & FLAG.ack) === 0) this.#send(frame(type, FLAG.ack, 0, type === FRAME.ping ? payload : Buffer.alloc(0)))
    if ((type !== FRAME.data && type !== FRAME.headers) || (flags & FLAG.endStream) === 0 || exchange === undefined) return
    this.#exchanges.delete(stream)
    exchange.onEnd()
  }

  #takeData(stream: number, exchange: (Exchange & { receivedBytes?: number }) | undefined, payload: Buffer): void {
    exchange?.onData?.(payload)
    this.#receivedBytes += payload.length
    if (this.#receivedBytes > CONNECTION_WINDOW_BYTES / 2) {
      this.#send(windowUpdate(0, this.#receivedBytes))
      this.#receivedBytes = 0
    }
    if (exchange === undefined) return
    exchange.receivedBytes = (exchange.receivedBytes ?? 0) + payload.length
    if (exchange.receivedBytes < STREAM_WINDOW_BYTES / 2) return
    this.#send(windowUpdate(stream, exchange.receivedBytes))
    exchange.receivedBytes = 0
  }

  #widen(bytes: number): void {
    this.#sendWindowBytes += bytes
    for (const { request, exchange } of this.#held.splice(0)) this.start(request, exchange)
  }

  #fail(error: Error): void {
    this.#failure ??= error
    for (const reject of this.#onFailure.splice(0)) reject(error)
  }
}
