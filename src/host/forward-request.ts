import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import type { ByteSink, ServerRequest, ServerResponse } from '../apiserver/http.ts'
import { StatusError, serviceUnavailable } from '../words/status-error.ts'
import { thrownMessage } from '../words/thrown.ts'

const BODY_BYTES = 4 * 1024 * 1024
/** What may wait for a client that reads slowly (a followed log, a watch); then the other side is made to wait. */
const BACKLOG_BYTES = 256 * 1024
/** Credentials of the client are for the API server alone; who is asked knows the API server by its certificate. */
export const NOT_FORWARDED: ReadonlySet<string> = new Set([
  'authorization', 'cookie', 'host', 'connection', 'transfer-encoding', 'keep-alive', 'te', 'http2-settings', 'proxy-authorization',
])

export interface ForwardTarget {
  readonly options: RequestOptions
  /** In place of what the client sent under these names; undefined: nothing. */
  readonly headers: OutgoingHttpHeaders
  readonly noAnswerMs: number
  unreachable(error: Error): Error
  /** Another place to go to is no answer: who asks would take it for one of ours. */
  readonly refusesRedirects?: boolean
  /** For errors: the agent of node one. */
  readonly who: string
}

/** Passes a request on, and its answer back as it comes. */
export async function forwardRequest(request: ServerRequest, to: ForwardTarget): Promise<Exclude<ServerResponse, { type: 'tunnel' }>> {
  const body = to.options.method === 'GET' ? undefined : await request.body(BODY_BYTES)
  return new Promise((resolve, reject) => {
    const headers = { ...forwardedHeaders(request), ...to.headers }
    for (const name of Object.keys(headers)) if (headers[name] === undefined) delete headers[name]
    const outgoing = httpsRequest({ ...to.options, headers, signal: request.signal })
    const timer = setTimeout(() => outgoing.destroy(new Error(`no answer within ${to.noAnswerMs / 1000} seconds`)), to.noAnswerMs)
    outgoing.on('error', (error) => {
      clearTimeout(timer)
      reject(to.unreachable(error))
    })
    outgoing.on('response', (answer) => {
      clearTimeout(timer)
      if (to.refusesRedirects === true && isRedirect(answer)) {
        answer.destroy()
        return reject(new StatusError(502, 'InternalError', 'the backend attempted to redirect this request, which is not permitted'))
      }
      const kept = Object.entries(answer.headers).flatMap(([name, value]) =>
        NOT_FORWARDED.has(name) || value === undefined ? [] : [[name, String(value)]]
      )
      const answered = { status: answer.statusCode ?? 502, headers: Object.fromEntries(kept) }
      resolve({ type: 'stream', ...answered, isLasting: true, send: (sink) => pour(to.who, answer, sink) })
    })
    outgoing.end(body)
  })
}

function isRedirect({ statusCode = 0, headers }: IncomingMessage): boolean {
  return statusCode >= 300 && statusCode < 400 && headers.location !== undefined
}

function forwardedHeaders({ headers }: ServerRequest): OutgoingHttpHeaders {
  const ownHop = hopNames(headers['connection'])
  const isForwarded = (name: string): boolean =>
    !name.startsWith(':') && !name.startsWith('impersonate-') && !NOT_FORWARDED.has(name) && !ownHop.has(name)
  return Object.fromEntries(Object.entries(headers).filter(([name]) => isForwarded(name)))
}

/** RFC 9110, 7.6.1: what Connection names is between those two alone who speak here. */
export function hopNames(connection: string | undefined): ReadonlySet<string> {
  return new Set((connection ?? '').toLowerCase().split(',').map((name) => name.trim()))
}

/** Stops reading from the other side while the client has much to take. */
async function pour(who: string, source: AsyncIterable<Uint8Array>, sink: ByteSink): Promise<void> {
  try {
    for await (const chunk of source) {
      sink.write(chunk)
      if (sink.backlogBytes() > BACKLOG_BYTES) await sink.drained()
    }
  } catch (error) {
    throw serviceUnavailable(`${who} broke off its answer: ${thrownMessage(error)}`)
  }
}
