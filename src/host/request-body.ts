import type { Readable } from 'node:stream'
import { StatusError, badRequest, tooLarge } from '../words/status-error.ts'
import { HTTPS_LIMITS } from './https-limits.ts'

const NOTHING = new Uint8Array(0)
const CHECK_EVERY_MS = 1_000

interface Reading {
  /** When the last bytes came. */
  lastMs: number
  readonly giveUp: () => void
}

/** Reads the bodies of requests. One timer looks after all that are under way, because one for each would cost more than many a read. */
export class BodyReader {
  readonly #underWay = new Set<Reading>()
  readonly #until: 'end' | 'length'
  #timer: NodeJS.Timeout | undefined

  /** length: a body that came as long as it was declared is complete; its stream waits for somebody to resume it. */
  constructor(until: 'end' | 'length') {
    this.#until = until
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
        this.#underWay.delete(reading)
        stream.off('data', onData).off('end', onEnd).off('close', onCut)
      }
      const fail = (error: StatusError): void => {
        stop()
        stream.pause()
        reject(error)
      }
      const onEnd = (): void => {
        stop()
        resolve(chunks.length === 1 ? (chunks[0] ?? NOTHING) : Buffer.concat(chunks, length))
      }
      const onData = (chunk: Uint8Array): void => {
        length += chunk.length
        if (length > maxBytes) return fail(bodyTooLarge(maxBytes))
        chunks.push(chunk)
        reading.lastMs = performance.now()
        if (length !== declaredBytes || this.#until === 'end') return
        // A stream of HTTP/2 whose end was read is destroyed before its answer is out, which costs an Error with its stack trace:
        // while a byte is left, its end waits.
        stream.pause()
        stream.unshift(chunk.subarray(0, 1))
        onEnd()
      }
      const onCut = (): void => fail(bodyCut())
      const onIdle = (): void =>
        fail(new StatusError(408, 'Timeout', `the request body made no progress for ${HTTPS_LIMITS.bodyIdleTimeoutMs / 1000} seconds`))
      const reading: Reading = { lastMs: performance.now(), giveUp: onIdle }
      this.#underWay.add(reading)
      this.#timer ??= setTimeout(() => this.#check(), CHECK_EVERY_MS).unref()
      stream.on('data', onData).on('end', onEnd).on('close', onCut)
    })
  }

  #check(): void {
    const tooOldMs = performance.now() - HTTPS_LIMITS.bodyIdleTimeoutMs
    for (const reading of this.#underWay) if (reading.lastMs <= tooOldMs) reading.giveUp()
    this.#timer = this.#underWay.size === 0 ? undefined : setTimeout(() => this.#check(), CHECK_EVERY_MS).unref()
  }
}

export function bodyTooLarge(maxBytes: number): StatusError {
  return tooLarge(`the request body is larger than ${maxBytes} bytes`)
}

export function bodyCut(): StatusError {
  return badRequest('the connection ended in the middle of the request body')
}
