import type { RequestOptions } from 'node:https'
import { request } from 'node:https'

export interface WholeAnswer {
  /** 0 where the other side gave none. */
  readonly status: number
  readonly body: Buffer
  readonly etag: string | undefined
  /** '' where it says none. */
  readonly contentType: string
}

export interface AnswerLimits {
  readonly maxBytes: number
  readonly timeoutMs: number
  /** What is said of an answer that does not come, in front of "no answer within". */
  readonly late?: string
}

/** One request over TLS, and its answer whole. Rejects with what the connection says, or that the answer is late or larger than the limit. */
export function wholeAnswer(options: RequestOptions, body: Buffer | undefined, limits: AnswerLimits): Promise<WholeAnswer> {
  const { maxBytes, timeoutMs, late = '' } = limits
  return new Promise((resolve, reject) => {
    const outgoing = request(options)
    const timer = setTimeout(() => outgoing.destroy(new Error(`${late}no answer within ${timeoutMs / 1000} seconds`)), timeoutMs)
    outgoing.on('close', () => clearTimeout(timer))
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = []
      let received = 0
      response.on('data', (chunk: Buffer) => {
        received += chunk.length
        if (received > maxBytes) outgoing.destroy(new Error(`the answer is larger than ${maxBytes} bytes`))
        else chunks.push(chunk)
      })
      response.on('error', reject)
      response.on('end', () => {
        const { statusCode: status = 0, headers: { etag, 'content-type': contentType = '' } } = response
        resolve({ status, body: Buffer.concat(chunks), etag, contentType })
      })
    })
    outgoing.end(body)
  })
}
