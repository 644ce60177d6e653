import { isObject } from '../objects/json.ts'
import { parseJson } from '../objects/json-text.ts'
import type { WholeAnswer } from './whole-answer.ts'

/** Of an answer that is none, only its beginning is repeated. */
const MAX_SHOWN_BYTES = 2048

const NOT_ACCEPTABLE = 'the server was unable to respond with a content type that the client supports'

/** What Kubernetes' own client makes of an answer that is no success: its words are what readers of webhooks' errors look for. */
export function refusedCall({ status, body, contentType }: Omit<WholeAnswer, 'etag'>): string {
  return statusMessage(body) ?? messageFor(status, textIn(body, contentType))
}

/** A server in the manner of Kubernetes says itself what is wrong. */
function statusMessage(body: Buffer): string | undefined {
  if (body[0] !== 0x7b) return undefined
  try {
    const value: unknown = parseJson(body.toString('utf8'))
    const isFailure = isObject(value) && value['kind'] === 'Status' && value['status'] === 'Failure'
    return isFailure && typeof value['message'] === 'string' ? value['message'] : undefined
  } catch {
    return undefined
  }
}

function textIn(body: Buffer, contentType: string): string {
  const isText = contentType === '' || contentType.startsWith('text/')
  return isText ? body.toString('utf8', 0, MAX_SHOWN_BYTES).trim() : 'unknown'
}

function messageFor(status: number, text: string): string {
  switch (status) {
    case 400: return 'the server rejected our request for an unknown reason'
    case 401: return 'the server has asked for the client to provide credentials'
    case 403: case 415: return text
    case 404: return 'the server could not find the requested resource'
    case 405: return 'the server does not allow this method on the requested resource'
    case 406: return text !== '' && text !== 'unknown' ? text : NOT_ACCEPTABLE
    case 409: return 'the server reported a conflict'
    case 422: return 'the server rejected our request due to an error in our request'
    case 429: return 'the server has received too many requests and has asked us to try again later'
    case 503: return 'the server is currently unable to handle the request'
    case 504: return 'the server was unable to return a response in the time allotted, but may still be processing the request'
  }
  return status >= 500
    ? `an error on the server (${JSON.stringify(text)}) has prevented the request from succeeding`
    : `the server responded with the status code ${status} but did not return more information`
}
