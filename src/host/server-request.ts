import type { Peer, ServerRequest, ServerResponse } from '../apiserver/http.ts'

/** Reads the bodies of many requests; Source is what it reads one from. */
export interface Bodies<Source> {
  read(source: Source, maxBytes: number, declaredLength: string | undefined): Promise<Uint8Array>
}

export interface RequestParts<Source> {
  readonly method: string
  /** As in the request line, with the query. */
  readonly target: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly peer: Peer
  readonly source: Source
  readonly bodies: Bodies<Source>
}

/** A Handler, or one that wants more of a request than that. */
export type RequestHandler = (request: IncomingRequest) => ServerResponse | Promise<ServerResponse>

export interface Abortable {
  abort(): void
}

/** One for all: the engine would make a new error with a stack trace for each abort. */
export const CLIENT_GONE = new Error('the client is gone, or the server closes')

/** A request under way. A class, because an object with a getter and closures of its own costs ten times as much to make. */
export class IncomingRequest<Source = unknown> implements ServerRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: ServerRequest['headers']
  readonly peer: Peer
  readonly #source: Source
  readonly #bodies: Bodies<Source>
  #body: Promise<Uint8Array> | undefined
  #whenAborted: (() => void) | undefined
  /** Most requests never look at their signal: it is made on demand. */
  #controller: AbortController | undefined
  #isAborted = false

  constructor({ method, target, headers, peer, source, bodies }: RequestParts<Source>) {
    const question = target.indexOf('?')
    this.method = method
    this.path = question === -1 ? target : target.slice(0, question)
    this.query = question === -1 ? '' : target.slice(question + 1)
    this.headers = singleHeaders(headers)
    this.peer = peer
    this.#source = source
    this.#bodies = bodies
  }

  /** Who asks again gets what was read the first time. */
  body(maxBytes: number): Promise<Uint8Array> {
    this.#body ??= this.#bodies.read(this.#source, maxBytes, this.headers['content-length'])
    return this.#body
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#isAborted) this.#controller.abort(CLIENT_GONE)
    return this.#controller.signal
  }

  /** What the signal tells, for one who needs it for every request: a signal costs as much as a small request. */
  whenAborted(action: () => void): void {
    this.#whenAborted = action
  }

  /** What tells its signal of the end, without the rest of the request: for an answer that may last for hours. */
  get ending(): Abortable {
    if (this.#whenAborted !== undefined || this.#isAborted) return this
    const controller = (this.#controller ??= new AbortController())
    return { abort: () => controller.abort(CLIENT_GONE) }
  }

  /** The client is gone, or the server closes. */
  abort(): void {
    this.#isAborted = true
    this.#controller?.abort(CLIENT_GONE)
    this.#whenAborted?.()
  }
}

/** Node joins repeated headers with commas, except set-cookie, which no client sends to an API. */
function singleHeaders(headers: RequestParts<unknown>['headers']): Readonly<Record<string, string | undefined>> {
  if (!('set-cookie' in headers)) return headers as Readonly<Record<string, string | undefined>>
  const { 'set-cookie': _, ...single } = headers
  return single as Readonly<Record<string, string | undefined>>
}
