import { BLOCK_BYTES, type CopyingSink, type Handler, type Peer, type ResponseHeaders, type ServerResponse } from '../../apiserver/http.ts'
import type { Log } from '../../words/ports.ts'
import { noteFailedRequest } from '../failed-request.ts'
import { bodyCut, bodyTooLarge } from '../request-body.ts'
import { piecesOf, statusBody } from '../response-writer.ts'
import { IncomingRequest, type Abortable, type Bodies } from '../server-request.ts'
import type { Outbox } from './outbox.ts'
import { ASKED, BODY, TOLD, type Packet, type RequestHead } from './packet.ts'
import type { SharedBlocks } from './shared-blocks.ts'
import { textOfThrown, thrownOfText } from './thrown-text.ts'

/** A whole answer that is larger goes in pieces, so that no more of it than the window is in the memory twice. */
const WHOLE_BYTES = 256 * 1024
/** What the other thread may have of an answer before its client has taken it: then drained() waits, as a stream of Node would. */
const WINDOW_BYTES = 512 * 1024
const MAX_PEERS = 1_000
const NO_BYTES = new Uint8Array()
const decoder = new TextDecoder()

export interface AnsweringParts {
  readonly handler: Handler
  readonly log: Log
  readonly outbox: Outbox
  readonly blocks: SharedBlocks
}

/** In the thread that answers: calls the handler for what the thread asks that serves the network. */
export class Answering {
  readonly #handler: Handler
  readonly #log: Log
  readonly #outbox: Outbox
  readonly #blocks: SharedBlocks
  readonly #bodies: Bodies<AskedBody>
  readonly #requests = new Map<number, UnderWay>()
  readonly #peers = new Map<string, Peer>()

  constructor({ handler, log, outbox, blocks }: AnsweringParts) {
    this.#handler = handler
    this.#log = log
    this.#outbox = outbox
    this.#blocks = blocks
    this.#bodies = { read: (source, maxBytes, declaredLength) => this.#readBody(source, maxBytes, declaredLength) }
  }

  take({ kind, request, count, text, bytes }: Packet): void {
    if (kind === ASKED.request) return this.#serve(request, count, text, bytes)
    // Of a request that is over, too.
    if (kind === ASKED.blockTaken) this.#blocks.free(count)
    const underWay = this.#requests.get(request)
    if (underWay === undefined) return
    switch (kind) {
      case ASKED.body: return underWay.body.resolve?.(bytes)
      case ASKED.bodyFailed: return underWay.body.reject?.(thrownOfText(text))
      case ASKED.taken: return underWay.sink?.took(count)
      case ASKED.blockTaken: return underWay.sink?.took(BLOCK_BYTES)
      case ASKED.aborted:
        underWay.isGone = true
        underWay.body.reject?.(bodyCut())
        underWay.sink?.gone()
        return underWay.ending.abort()
    }
  }

  /** What is answered at once costs no promise. */
  #serve(number: number, body: number, text: string, bytes: Uint8Array): void {
    const { method, target, headers, peer } = JSON.parse(text) as RequestHead
    // No bytes are a view of the whole packet too, which would be kept as long as a watch.
    const source: AskedBody = { number, kind: body, bytes: bytes.length === 0 ? NO_BYTES : bytes, resolve: undefined, reject: undefined }
    const incoming = new IncomingRequest({ method, target, headers, peer: this.#peer(peer), source, bodies: this.#bodies })
    const underWay: UnderWay = { incoming, ending: incoming, body: source, sink: undefined, isGone: false }
    this.#requests.set(number, underWay)
    try {
      const response = this.#handler(incoming)
      if (response instanceof Promise) void this.#answerLater(number, underWay, response)
      else this.#answer(number, underWay, response)
    } catch (error) {
      this.#fail(number, underWay, error)
    }
  }

  async #answerLater(number: number, underWay: UnderWay, response: Promise<ServerResponse>): Promise<void> {
    try {
      this.#answer(number, underWay, await response)
    } catch (error) {
      this.#fail(number, underWay, error)
    }
  }

  #answer(number: number, underWay: UnderWay, response: ServerResponse): void {
    if (underWay.isGone) return this.#end(number, TOLD.end, 0, '')
    if (response.type === 'tunnel') return this.#end(number, TOLD.tunnel, 0, JSON.stringify(response.target))
    if (response.type === 'stream') return this.#stream(number, underWay, response, response.send)
    const { status, body } = response
    const lengthBytes = body.reduce((sum, part) => sum + part.length, 0)
    if (lengthBytes <= WHOLE_BYTES) return this.#end(number, TOLD.whole, status, JSON.stringify(response.headers), body)
    // Who has the client's connection cannot count it beforehand.
    const headers = { ...response.headers, 'content-length': String(lengthBytes) }
    this.#stream(number, underWay, { status, headers }, (sink) => sendInPieces(body, sink))
  }

  #stream(
    number: number, underWay: UnderWay, { status, headers }: { readonly status: number; readonly headers: ResponseHeaders },
    send: (this: void, sink: ThreadSink) => Promise<void>,
  ): void {
    const sink = new ThreadSink(number, this.#outbox, this.#blocks)
    underWay.sink = sink
    if (underWay.incoming !== undefined) underWay.ending = underWay.incoming.ending
    underWay.incoming = undefined
    this.#outbox.add(TOLD.begin, number, status, JSON.stringify(headers))
    send(sink).then(() => this.#end(number, TOLD.end, 0, ''), (error) => this.#end(number, TOLD.broken, 0, textOfThrown(error)))
  }

  #fail(number: number, { incoming }: UnderWay, error: unknown): void {
    if (incoming !== undefined) noteFailedRequest(this.#log, incoming, error)
    const { code, body } = statusBody(error)
    this.#end(number, TOLD.whole, code, '{"content-type":"application/json"}', [body])
  }

  /** The last packet about a request. It is sent to who is gone, too: until then the request counts as one that the handler works on. */
  #end(number: number, kind: number, count: number, text: string, body?: readonly Uint8Array[]): void {
    this.#requests.delete(number)
    this.#outbox.add(kind, number, count, text, body)
  }

  #readBody(source: AskedBody, maxBytes: number, declaredLength: string | undefined): Promise<Uint8Array> {
    if (declaredLength !== undefined && Number(declaredLength) > maxBytes) return Promise.reject(bodyTooLarge(maxBytes))
    if (source.kind === BODY.failed) return Promise.reject(thrownOfText(decoder.decode(source.bytes)))
    if (source.kind === BODY.included) {
      return source.bytes.length > maxBytes ? Promise.reject(bodyTooLarge(maxBytes)) : Promise.resolve(source.bytes)
    }
    return new Promise((resolve, reject) => {
      source.resolve = resolve
      source.reject = reject
      this.#outbox.add(TOLD.wantBody, source.number, maxBytes, '')
    })
  }

  /** The same object for all requests of a client, as long as there are not too many. */
  #peer(text: string): Peer {
    let peer = this.#peers.get(text)
    if (peer !== undefined) return peer
    if (this.#peers.size >= MAX_PEERS) this.#peers.clear()
    peer = { certificate: undefined, ...JSON.parse(text) as Pick<Peer, 'address'> }
    this.#peers.set(text, peer)
    return peer
  }
}

interface AskedBody {
  readonly number: number
  /** One of BODY. */
  readonly kind: number
  readonly bytes: Uint8Array
  /** Of who waits for a body on demand. */
  resolve: ((body: Uint8Array) => void) | undefined
  reject: ((error: Error) => void) | undefined
}

interface UnderWay {
  /** Undefined while its answer goes on, which needs only what ends it: a watch may last for hours. */
  incoming: IncomingRequest<AskedBody> | undefined
  ending: Abortable
  readonly body: AskedBody
  sink: ThreadSink | undefined
  isGone: boolean
}

async function sendInPieces(body: readonly Uint8Array[], sink: ThreadSink): Promise<void> {
  for (const piece of piecesOf(body)) if (!sink.writePiece(piece)) await sink.drained()
}

/** An answer's way to its client, whose connection the other thread has. */
class ThreadSink implements CopyingSink {
  readonly #request: number
  readonly #outbox: Outbox
  readonly #blocks: SharedBlocks
  #backlogBytes = 0
  #isGone = false
  #waiting: (() => void)[] = []

  constructor(request: number, outbox: Outbox, blocks: SharedBlocks) {
    this.#request = request
    this.#outbox = outbox
    this.#blocks = blocks
  }

  write(bytes: Uint8Array): boolean {
    return this.writePiece([bytes])
  }

  /** Shared memory is a copy; where there is none, the bytes wait for this turn of the event loop to end. */
  writeCopy(bytes: Uint8Array): boolean {
    if (this.#isGone) return true
    if (bytes.length !== BLOCK_BYTES || !this.#passBlock([bytes])) this.#outbox.add(TOLD.data, this.#request, 0, '', [bytes.slice()])
    return this.#counted(bytes.length)
  }

  /** As one write of all parts. */
  writePiece(parts: readonly Uint8Array[]): boolean {
    if (this.#isGone) return true
    let bytes = 0
    for (const part of parts) bytes += part.length
    if (bytes !== BLOCK_BYTES || !this.#passBlock(parts)) this.#outbox.add(TOLD.data, this.#request, 0, '', parts)
    return this.#counted(bytes)
  }

  /** False: no block is free. */
  #passBlock(parts: readonly Uint8Array[]): boolean {
    const block = this.#blocks.fill(parts)
    if (block === undefined) return false
    this.#outbox.add(TOLD.block, this.#request, block, '')
    return true
  }

  #counted(bytes: number): boolean {
    this.#backlogBytes += bytes
    return this.#backlogBytes < WINDOW_BYTES
  }

  backlogBytes(): number {
    return this.#backlogBytes
  }

  drained(): Promise<void> {
    if (this.#backlogBytes < WINDOW_BYTES) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  took(bytes: number): void {
    this.#backlogBytes -= bytes
    if (this.#backlogBytes < WINDOW_BYTES) this.#wake()
  }

  gone(): void {
    this.#isGone = true
    this.#backlogBytes = 0
    this.#wake()
  }

  #wake(): void {
    for (const resume of this.#waiting.splice(0)) resume()
  }
}
