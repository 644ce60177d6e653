import type { Readable } from 'node:stream'
import type { Peer, ServerRequest } from '../apiserver/http.ts'
import type { BodyReader } from './request-body.ts'

export interface RequestParts {
  readonly method: string
  /** As in the request line, with the query. */
  readonly target: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly peer: Peer
  readonly stream: Readable
  readonly bodies: BodyReader
}

/** One for all: the engine would make a new error with a stack trace for each abort. */
const CLIENT_GONE = new Error('the client is gone, or the server closes')

/** A request under way. A class, because an object with a getter and closures of its own costs ten times as much to make. */
export class IncomingRequest implements ServerRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: ServerRequest['headers']
  readonly peer: Peer
  readonly #stream: Readable
  readonly #bodies: BodyReader
  /** Most requests never look at their signal: it is made on demand. */
  #controller: AbortController | undefined
  #isAborted = false

  constructor({ method, target, headers, peer, stream, bodies }: RequestParts) {
    const question = target.indexOf('?')
    this.method = method
    this.path = question === -1 ? target : target.slice(0, question)
    this.query = question === -1 ? '' : target.slice(question + 1)
    this.headers = singleHeaders(headers)
    this.peer = peer
    this.#stream = stream
    this.#bodies = bodies
  }

  body(maxBytes: number): Promise<Uint8Array> {
    return this.#bodies.read(this.#stream, maxBytes, this.headers['content-length'])
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#isAborted) this.#controller.abort(CLIENT_GONE)
    return this.#controller.signal
  }

  /** The client is gone, or the server closes. */
  abort(): void {
    this.#isAborted = true
    this.#controller?.abort(CLIENT_GONE)
  }
}

/** Node joins repeated headers with commas, except set-cookie, which no client sends to an API. */
function singleHeaders(headers: RequestParts['headers']): Readonly<Record<string, string | undefined>> {
  if (!('set-cookie' in headers)) return headers as Readonly<Record<string, string | undefined>>
  const { 'set-cookie': _, ...single } = headers
  return single as Readonly<Record<string, string | undefined>>
}
