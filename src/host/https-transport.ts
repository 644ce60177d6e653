import {
  connect, constants, type ClientHttp2Session, type ClientHttp2Stream, type IncomingHttpHeaders, type IncomingHttpStatusHeader,
  type OutgoingHttpHeaders,
} from 'node:http2'
import { isIP } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Transport, TransportRequest, TransportResponse } from '../client/transport.ts'
import type { Clock } from '../words/ports.ts'
import { thrownMessage } from '../words/thrown.ts'
import { readAgain } from './socket-reading.ts'
import { trusting } from './trusted-authorities.ts'

export interface HttpsTransportOptions {
  /** https://host:port of an API server. */
  readonly server: string
  readonly caPem: string
  readonly credentials:
    | { readonly type: 'certificate'; readonly certificatePem: string; readonly keyPem: string }
    /** Asked before each request, so that a renewed token is used at once. */
    | { readonly type: 'token'; readonly token: () => string | Promise<string> }
    | { readonly type: 'none' }
  readonly clock: Clock
}

type Credentials = HttpsTransportOptions['credentials']

export interface RenewableTransport extends Transport {
  /** New connections show these. What is under way ends on the connection that it has. */
  renew(credentials: Credentials): void
}

/** The server cannot be reached; the message says which and why. A request that fails so may or may not have been carried out. */
class TransportError extends Error {
  override readonly name = 'TransportError'
}

/** For TCP and TLS together. */
const CONNECT_TIMEOUT_MS = 5_000
/** A connection that is silent for so long is asked for a sign of life, and given up without one. */
const PING_AFTER_MS = 15_000
const PING_TIMEOUT_MS = 10_000
/** How long a connection may be gone before it is seen, see readAgain. */
const READ_AGAIN_MS = 250
/** Requests under way, and those that wait for a free stream, before more are refused. */
const MAX_REQUESTS = 2_000
const STREAM_WINDOW_BYTES = 1024 * 1024
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024
/** How often a request that the server certainly did not handle is sent again. */
const MAX_ATTEMPTS = 3

/** HTTP/2 to one API server: one connection for all requests, made when it is needed and made again when it breaks. */
export function createHttpsTransport(options: HttpsTransportOptions): RenewableTransport {
  return new HttpsTransport(options)
}

class HttpsTransport implements RenewableTransport {
  readonly #options: HttpsTransportOptions
  #credentials: Credentials
  #connection: Promise<Connection> | undefined
  /** Connections that said goodbye and finish what they carry. */
  readonly #old = new Set<Connection>()
  #requests = 0
  #closed = false

  constructor(options: HttpsTransportOptions) {
    this.#options = options
    this.#credentials = options.credentials
  }

  async send(request: TransportRequest): Promise<TransportResponse> {
    if (this.#requests >= MAX_REQUESTS) {
      throw new TransportError(`More than ${MAX_REQUESTS} requests to ${this.#options.server} are under way.`)
    }
    this.#requests++
    const done = once(() => this.#requests--)
    try {
      return await this.#attempt(request, done)
    } catch (error) {
      done()
      throw error
    }
  }

  close(): void {
    this.#closed = true
    for (const connection of this.#old) connection.destroy()
    this.#connection?.then((connection) => connection.destroy(), () => undefined)
  }

  renew(credentials: Credentials): void {
    this.#credentials = credentials
    const former = this.#connection
    this.#connection = undefined
    former?.then((connection) => connection.retire(), () => undefined)
  }

  async #attempt(request: TransportRequest, done: () => void): Promise<TransportResponse> {
    const authorization = await this.#authorization()
    for (let attempt = 1; ; attempt++) {
      request.signal?.throwIfAborted()
      const connection = await this.#connected()
      request.signal?.throwIfAborted()
      try {
        return await connection.send(request, authorization, done)
      } catch (error) {
        if (request.signal?.aborted) throw request.signal.reason
        // What changes nothing may be asked again when its connection was lost before an answer (RFC 9110 section 9.2.2).
        const isRepeatable = error instanceof NotHandled || request.method === 'GET'
        if (!isRepeatable || attempt === MAX_ATTEMPTS) {
          throw new TransportError(`${request.method} to ${this.#options.server} failed: ${thrownMessage(error)}`)
        }
      }
    }
  }

  async #authorization(): Promise<string | undefined> {
    const credentials = this.#credentials
    return credentials.type === 'token' ? `Bearer ${await credentials.token()}` : undefined
  }

  #connected(): Promise<Connection> {
    if (this.#closed) return Promise.reject(new TransportError('The transport is closed.'))
    return (this.#connection ??= this.#open())
  }

  #open(): Promise<Connection> {
    // One that says goodbye late must not take its successor along.
    const forget = (): void => {
      if (this.#connection === opened) this.#connection = undefined
    }
    const opened: Promise<Connection> = openConnection({ ...this.#options, credentials: this.#credentials }, {
      onRetire: (connection) => {
        forget()
        this.#old.add(connection)
      },
      onClose: (connection) => this.#old.delete(connection),
    }).catch((error) => {
      forget()
      throw new TransportError(`The API server ${this.#options.server} cannot be reached: ${thrownMessage(error)}`)
    })
    return opened
  }
}

/** The server did not begin with the request, so it may be sent again (RFC 9113 section 8.7). */
class NotHandled extends Error {
  override readonly name = 'NotHandled'
}

interface ConnectionEvents {
  /** It takes no more requests. */
  onRetire(connection: Connection): void
  onClose(connection: Connection): void
}

async function openConnection(options: HttpsTransportOptions, events: ConnectionEvents): Promise<Connection> {
  const socket = await openSocket(options)
  const session = connect(options.server, {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: STREAM_WINDOW_BYTES },
  })
  session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
  return new Connection(session, socket, options.clock, events)
}

/** TCP and TLS: a server that takes the connection and then says nothing (it is dying, or stopped) is given up like one that is not there. */
function openSocket({ server, caPem, credentials, clock }: HttpsTransportOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server)
    const host = hostname.replace(/^\[|\]$/g, '')
    const socket = connectTls({
      host,
      port: Number(port === '' ? 443 : port),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...trusting(caPem),
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['h2'],
      ...(credentials.type === 'certificate' ? { cert: credentials.certificatePem, key: credentials.keyPem } : {}),
    })
    const cancel = clock.after(
      CONNECT_TIMEOUT_MS, () => socket.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MS / 1000} seconds`)),
    )
    socket.once('error', reject)
    socket.once('close', () => {
      cancel()
      reject(new Error('the connection was closed before it was secure'))
    })
    socket.once('secureConnect', () => {
      cancel()
      if (socket.alpnProtocol !== 'h2') return void socket.destroy(new Error('the server does not speak HTTP/2'))
      socket.setNoDelay(true)
      resolve(socket)
    })
  })
}

class Connection {
  readonly #session: ClientHttp2Session
  readonly #socket: TLSSocket
  readonly #clock: Clock
  readonly #events: ConnectionEvents
  #retired = false
  #cancelPing: () => void = () => undefined
  #cancelReading: () => void = () => undefined
  #heard = false

  constructor(session: ClientHttp2Session, socket: TLSSocket, clock: Clock, events: ConnectionEvents) {
    this.#session = session
    this.#socket = socket
    this.#clock = clock
    this.#events = events
    session.on('error', () => this.retire())
    session.on('goaway', () => this.retire())
    socket.once('close', () => {
      this.#cancelReading()
      if (!session.destroyed) session.destroy(new Error('the connection was lost'))
    })
    session.on('close', () => {
      this.#cancelPing()
      this.retire()
      events.onClose(this)
    })
    this.#pingLater()
    this.#readLater()
  }

  destroy(): void {
    this.#session.destroy()
  }

  /** Takes no more requests, and ends with the last one that it has. */
  retire(): void {
    if (this.#retired) return
    this.#retired = true
    this.#events.onRetire(this)
    // Ends when the last stream does.
    if (!this.#session.closed && !this.#session.destroyed) this.#session.close()
  }

  send(request: TransportRequest, authorization: string | undefined, done: () => void): Promise<TransportResponse> {
    return new Promise((resolve, reject) => {
      if (this.#retired || this.#session.closed || this.#session.destroyed) {
        // Its own events may come later: the next attempt must not meet it again.
        this.retire()
        return reject(new NotHandled('the connection is closing'))
      }
      const headers: OutgoingHttpHeaders = { ...request.headers, ':method': request.method, ':path': request.path }
      if (authorization !== undefined) headers['authorization'] = authorization
      if (request.body !== undefined) headers['content-length'] = request.body.length
      const stream = this.#session.request(headers, { endStream: request.body === undefined })
      const onAbort = (): void => stream.close(constants.NGHTTP2_CANCEL)
      request.signal?.addEventListener('abort', onAbort, { once: true })
      stream.on('response', (received) => {
        this.#heard = true
        resolve({ status: received[':status'] ?? 0, headers: plainHeaders(received), body: bodyOf(stream, request.signal) })
      })
      stream.on('error', (error) => reject(failureOf(stream, error)))
      stream.on('close', () => {
        request.signal?.removeEventListener('abort', onAbort)
        done()
        reject(failureOf(stream, new Error('the connection was lost before the answer')))
      })
      if (request.body !== undefined) stream.end(request.body)
    })
  }

  #readLater(): void {
    this.#cancelReading = this.#clock.after(READ_AGAIN_MS, () => {
      readAgain(this.#socket)
      this.#readLater()
    })
  }

  #pingLater(): void {
    this.#cancelPing = this.#clock.after(PING_AFTER_MS, () => {
      if (this.#session.destroyed) return
      if (this.#heard) {
        this.#heard = false
        return this.#pingLater()
      }
      this.#cancelPing = this.#clock.after(PING_TIMEOUT_MS, () => this.#socket.destroy(new Error('the server does not answer')))
      this.#session.ping((error) => {
        this.#cancelPing()
        if (error === null) this.#pingLater()
      })
    })
  }
}

/** The body as it arrives; the reader's pace is passed on to the server. An abort is thrown as the signal's reason. */
async function* bodyOf(stream: ClientHttp2Stream, signal: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  try {
    yield* chunksOf(stream)
  } finally {
    if (!stream.readableEnded) stream.destroy()
  }
  if (signal?.aborted === true) throw signal.reason
  if (stream.readableEnded && stream.rstCode === constants.NGHTTP2_NO_ERROR) return
  const reason = stream.errored === null ? `by the server (HTTP/2 error ${stream.rstCode ?? 0})` : `(${stream.errored.message})`
  throw new TransportError(`The answer was cut off ${reason}.`)
}

/** Not the stream's own iterator: that takes a stream whose end has arrived, but not been read, for one that broke off. */
async function* chunksOf(stream: ClientHttp2Stream): AsyncGenerator<Uint8Array> {
  let wake = (): void => undefined
  for (const event of ['readable', 'end', 'close']) stream.on(event, () => wake())
  for (;;) {
    const chunk: Uint8Array | null = stream.read()
    if (chunk !== null) yield chunk
    else if (stream.readableEnded || stream.destroyed) return
    else await new Promise<void>((resolve) => (wake = resolve))
  }
}

function failureOf(stream: ClientHttp2Stream, error: Error): Error {
  if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) return new NotHandled('the server refused the request')
  // Never sent at all: the connection said goodbye while the stream waited for its turn.
  return stream.pending ? new NotHandled(error.message) : error
}

function plainHeaders(received: IncomingHttpHeaders & IncomingHttpStatusHeader): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(received)) if (!name.startsWith(':') && value !== undefined) headers[name] = String(value)
  return headers
}

function once(action: () => void): () => void {
  let isDone = false
  return () => {
    if (isDone) return
    isDone = true
    action()
  }
}
