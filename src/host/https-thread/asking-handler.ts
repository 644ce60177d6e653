import type { Peer, ServerResponse, TunnelTarget } from '../../apiserver/http.ts'
import { oncePer } from '../../words/once-per.ts'
import { CLIENT_GONE, type IncomingRequest } from '../server-request.ts'
import type { StreamSink } from '../response-writer.ts'
import { Outbox } from './outbox.ts'
import { ASKED, BODY, TOLD, type Packet, type RequestHead } from './packet.ts'
import { textOfThrown, thrownOfText } from './thrown-text.ts'

/** A body that says it is no larger comes with its request; of a larger one nothing is read before it is wanted. */
const INCLUDED_BODY_BYTES = 64 * 1024
const MAX_REQUEST = 0xffff_ffff
const utf8 = new TextEncoder()

/** In the thread that serves the network: has each request answered by the other thread. */
export class AskingHandler {
  readonly #outbox: Outbox
  readonly #exchanges = new Map<number, Exchange>()
  /** What clients took since the other thread was last told. */
  readonly #taken = new Map<number, number>()
  readonly #blocks: Uint8Array[] = []
  readonly #peerText = oncePer((peer: Peer) => JSON.stringify(peer))
  /** Answers of which pieces came in this turn of the event loop. */
  #unflushed: ComingAnswer[] = []
  readonly #dirty: (answer: ComingAnswer) => void
  #lastRequest = 0

  constructor(port: ConstructorParameters<typeof Outbox>[0]) {
    this.#outbox = new Outbox(port)
    const flush = (): void => {
      const answers = this.#unflushed
      this.#unflushed = []
      for (const answer of answers) answer.flush()
    }
    this.#dirty = (answer) => {
      if (this.#unflushed.push(answer) === 1) setImmediate(flush)
    }
  }

  handle(request: IncomingRequest): Promise<ServerResponse> {
    const number = this.#freeNumber()
    return new Promise((resolve, reject) => {
      this.#exchanges.set(number, { request, resolve, reject, answer: undefined, isAsked: false, isGone: false })
      request.whenAborted(this.#abort.bind(this, number))
      if (!comesWithBody(request)) return this.#ask(number, request, BODY.onDemand)
      request.body(INCLUDED_BODY_BYTES).then(
        (body) => this.#ask(number, request, BODY.included, body),
        (error) => this.#ask(number, request, BODY.failed, utf8.encode(textOfThrown(error))),
      )
    })
  }

  /** A block of memory that the other thread fills, by its number. */
  show(block: number, buffer: SharedArrayBuffer): void {
    this.#blocks[block] = new Uint8Array(buffer)
  }

  /** What the other thread has told. */
  take({ kind, request, count, text, bytes }: Packet): void {
    const exchange = this.#exchanges.get(request)
    if (kind === TOLD.block) return this.#passBlock(request, exchange?.answer, count)
    if (exchange === undefined) return
    switch (kind) {
      case TOLD.whole:
        this.#exchanges.delete(request)
        return exchange.resolve({ type: 'whole', status: count, headers: JSON.parse(text), body: bytes.length === 0 ? [] : [bytes] })
      case TOLD.begin: {
        const answer = new ComingAnswer({ took: this.#tookBytes.bind(this, request), dirty: this.#dirty })
        exchange.answer = answer
        // This server's own connections call it.
        return exchange.resolve({
          type: 'stream', status: count, headers: JSON.parse(text), isLasting: true, send: (sink: StreamSink) => answer.send(sink),
        })
      }
      case TOLD.data: return exchange.answer?.write(bytes)
      case TOLD.end:
        this.#end(request, exchange)
        return exchange.answer === undefined ? exchange.reject(CLIENT_GONE) : exchange.answer.end()
      case TOLD.broken:
        this.#end(request, exchange)
        return exchange.answer?.fail(thrownOfText(text))
      case TOLD.wantBody: return this.#sendBody(request, exchange.request, count)
      case TOLD.tunnel:
        this.#exchanges.delete(request)
        return exchange.resolve({ type: 'tunnel', target: JSON.parse(text) as TunnelTarget })
    }
  }

  /** The block is given back in any case. */
  #passBlock(request: number, answer: ComingAnswer | undefined, block: number): void {
    const bytes = this.#blocks[block]
    const taken = (): void => this.#outbox.add(ASKED.blockTaken, request, block, '')
    if (answer === undefined || bytes === undefined) taken()
    else answer.write(bytes, taken)
  }

  #freeNumber(): number {
    do this.#lastRequest = this.#lastRequest === MAX_REQUEST ? 1 : this.#lastRequest + 1
    while (this.#exchanges.has(this.#lastRequest))
    return this.#lastRequest
  }

  #ask(number: number, request: IncomingRequest, body: number, bytes?: Uint8Array): void {
    const exchange = this.#exchanges.get(number)
    // The client went while its body was read.
    if (exchange?.request !== request) return
    exchange.isAsked = true
    const { method, path, query, headers, peer } = request
    const head: RequestHead = { method, target: query === '' ? path : `${path}?${query}`, headers, peer: this.#peerText(peer) }
    this.#outbox.add(ASKED.request, number, body, JSON.stringify(head), bytes === undefined ? undefined : [bytes])
  }

  #sendBody(number: number, request: IncomingRequest, maxBytes: number): void {
    request.body(maxBytes).then(
      (body) => this.#outbox.add(ASKED.body, number, 0, '', [body]),
      (error) => this.#outbox.add(ASKED.bodyFailed, number, 0, textOfThrown(error)),
    )
  }

  /** The exchange ends when the other thread is done with it: it is what a connection may have only so many of. */
  #abort(number: number): void {
    const exchange = this.#exchanges.get(number)
    if (exchange === undefined) return
    exchange.isGone = true
    if (exchange.isAsked) return this.#outbox.add(ASKED.aborted, number, 0, '')
    this.#end(number, exchange)
    exchange.reject(CLIENT_GONE)
  }

  #end(number: number, { isGone, answer }: Exchange): void {
    this.#exchanges.delete(number)
    this.#taken.delete(number)
    if (isGone) answer?.drop()
  }

  /** Told once for all that is taken in a turn of the event loop. */
  #tookBytes(number: number, bytes: number): void {
    if (!this.#exchanges.has(number)) return
    if (this.#taken.size === 0) setImmediate(() => this.#tellTaken())
    this.#taken.set(number, (this.#taken.get(number) ?? 0) + bytes)
  }

  #tellTaken(): void {
    for (const [number, bytes] of this.#taken) this.#outbox.add(ASKED.taken, number, bytes, '')
    this.#taken.clear()
  }
}

interface Exchange {
  readonly request: IncomingRequest
  readonly resolve: (response: ServerResponse) => void
  readonly reject: (error: Error) => void
  answer: ComingAnswer | undefined
  /** The other thread knows of it. */
  isAsked: boolean
  isGone: boolean
}

function comesWithBody({ method, headers }: IncomingRequest): boolean {
  const length = headers['content-length']
  return length !== undefined && method !== 'GET' && Number(length) <= INCLUDED_BODY_BYTES
}

interface ComingAnswerParts {
  took(bytes: number): void
  /** Asked to flush the answer at the end of this turn of the event loop. */
  dirty(answer: ComingAnswer): void
}

/**
 * An answer that comes in pieces. Those of one turn of the event loop are one write, which costs more than to join them: the busier the
 * thread is, the more events a watcher gets at once. Those that are here before the connection is ready for them wait.
 */
class ComingAnswer {
  readonly #parts: ComingAnswerParts
  #pieces: Piece[] = []
  #sink: StreamSink | undefined
  /** What the sink has that its client has not. */
  #behindBytes = 0
  readonly #done = Promise.withResolvers<void>()

  constructor(parts: ComingAnswerParts) {
    this.#parts = parts
    // It may fail before anybody waits for it.
    this.#done.promise.catch(() => undefined)
  }

  /** Resolves at the answer's end. */
  send(sink: StreamSink): Promise<void> {
    this.#sink = sink
    this.flush()
    return this.#done.promise
  }

  /** taken: of bytes that must not change before it is called. */
  write(bytes: Uint8Array, taken?: () => void): void {
    if (this.#pieces.length === 0) this.#parts.dirty(this)
    this.#pieces.push({ bytes, taken })
  }

  end(): void {
    this.flush()
    this.#done.resolve()
  }

  fail(error: Error): void {
    this.flush()
    this.#done.reject(error)
  }

  /** The client was gone before anything of it was sent. */
  drop(): void {
    for (const { taken } of this.#pieces.splice(0)) taken?.()
  }

  flush(): void {
    const sink = this.#sink
    if (sink === undefined || this.#pieces.length === 0) return
    const pieces = this.#pieces
    this.#pieces = []
    let joined: Uint8Array[] = []
    for (const { bytes, taken } of pieces) {
      if (taken === undefined) {
        joined.push(bytes)
        continue
      }
      this.#pass(sink, joined)
      joined = []
      sink.writeThen(bytes, taken)
    }
    this.#pass(sink, joined)
  }

  #pass(sink: StreamSink, joined: readonly Uint8Array[]): void {
    const [first] = joined
    if (first === undefined) return
    const bytes = joined.length === 1 ? first : Buffer.concat(joined)
    const isTaken = sink.write(bytes)
    if (this.#behindBytes > 0) this.#behindBytes += bytes.length
    else if (isTaken) this.#parts.took(bytes.length)
    else {
      this.#behindBytes = bytes.length
      void sink.drained().then(() => {
        this.#parts.took(this.#behindBytes)
        this.#behindBytes = 0
      })
    }
  }
}

interface Piece {
  readonly bytes: Uint8Array
  readonly taken: (() => void) | undefined
}
