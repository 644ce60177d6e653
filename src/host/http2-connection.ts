import { constants, performServerHandshake, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { Peer, ServerResponse } from '../apiserver/http.ts'
import type { Log } from '../words/ports.ts'
import { noteFailedRequest } from './failed-request.ts'
import { HTTPS_LIMITS } from './https-limits.ts'
import type { NodeProxy } from './node-proxy.ts'
import type { PeerReader } from './peer.ts'
import type { BodyReader } from './request-body.ts'
import { withRepeatedClaims } from './repeated-claims.ts'
import { byteSink, statusBody, writeWhole } from './response-writer.ts'
import { IncomingRequest, type RequestHandler } from './server-request.ts'
import { readAgain } from './socket-reading.ts'

export interface ConnectionOptions {
  readonly handler: RequestHandler
  readonly nodeProxy: NodeProxy
  readonly log: Log
  readonly bodies: BodyReader
  readonly peerOf: PeerReader
}

const MISUSES = new Set<unknown>(['ERR_HTTP2_ERROR', 'ERR_HTTP2_TOO_MANY_INVALID_FRAMES'])
const END_STREAM_FLAG = constants.NGHTTP2_FLAG_END_STREAM

/** One HTTP/2 connection. Uses Node's streams directly: its request and response objects cost as much again. */
export class Http2Connection {
  readonly #options: ConnectionOptions
  readonly #session: ServerHttp2Session
  readonly #socket: TLSSocket
  #peer: Peer
  /**
   * The requests that are not answered yet. Collections of young garbage do not free a closed stream (as of Node 24; the next full one
   * does) but copy it and all that can be reached from it, so that nothing of a request may hang on its stream once it is answered.
   */
  readonly #requests = new Map<ServerHttp2Stream, IncomingRequest>()
  readonly #onStreamClose: (this: ServerHttp2Stream) => void
  #lastActive = performance.now()
  #idleTimer: NodeJS.Timeout | undefined
  #resets = 0
  #resetWindowStart = 0

  constructor(socket: TLSSocket, options: ConnectionOptions, onClose: () => void) {
    this.#options = options
    this.#socket = socket
    this.#peer = options.peerOf(socket)
    this.#session = performServerHandshake(socket, {
      maxSessionMemory: HTTPS_LIMITS.sessionMegabytes,
      maxHeaderListPairs: HTTPS_LIMITS.headerCount,
      settings: {
        maxConcurrentStreams: HTTPS_LIMITS.streamsPerConnection,
        maxHeaderListSize: HTTPS_LIMITS.headerBytes,
        initialWindowSize: HTTPS_LIMITS.streamWindowBytes,
        enablePush: false,
      },
    })
    // One for all streams. A request that was answered needs no signal any more; making one costs as much as a small request.
    const closed = (stream: ServerHttp2Stream): void => this.#closed(stream)
    this.#onStreamClose = function () {
      closed(this)
    }
    this.#session.setLocalWindowSize(HTTPS_LIMITS.connectionWindowBytes)
    this.#session.on('stream', (stream, headers, flags, raw) => this.#onStream(stream, headers, { flags, raw }))
    this.#session.on('error', (error) => this.#noteMisuse(error))
    this.#session.on('close', () => {
      clearTimeout(this.#idleTimer)
      onClose()
    })
    // A client that was killed, and that a write of ours met first.
    const reading = setInterval(() => readAgain(socket), HTTPS_LIMITS.readAgainMs).unref()
    socket.once('close', () => clearInterval(reading))
    this.#session.on('ping', () => {
      this.#lastActive = performance.now()
    })
    this.#closeWhenIdle(HTTPS_LIMITS.idleConnectionMs)
  }

  /** Looks again when the limit may have passed. Node's own time-out would touch its timer with every frame. */
  #closeWhenIdle(afterMs: number): void {
    this.#idleTimer = setTimeout(() => {
      const idleMs = this.#requests.size === 0 ? performance.now() - this.#lastActive : 0
      if (idleMs >= HTTPS_LIMITS.idleConnectionMs) this.#session.close()
      else this.#closeWhenIdle(HTTPS_LIMITS.idleConnectionMs - idleMs)
    }, afterMs).unref()
  }

  /** Says goodbye (GOAWAY) and ends what is under way, watches too. */
  close(): void {
    if (!this.#session.destroyed) this.#session.close()
    for (const request of this.#requests.values()) request.abort()
  }

  /** The authorities have changed: those of its requests that are still to come are asked by whom it is now. */
  judgeAgain(): void {
    if (!this.#socket.destroyed) this.#peer = this.#options.peerOf(this.#socket)
  }

  destroy(): void {
    this.#session.destroy()
  }

  /** Node ends the session by itself, among others after a hundred streams above the limit. Clients that vanish concern nobody. */
  #noteMisuse(error: Error): void {
    if (!('code' in error) || !MISUSES.has(error.code)) return
    this.#options.log.warn('A client broke the rules of HTTP/2; its connection is closed', {
      address: this.#peer.address, error: error.message,
    })
  }

  #onStream(
    stream: ServerHttp2Stream, received: IncomingHttpHeaders, { flags, raw }: { readonly flags: number; readonly raw: readonly string[] },
  ): void {
    stream.on('error', ignore)
    if (this.#requests.size >= HTTPS_LIMITS.handlersPerConnection) {
      // More than may be open at once: the client reset those before, whose handlers still work.
      stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)
      return this.#countReset()
    }
    const method = received[':method'] ?? ''
    const target = received[':path']
    if (target === undefined) return stream.close(constants.NGHTTP2_PROTOCOL_ERROR)
    const headers = withRepeatedClaims(received, raw, this.#peer)
    const incoming = new IncomingRequest({ method, target, headers, peer: this.#peer, source: stream, bodies: this.#options.bodies })
    this.#requests.set(stream, incoming)
    stream.on('close', this.#onStreamClose)
    const hasBody = (flags & END_STREAM_FLAG) === 0
    this.#serve(stream, incoming, { hasBody })
  }

  #closed(stream: ServerHttp2Stream): void {
    const incoming = this.#requests.get(stream)
    if (incoming === undefined) return
    incoming.abort()
    this.#countReset()
  }

  #countReset(): void {
    if (this.#session.destroyed) return
    const now = performance.now()
    if (now - this.#resetWindowStart > HTTPS_LIMITS.resetWindowMs) {
      this.#resetWindowStart = now
      this.#resets = 0
    }
    if (++this.#resets <= HTTPS_LIMITS.resetsPerWindow) return
    this.#options.log.warn('A client reset too many requests; its connection is closed', { address: this.#peer.address })
    this.#session.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM)
  }

  /** What is answered at once costs no promise. */
  #serve(stream: ServerHttp2Stream, incoming: IncomingRequest, body: { readonly hasBody: boolean }): void {
    try {
      const response = this.#options.handler(incoming)
      if (response instanceof Promise) return void this.#serveLater(stream, incoming, body, response)
      const pending = this.#answer(stream, incoming, response)
      if (pending !== undefined) return void this.#serveLater(stream, incoming, body, pending)
    } catch (error) {
      this.#fail(stream, incoming, error)
    }
    this.#finish(stream, body)
  }

  async #serveLater(
    stream: ServerHttp2Stream, incoming: IncomingRequest, body: { readonly hasBody: boolean }, response: Promise<ServerResponse | void>,
  ): Promise<void> {
    try {
      const answer = await response
      const pending = answer === undefined ? undefined : this.#answer(stream, incoming, answer)
      if (pending !== undefined) await pending
    } catch (error) {
      this.#fail(stream, incoming, error)
    } finally {
      this.#finish(stream, body)
    }
  }

  #fail(stream: ServerHttp2Stream, incoming: IncomingRequest, error: unknown): void {
    noteFailedRequest(this.#options.log, incoming, error)
    if (stream.destroyed) return
    if (stream.headersSent) return stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    const { code, body } = statusBody(error)
    stream.respond({ ':status': code, 'content-type': 'application/json' })
    stream.end(body)
  }

  #finish(stream: ServerHttp2Stream, { hasBody }: { readonly hasBody: boolean }): void {
    this.#requests.delete(stream)
    this.#lastActive = performance.now()
    if (hasBody) stopReading(stream)
  }

  /** Undefined: there is nothing to wait for. */
  #answer(stream: ServerHttp2Stream, incoming: IncomingRequest, response: ServerResponse): Promise<void> | undefined {
    if (stream.destroyed) return undefined
    if (response.type === 'tunnel') {
      return this.#options.nodeProxy.forward(response.target, incoming).then((forwarded) => this.#answer(stream, incoming, forwarded))
    }
    const hasNoBody = incoming.method === 'HEAD' || (response.type === 'whole' && response.body.length === 0)
    stream.respond(headerList(response), { endStream: hasNoBody })
    if (hasNoBody) return undefined
    if (response.type === 'whole') return writeWhole(stream, response.body)
    return response.send(byteSink(stream)).then(() => {
      stream.end()
    })
  }
}

/** Streams tell of their errors by closing. */
function ignore(): void {}

/** Names and values in turn: what Node makes of an object of headers, at a third of the cost. */
function headerList(response: Exclude<ServerResponse, { type: 'tunnel' }>): string[] {
  const { status, headers } = response
  const list = [':status', String(status)]
  for (const name in headers) list.push(name, headers[name] ?? '')
  if ('cookies' in response) for (const cookie of response.cookies ?? []) list.push('set-cookie', cookie)
  return list
}

/** A body that nobody wanted is refused once the response is out (RFC 9113 section 8.1), instead of being received to its end. */
function stopReading(stream: ServerHttp2Stream): void {
  if (stream.destroyed || stream.readableEnded) return
  // Wholly received, only not yet read to its end: a reset would make the client drop an answer that it has not read.
  const leave = stream.state.remoteClose === 1 ? readToEnd : refuseRest
  if (stream.writableFinished) leave.call(stream)
  else stream.once('finish', leave)
}

function readToEnd(this: ServerHttp2Stream): void {
  if (this.closed) this.destroy()
  else this.resume()
}

function refuseRest(this: ServerHttp2Stream): void {
  this.close(constants.NGHTTP2_NO_ERROR)
  this.resume()
}
