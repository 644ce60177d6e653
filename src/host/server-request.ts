import type { Readable } from 'node:stream'
import type { Peer, ServerRequest } from '../apiserver/http.ts'
import { readBody } from './request-body.ts'

export interface RequestParts {
  readonly method: string
  /** As in the request line, with the query. */
  readonly target: string
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly peer: Peer
  readonly stream: Readable
}

export interface IncomingRequest {
  readonly request: ServerRequest
  /** The client is gone, or the server closes. */
  abort(): void
}

/** One for all: the engine would make a new error with a stack trace for each abort. */
const CLIENT_GONE = new Error('the client is gone, or the server closes')

export function incomingRequest(parts: RequestParts): IncomingRequest {
  const { target, stream } = parts
  const headers = singleHeaders(parts.headers)
  const question = target.indexOf('?')
  // Most requests never look at their signal: it is made on demand.
  let controller: AbortController | undefined
  let isAborted = false
  const request: ServerRequest = {
    method: parts.method,
    path: question === -1 ? target : target.slice(0, question),
    query: question === -1 ? '' : target.slice(question + 1),
    headers,
    peer: parts.peer,
    body: (maxBytes) => readBody(stream, maxBytes, headers['content-length']),
    get signal() {
      controller ??= new AbortController()
      if (isAborted) controller.abort(CLIENT_GONE)
      return controller.signal
    },
  }
  const abort = (): void => {
    isAborted = true
    controller?.abort(CLIENT_GONE)
  }
  return { request, abort }
}

/** Node joins repeated headers with commas, except set-cookie, which no client sends to an API. */
function singleHeaders(headers: RequestParts['headers']): Readonly<Record<string, string | undefined>> {
  if (!('set-cookie' in headers)) return headers as Readonly<Record<string, string | undefined>>
  const { 'set-cookie': _, ...single } = headers
  return single as Readonly<Record<string, string | undefined>>
}
