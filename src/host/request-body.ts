import type { Readable } from 'node:stream'
import { StatusError, badRequest, tooLarge } from '../words/status-error.ts'
import { HTTPS_LIMITS } from './https-limits.ts'

const NOTHING = new Uint8Array(0)

/** Reads a request's body to its end. Rejects with a StatusError when it is too large, too slow or cut off. */
export function readBody(stream: Readable, maxBytes: number, declaredLength: string | undefined): Promise<Uint8Array> {
  if (stream.readableEnded) return Promise.resolve(NOTHING)
  if (declaredLength !== undefined && Number(declaredLength) > maxBytes) return Promise.reject(bodyTooLarge(maxBytes))
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let length = 0
    const stop = (): void => {
      clearTimeout(timer)
      stream.off('data', onData).off('end', onEnd).off('error', onCut).off('close', onCut)
    }
    const fail = (error: StatusError): void => {
      stop()
      stream.pause()
      reject(error)
    }
    const onData = (chunk: Uint8Array): void => {
      length += chunk.length
      if (length > maxBytes) return fail(bodyTooLarge(maxBytes))
      chunks.push(chunk)
      timer.refresh()
    }
    const onEnd = (): void => {
      stop()
      resolve(chunks.length === 1 ? (chunks[0] ?? NOTHING) : Buffer.concat(chunks, length))
    }
    const onCut = (): void => fail(badRequest('the connection ended in the middle of the request body'))
    const onIdle = (): void =>
      fail(new StatusError(408, 'Timeout', `the request body made no progress for ${HTTPS_LIMITS.bodyIdleTimeoutMs / 1000} seconds`))
    const timer = setTimeout(onIdle, HTTPS_LIMITS.bodyIdleTimeoutMs)
    stream.on('data', onData).on('end', onEnd).on('error', onCut).on('close', onCut)
  })
}

function bodyTooLarge(maxBytes: number): StatusError {
  return tooLarge(`the request body is larger than ${maxBytes} bytes`)
}
