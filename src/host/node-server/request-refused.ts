import { STATUS_CODES } from '../node-http.ts'

/** What a request asks for is not there, or not in the state for it. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused'
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest', 403: 'Forbidden', 404: 'NotFound', 405: 'MethodNotAllowed', 503: 'ServiceUnavailable',
}

/** A metav1.Status: the API server passes answers on as they are, and clients look for the message in one. */
export function refusalBody(status: number, message: string): string {
  const reason = REASONS[status] ?? 'InternalError'
  return JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code: status })
}

/** A whole HTTP answer for a connection that asked for an upgrade, which Node's server leaves to us. */
export function refusalBytes(status: number, message: string): Buffer {
  const body = refusalBody(status, message)
  const headers = ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`, 'Connection: close']
  return Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Refused'}\r\n${headers.join('\r\n')}\r\n\r\n${body}`)
}
