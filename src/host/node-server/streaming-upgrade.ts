import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { request } from '../node-http.ts'

const CONNECT_TIMEOUT_MS = 30_000
const REFUSAL_LIMIT_BYTES = 4096

export interface Upgraded {
  readonly socket: Socket
  readonly head: Buffer
  readonly headers: IncomingHttpHeaders
}

/** The runtime's stream server answered otherwise. */
export class StreamRefused extends Error {
  override readonly name = 'StreamRefused'
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** Turns a stream URL of the runtime (good for one use, on loopback) into a SPDY connection that speaks one of the protocols. */
export function upgradeToSpdy(url: string, protocols: readonly string[], signal: AbortSignal): Promise<Upgraded> {
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      method: 'POST',
      headers: { Connection: 'Upgrade', Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': [...protocols], 'Content-Length': 0 },
      agent: false,
      signal,
      timeout: CONNECT_TIMEOUT_MS,
    })
    asked.on('upgrade', (response, socket, head) => {
      const stream = socket as Socket
      stream.setTimeout(0)
      stream.setNoDelay(true)
      // Without any listener an error would end the process; the 'close' after it tells whoever uses the stream.
      stream.on('error', () => stream.destroy())
      // The signal of the request reaches no further than its answer.
      const onAbort = (): void => void stream.destroy()
      if (signal.aborted) onAbort()
      else signal.addEventListener('abort', onAbort, { once: true })
      stream.on('close', () => signal.removeEventListener('abort', onAbort))
      resolve({ socket: stream, head, headers: response.headers })
    })
    asked.on('response', (response) => {
      readStart(response).then((text) => reject(new StreamRefused(response.statusCode ?? 500, text.trim())), reject)
    })
    asked.on('timeout', () => asked.destroy(new Error('The container runtime did not answer in time')))
    asked.on('error', reject)
    asked.end()
  })
}

async function readStart(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response) {
    text += String(chunk)
    if (text.length > REFUSAL_LIMIT_BYTES) break
  }
  return text.slice(0, REFUSAL_LIMIT_BYTES)
}
