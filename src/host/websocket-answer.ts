import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { withoutTokenProtocol } from '../apiserver/access/websocket-token.ts'
import type { StreamResponse } from '../apiserver/http.ts'
import { acceptWebSocket, askedProtocols } from './node-server/websocket-accept.ts'
import type { StreamSink } from './response-writer.ts'

/** What a client of a WebSocket gets of an answer: the events of a watch, a message each; or bytes as they come (a log). */
export type MessageForm = 'events' | 'bytes'

export interface UpgradeRequest {
  readonly message: IncomingMessage
  readonly socket: Duplex
  readonly head: Buffer
}

/** As upstream names them; without one asked for, bytes are sent as they are. */
const BYTES_PROTOCOLS: readonly string[] = ['binary.k8s.io', 'base64.binary.k8s.io']
/** One event: an object may be 3 MiB, and twice that in text. */
const EVENT_BYTES = 16 * 1024 * 1024
const LENGTH_BYTES = 4
/** How long a client may take to agree to the end. */
const CLOSE_MS = 5000
/** RFC 6455, 7.4.1. */
const NORMAL_CLOSURE = 1000
const INTERNAL_ERROR = 1011

export function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket'
}

/**
 * Sends an answer that lasts as messages, until it or the client ends. What the client sends is read and dropped. An answer that breaks off
 * is told of by the code of the end, and to failed.
 */
export async function answerWebSocket(
  { message, socket, head }: UpgradeRequest, answer: StreamResponse, form: MessageForm, failed: (error: unknown) => void,
): Promise<void> {
  const asked = message.headers['sec-websocket-protocol']
  if (asked !== undefined) message.headers['sec-websocket-protocol'] = withoutTokenProtocol(asked)
  const accepted = await acceptWebSocket(message, socket, head, form === 'bytes' ? BYTES_PROTOCOLS : askedProtocols(message))
  if (accepted === undefined) return
  const { socket: webSocket, protocol } = accepted
  webSocket.on('error', () => undefined)
  webSocket.resume()
  const sink = form === 'bytes'
    ? new MessageSink(webSocket, wholeChunks, protocol === 'base64.binary.k8s.io' ? 'base64' : 'binary')
    : isJson(answer) ? new MessageSink(webSocket, lines, 'text') : new MessageSink(webSocket, frames, 'binary')
  // As upstream begins: who waits for the first message need not wait for the first line.
  if (form === 'bytes') webSocket.send('')
  try {
    await answer.send(sink)
    webSocket.close(NORMAL_CLOSURE)
  } catch (error) {
    failed(error)
    webSocket.close(INTERNAL_ERROR)
  }
  setTimeout(() => webSocket.terminate(), CLOSE_MS).unref()
}

function isJson({ headers }: StreamResponse): boolean {
  return headers['content-type']?.startsWith('application/json') === true
}

/** Takes whole messages from the beginning of the bytes, and gives how many bytes these took. */
type Split = (bytes: Buffer, take: (message: Buffer) => void) => number

const wholeChunks: Split = (bytes, take) => {
  take(bytes)
  return bytes.length
}

const lines: Split = (bytes, take) => {
  let from = 0
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, from)) {
    take(bytes.subarray(from, end + 1))
    from = end + 1
  }
  return from
}

/** Each after its length, as protocol buffers are told of in a watch. */
const frames: Split = (bytes, take) => {
  let from = 0
  while (bytes.length - from >= LENGTH_BYTES) {
    const end = from + LENGTH_BYTES + bytes.readUInt32BE(from)
    if (end > bytes.length) break
    take(bytes.subarray(from + LENGTH_BYTES, end))
    from = end
  }
  return from
}

/** After the client is gone bytes are dropped; the request's signal says so. */
class MessageSink implements StreamSink {
  readonly #webSocket: WebSocket
  readonly #split: Split
  readonly #form: 'text' | 'binary' | 'base64'
  /** The beginning of a message whose end has not come. */
  #rest: Buffer = Buffer.alloc(0)
  #unsentBytes = 0
  #waiting: (() => void)[] = []

  constructor(webSocket: WebSocket, split: Split, form: 'text' | 'binary' | 'base64') {
    this.#webSocket = webSocket
    this.#split = split
    this.#form = form
    webSocket.on('close', () => this.#settle())
  }

  write(bytes: Uint8Array): boolean {
    this.writeThen(bytes, () => undefined)
    return this.#unsentBytes === 0
  }

  writeThen(bytes: Uint8Array, taken: () => void): void {
    if (this.#isOver) return taken()
    // The bytes of others may change once they are taken: a message outlives them.
    const all = Buffer.concat([this.#rest, bytes])
    this.#unsentBytes += bytes.length
    let unsent = 1
    const sent = (): void => {
      if (--unsent > 0) return
      this.#unsentBytes -= bytes.length
      if (this.#unsentBytes === 0) this.#settle()
      taken()
    }
    const used = this.#split(all, (message) => {
      unsent++
      this.#send(message, sent)
    })
    this.#rest = all.subarray(used)
    if (this.#rest.length > EVENT_BYTES) this.#webSocket.terminate()
    sent()
  }

  backlogBytes(): number {
    return this.#unsentBytes
  }

  drained(): Promise<void> {
    if (this.#unsentBytes === 0 || this.#isOver) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #send(message: Buffer, sent: () => void): void {
    if (this.#form === 'base64') this.#webSocket.send(message.toString('base64'), { binary: false }, sent)
    else this.#webSocket.send(message, { binary: this.#form === 'binary' }, sent)
  }

  #settle(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  get #isOver(): boolean {
    return this.#webSocket.readyState !== this.#webSocket.OPEN
  }
}
