import type { Readable } from 'node:stream'
import { badRequest, tooLarge, type StatusError } from '../words/status-error.ts'
import type { BodiesUnderWay } from './bodies-under-way.ts'

const NOTHING = new Uint8Array(0)
/** Reads the bodies of requests. */
export class BodyReader {
  readonly #until: 'end' | 'length'
  readonly #underWay: BodiesUnderWay

  /** length: a body that came as long as it was declared is complete; its stream waits for somebody to resume it. */
  constructor(until: 'end' | 'length', underWay: BodiesUnderWay) {
    this.#until = until
    this.#underWay = underWay
  }

  /** Reads a request's body to its end. Rejects with a StatusError when it is too large, too slow or cut off. */
  read(stream: Readable, maxBytes: number, declaredLength: string | undefined): Promise<Uint8Array> {
    if (stream.readableEnded) return Promise.resolve(NOTHING)
    const declaredBytes = declaredLength === undefined ? -1 : Number(declaredLength)
    if (declaredBytes > maxBytes) return Promise.reject(bodyTooLarge(maxBytes))
    return new Promise((resolve, reject) => {
      const chunks: Uint8Array[] = []
      let length = 0
      const stop = (): void => {
        this.#underWay.end(reading)
        stream.off('data', onData).off('end', onEnd).off('close', onCut)
      }
      const fail = (error: StatusError): void => {
        stop()
        stream.pause()
        reject(error)
      }
      const onEnd = (): void => {
        // Where a connection breaks within a body, its stream of HTTP/2 ends as if it were whole, and a part of a document may be one too.
        if (stream.closed) return onCut()
        stop()
        resolve(chunks.length === 1 ? (chunks[0] ?? NOTHING) : Buffer.concat(chunks, length))
      }
      const onData = (chunk: Uint8Array): void => {
        length += chunk.length
        if (length > maxBytes) return fail(bodyTooLarge(maxBytes))
        chunks.push(chunk)
        this.#underWay.received(reading, chunk.length)
        if (length !== declaredBytes || this.#until === 'end') return
        // A stream of HTTP/2 whose end was read is destroyed before its answer is out, which costs an Error with its stack trace:
        // while a byte is left, its end waits.
        stream.pause()
        stream.unshift(chunk.subarray(0, 1))
        onEnd()
      }
      const onCut = (): void => fail(bodyCut())
      const reading = { lastMs: performance.now(), heldBytes: 0, giveUp: fail }
      this.#underWay.begin(reading)
      stream.on('data', onData).on('end', onEnd).on('close', onCut)
    })
  }
}

export function bodyTooLarge(maxBytes: number): StatusError {
  return tooLarge(`the request body is larger than ${maxBytes} bytes`)
}

export function bodyCut(): StatusError {
  return badRequest('the connection ended in the middle of the request body')
}
