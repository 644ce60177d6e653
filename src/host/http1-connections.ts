import type { IncomingMessage, Server, ServerResponse as NodeResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'
import type { Peer, ServerResponse, TunnelTarget } from '../apiserver/http.ts'
import { parseRequest } from '../apiserver/request-info.ts'
import { noteFailedRequest } from './failed-request.ts'
import type { ConnectionOptions } from './http2-connection.ts'
import { HTTPS_LIMITS } from './https-limits.ts'
import { createServer } from './node-http.ts'
import { withRepeatedClaims } from './repeated-claims.ts'
import { byteSink, statusBody, writeWhole } from './response-writer.ts'
import { IncomingRequest } from './server-request.ts'
import { answerWebSocket, asksForWebSocket, type MessageForm } from './websocket-answer.ts'

const NOBODY: Peer = { address: '', certificate: undefined }

interface Connection {
  peer: Peer
  /** Sent, and not answered to the end. */
  requests: number
  /** Settles when what was sent so far is answered. */
  answered: Promise<void>
}

/** All HTTP/1.1 connections of a server; the sockets come from the TLS server, which shares its port with HTTP/2. */
export class Http1Connections {
  readonly #options: ConnectionOptions
  readonly #server: Server
  readonly #sockets = new Set<TLSSocket>()
  readonly #connections = new WeakMap<Duplex, Connection>()
  readonly #requests = new Set<IncomingRequest>()
  readonly #tunnels = new Set<Duplex>()

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#server = createServer({
      maxHeaderSize: HTTPS_LIMITS.headerBytes,
      headersTimeout: HTTPS_LIMITS.headersTimeoutMs,
      // Bodies have an idle timeout of their own; a slow but steady upload may take its time.
      requestTimeout: 0,
      keepAliveTimeout: HTTPS_LIMITS.idleConnectionMs,
      shouldUpgradeCallback: (request) => isTunnelProtocol(request.headers.upgrade),
    })
    this.#server.maxHeadersCount = HTTPS_LIMITS.headerCount
    this.#server.on('request', (request, response) => this.#onRequest(request, response))
    this.#server.on('upgrade', (request, socket, head) => void this.#onUpgrade(request, socket, head))
    this.#server.on('clientError', refuseMalformed)
    // It never listens itself. This event is what starts its watch over slow headers.
    this.#server.emit('listening')
  }

  adopt(socket: TLSSocket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    this.#connections.set(socket, { peer: this.#options.peerOf(socket), requests: 0, answered: Promise.resolve() })
    this.#server.emit('connection', socket)
  }

  close(): void {
    this.#server.close(() => undefined)
    this.#server.closeIdleConnections()
    for (const request of this.#requests) request.abort()
  }

  /** The authorities have changed: requests that are still to come are asked by whom their connection is now. */
  judgeAgain(): void {
    for (const socket of this.#sockets) {
      const connection = this.#connections.get(socket)
      if (connection !== undefined) connection.peer = this.#options.peerOf(socket)
    }
  }

  destroy(): void {
    this.#server.closeAllConnections()
    for (const socket of this.#tunnels) socket.destroy()
  }

  #incoming(message: IncomingMessage): IncomingRequest {
    const peer = this.#connections.get(message.socket)?.peer ?? NOBODY
    return new IncomingRequest({
      method: message.method ?? '', target: message.url ?? '',
      headers: withRepeatedClaims(message.headers, message.rawHeaders, peer),
      peer, source: message, bodies: this.#options.bodies,
    })
  }

  /**
   * One after the other: a client that sends requests ahead (pipelining) and reads no answers would otherwise have them all made, a list
   * of megabytes for each thirty bytes.
   */
  #onRequest(message: IncomingMessage, response: NodeResponse): void {
    response.on('error', () => undefined)
    const connection = this.#connections.get(message.socket)
    if (connection === undefined || connection.requests >= HTTPS_LIMITS.requestsAhead) return void message.socket.destroy()
    const { answered } = connection
    connection.answered = new Promise((resolve) => response.once('close', () => {
      connection.requests--
      resolve()
    }))
    if (++connection.requests === 1) this.#begin(message, response)
    else void answered.then(() => this.#begin(message, response))
  }

  #begin(message: IncomingMessage, response: NodeResponse): void {
    if (message.socket.destroyed) return
    const incoming = this.#incoming(message)
    this.#requests.add(incoming)
    response.on('close', () => incoming.abort())
    void this.#serve(message, response, incoming).finally(() => this.#requests.delete(incoming))
  }

  async #serve(message: IncomingMessage, response: NodeResponse, incoming: IncomingRequest): Promise<void> {
    try {
      await this.#answer(message, response, incoming, await this.#options.handler(incoming))
    } catch (error) {
      noteFailedRequest(this.#options.log, incoming, error)
      if (response.headersSent || response.destroyed) return void response.destroy()
      const { code, body } = statusBody(error)
      response.writeHead(code, { 'content-type': 'application/json', 'content-length': body.length, connection: 'close' }).end(body)
    }
  }

  async #answer(message: IncomingMessage, response: NodeResponse, incoming: IncomingRequest, answer: ServerResponse): Promise<void> {
    if (response.destroyed) return
    if (answer.type === 'tunnel') {
      const forwarded = await this.#options.nodeProxy.forward(answer.target, incoming)
      return this.#answer(message, response, incoming, forwarded)
    }
    // A body that was not read to its end would be taken for the next request.
    if (!message.complete) response.setHeader('connection', 'close')
    if (answer.type === 'whole') {
      const length = answer.body.reduce((sum, part) => sum + part.length, 0)
      response.writeHead(answer.status, {
        ...answer.headers,
        ...(answer.status === 204 || answer.status === 304 ? {} : { 'content-length': String(length) }),
      })
      if (message.complete) return writeWhole(response, answer.body)
      for (const part of answer.body) response.write(part)
      await lingered(message)
      response.end()
    } else {
      if (answer.cookies !== undefined) response.setHeader('set-cookie', answer.cookies)
      response.writeHead(answer.status, answer.headers)
      response.flushHeaders()
      await answer.send(byteSink(response))
      response.end()
    }
  }

  /** exec, attach, port-forward, proxy; watches and logs by WebSocket: whoever asks is authorized by the handler like any other, then the bytes go through. */
  async #onUpgrade(message: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const incoming = this.#incoming(message)
    this.#requests.add(incoming)
    this.#tunnels.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      incoming.abort()
      this.#tunnels.delete(socket)
    })
    try {
      const answer = await this.#options.handler(incoming)
      if (answer.type === 'tunnel' && !isPlain(answer.target)) {
        return this.#options.nodeProxy.tunnel(answer.target, { headers: message.rawHeaders, socket, head })
      }
      const plain = answer.type === 'tunnel' ? await this.#options.nodeProxy.forward(answer.target, incoming) : answer
      const form = plain.type === 'stream' && plain.status === 200 && asksForWebSocket(message)
        ? messageForm(answer, incoming) : undefined
      if (plain.type === 'stream' && form !== undefined) {
        await answerWebSocket({ message, socket, head }, plain, form, (error) => noteFailedRequest(this.#options.log, incoming, error))
      } else await answerRaw(socket, plain)
    } catch (error) {
      noteFailedRequest(this.#options.log, incoming, error)
      const { code, body } = statusBody(error)
      await answerRaw(socket, { type: 'whole', status: code, headers: { 'content-type': 'application/json' }, body: [body] })
    } finally {
      this.#requests.delete(incoming)
    }
  }
}

function isPlain(target: TunnelTarget): boolean {
  return 'isPlain' in target && target.isPlain === true
}

/** Undefined: what is asked for is no stream, whatever it is asked by. */
function messageForm(answer: ServerResponse, { method, path, query }: IncomingRequest): MessageForm | undefined {
  if (answer.type === 'tunnel') return 'bytes'
  return parseRequest(method, path, new URLSearchParams(query)).watch ? 'events' : undefined
}

/** Node's own answer is often lost, as it destroys the socket right after it wrote. */
function refuseMalformed(error: Error, socket: Duplex): void {
  // Answered before: more of the same request only comes in.
  if (socket.writableEnded) return
  if (!socket.writable || socket.destroyed) return void socket.destroy()
  const code = 'code' in error ? error.code : undefined
  const status = code === 'HPE_HEADER_OVERFLOW' ? 431 : code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400
  socket.end(`HTTP/1.1 ${status} \r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
  socket.resume()
  setTimeout(() => socket.destroy(), HTTPS_LIMITS.lingerMs).unref()
}

/**
 * To close a connection on which bytes wait unread resets it, and the client may lose the answer that it was sent. So what it still
 * sends is received for a moment, and dropped.
 */
function lingered(message: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, HTTPS_LIMITS.lingerMs)
    message.once('close', () => {
      clearTimeout(timer)
      resolve()
    })
    message.resume()
  })
}

/** WebSocket, and what kubectl spoke before: SPDY/3.1. Other upgrades (h2c) are not offered; such a request is served as it is. */
function isTunnelProtocol(upgrade: string | undefined): boolean {
  const protocol = upgrade?.toLowerCase()
  return protocol === 'websocket' || protocol === 'spdy/3.1'
}

/** Answers an upgrade request with an ordinary response, and closes. */
async function answerRaw(socket: Duplex, answer: Exclude<ServerResponse, { type: 'tunnel' }>): Promise<void> {
  const headers = { ...answer.headers, connection: 'close' }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value.replaceAll(/[\r\n]/g, ' ')}\r\n`)
  socket.write(`HTTP/1.1 ${answer.status} \r\n${lines.join('')}\r\n`)
  if (answer.type === 'whole') return writeWhole(socket, answer.body)
  await answer.send(byteSink(socket))
  socket.end()
}
