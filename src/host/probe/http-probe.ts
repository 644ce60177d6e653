import type { IncomingMessage, RequestOptions } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { ProbeAnswer, ProbeTarget } from '../../node/prober.ts'
import { request as httpRequest } from '../node-http.ts'
import { dialError } from './dial-error.ts'

type HttpTarget = ProbeTarget & { type: 'http' }

const MAX_BODY_BYTES = 10 * 1024
const MAX_REDIRECTS = 10
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * A status of 200 to 399 is well. Redirects to the same host are followed (ten at most), one to another host ends the probe well: that
 * host's health is not the container's. Certificates are not checked.
 */
export async function probeHttp(target: HttpTarget, timeoutMs: number, signal: AbortSignal): Promise<ProbeAnswer> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  const first = new URL(`${target.scheme}://${host}:${target.port}${encodeURI(decoded(target.path))}`)
  let url = first
  try {
    for (let redirects = 0; ; redirects++) {
      const response = await get(url, target, limit)
      const body = await bodyOf(response)
      const status = response.statusCode ?? 0
      const location = response.headers.location
      if (!REDIRECTS.has(status) || location === undefined) return verdict(status, body)
      const next = new URL(location, url)
      if (next.hostname !== first.hostname) return { outcome: 'success', output: `Probe terminated redirects, Response body: ${body}` }
      if (redirects >= MAX_REDIRECTS) {
        return { outcome: 'failure', output: `Get ${JSON.stringify(next.href)}: stopped after ${MAX_REDIRECTS} redirects` }
      }
      url = next
    }
  } catch (error) {
    if (signal.aborted) return { outcome: 'unknown', output: 'the probe was called off' }
    const what = limit.aborted
      ? 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
      : dialError(target.host, Number(url.port) || target.port, error)
    return { outcome: 'failure', output: `Get ${JSON.stringify(url.href)}: ${what}` }
  }
}

/** A path may come already encoded; encoding it twice would ask for another one. */
function decoded(path: string): string {
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}

function verdict(status: number, body: string): ProbeAnswer {
  if (status >= 200 && status < 400) return { outcome: 'success', output: body }
  return { outcome: 'failure', output: `HTTP probe failed with statuscode: ${status}` }
}

function get(url: URL, target: HttpTarget, signal: AbortSignal): Promise<IncomingMessage> {
  const options: RequestOptions & { rejectUnauthorized: boolean } = {
    method: 'GET', headers: headersOf(target), signal, agent: false, rejectUnauthorized: false,
  }
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    send(url, options, resolve).on('error', reject).end()
  })
}

/** An empty value takes a default header away. */
function headersOf({ headers }: HttpTarget): Record<string, string | string[]> {
  const result: Record<string, string | string[]> = { 'user-agent': 'kube-probe/1.32', accept: '*/*', connection: 'close' }
  const own: Record<string, string[]> = {}
  for (const { name, value } of headers) (own[name.toLowerCase()] ??= []).push(value)
  for (const [name, values] of Object.entries(own)) {
    const only = values.length === 1 ? values[0] : undefined
    if (only === '' && (name === 'user-agent' || name === 'accept')) delete result[name]
    else result[name] = only ?? values
  }
  return result
}

async function bodyOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= MAX_BODY_BYTES) break
  }
  response.destroy()
  return Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES).toString('utf8')
}
