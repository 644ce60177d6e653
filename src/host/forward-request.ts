import type { ClientRequest, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import type { ByteSink, ServerRequest, ServerResponse, StreamResponse } from '../apiserver/http.ts'
import { StatusError, serviceUnavailable } from '../words/status-error.ts'
import { thrownMessage } from '../words/thrown.ts'
import { request as httpRequest } from './node-http.ts'

const BODY_BYTES = 4 * 1024 * 1024
/** What may wait for a client that reads slowly (a followed log, a watch); then the other side is made to wait. */
const BACKLOG_BYTES = 256 * 1024
/** Credentials of the client are for the API server alone; who is asked knows the API server by its certificate. */
export const NOT_FORWARDED: ReadonlySet<string> = new Set([
  'authorization', 'cookie', 'host', 'connection', 'transfer-encoding', 'keep-alive', 'te', 'http2-settings', 'proxy-authorization',
  'proxy-connection', 'expect',
])

/** Of an answer: what is for this hop too (RFC 9110, 7.8; RFC 9113, 8.2.2), and what would set cookies for this server. */
const NOT_ANSWERED: ReadonlySet<string> = new Set(['upgrade', 'trailer', 'set-cookie'])

export interface ForwardTarget {
  readonly options: RequestOptions
  /** In place of what the client sent under these names; undefined: nothing. */
  readonly headers: OutgoingHttpHeaders
  /** How long there may be no answer; undefined: as long as the client waits. */
  readonly noAnswerMs?: number
  /** How long there may be no connection. */
  readonly noConnectionMs?: number
  /** 4 MiB where nothing is said. */
  readonly maxBodyBytes?: number
  unreachable(error: Error): Error
  /** Another place to go to is no answer: who asks would take it for one of ours. */
  readonly refusesRedirects?: boolean
  /** For errors: the agent of node one. */
  readonly who: string
  /** What becomes of the answer on its way. Its headers are those that may be passed on. */
  received?(answer: IncomingMessage, headers: Readonly<Record<string, string>>): Received
}

export interface Received extends Pick<StreamResponse, 'headers' | 'cookies'> {
  readonly source: AsyncIterable<Uint8Array>
}

export type Forwarded = Exclude<ServerResponse, { type: 'tunnel' }>

/** Passes a request on, and its answer back as it comes. */
export async function forwardRequest(request: ServerRequest, to: ForwardTarget): Promise<Forwarded> {
  const body = await request.body(to.maxBodyBytes ?? BODY_BYTES)
  return new Promise((resolve, reject) => {
    const headers: OutgoingHttpHeaders = { ...forwardedHeaders(request), ...to.headers, 'content-length': lengthOf(request, body) }
    for (const name of Object.keys(headers)) if (headers[name] === undefined) delete headers[name]
    const ask = to.options.protocol === 'http:' ? httpRequest : httpsRequest
    const outgoing = ask({ ...to.options, headers, signal: request.signal })
    const answered = limitWait(outgoing, to)
    outgoing.on('error', (error) => {
      answered()
      reject(to.unreachable(error))
    })
    outgoing.on('response', (answer) => {
      answered()
      const status = answer.statusCode ?? 0
      if (status < 200 || status > 599) {
        answer.destroy()
        return reject(new StatusError(502, 'InternalError', `${to.who} answered with the status ${status}, which HTTP does not have`))
      }
      // No sink will come for what has no bytes.
      if (request.method === 'HEAD') answer.resume()
      if (to.refusesRedirects === true && isRedirect(answer)) {
        answer.destroy()
        return reject(new StatusError(502, 'InternalError', 'the backend attempted to redirect this request, which is not permitted'))
      }
      const passed = passedHeaders(answer)
      const { source, ...told }: Received = to.received?.(answer, passed) ?? { headers: passed, source: answer }
      resolve({ type: 'stream', status, ...told, isLasting: true, send: (sink) => pour(to.who, source, sink) })
    })
    outgoing.end(body.length === 0 ? undefined : body)
  })
}

/**
 * Node says no length of its own for GET, HEAD, DELETE and OPTIONS, and sends their bodies all the same: the other side would take them
 * for requests of this server (RFC 9112, 11.2).
 */
function lengthOf({ method }: ServerRequest, body: Uint8Array): string | undefined {
  return body.length > 0 || WITH_BODIES.has(method) ? String(body.length) : undefined
}

const WITH_BODIES: ReadonlySet<string> = new Set(['PATCH', 'POST', 'PUT'])

/** What it gives is called when there is an answer, or there will be none. */
function limitWait(outgoing: ClientRequest, { noAnswerMs, noConnectionMs }: ForwardTarget): () => void {
  const limit = (ms: number | undefined, what: string): NodeJS.Timeout | undefined =>
    ms === undefined ? undefined : setTimeout(() => outgoing.destroy(new Error(`no ${what} within ${ms / 1000} seconds`)), ms)
  const timers = [limit(noAnswerMs, 'answer'), limit(noConnectionMs, 'connection')]
  if (noConnectionMs !== undefined) {
    outgoing.on('socket', (socket) => socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => clearTimeout(timers[1])))
  }
  return () => timers.forEach((timer) => clearTimeout(timer))
}

function passedHeaders({ headers }: IncomingMessage): Record<string, string> {
  const ownHop = hopNames(headers.connection)
  return Object.fromEntries(Object.entries(headers).flatMap(([name, value]) =>
    NOT_FORWARDED.has(name) || NOT_ANSWERED.has(name) || ownHop.has(name) || value === undefined || !isHeaderValue(String(value))
      ? [] : [[name, String(value)]]
  ))
}

/** RFC 9110, 5.5. Others come from parsers that forgive. */
export function isHeaderValue(value: string): boolean {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(value)
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
