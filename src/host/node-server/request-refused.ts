/** What a request asks for is not there, or not in the state for it. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused'
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

/** A whole HTTP answer for a connection that asked for an upgrade, which Node's server leaves to us. */
export function refusalBytes(status: number, message: string): Buffer {
  const headers = ['Content-Type: text/plain', `Content-Length: ${Buffer.byteLength(message)}`, 'Connection: close']
  return Buffer.from(`HTTP/1.1 ${status} Refused\r\n${headers.join('\r\n')}\r\n\r\n${message}`)
}
