import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { refusalBytes } from './request-refused.ts'

const MESSAGE_LIMIT_BYTES = 16 * 1024 * 1024

export interface Accepted {
  readonly socket: WebSocket
  /** '' when the client asked for none. */
  readonly protocol: string
}

/** The protocols that a client asked for, in its order. */
export function askedProtocols(request: IncomingMessage): readonly string[] {
  const header = request.headers['sec-websocket-protocol']
  return header === undefined ? [] : header.split(',').map((name) => name.trim()).filter((name) => name !== '')
}

/**
 * Answers the handshake with the first of the client's protocols that is supported. Undefined: none is, and the client was told.
 * The socket comes paused: its taker listens first and resumes it then.
 */
export async function acceptWebSocket(
  request: IncomingMessage, socket: Duplex, head: Buffer, supported: readonly string[],
): Promise<Accepted | undefined> {
  const asked = askedProtocols(request)
  const protocol = asked.find((name) => supported.includes(name))
  if (protocol === undefined && asked.length > 0) {
    socket.end(refusalBytes(403, `none of the protocols ${asked.join(', ')} is supported: use one of ${supported.join(', ')}`))
    return undefined
  }
  const server = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_LIMIT_BYTES, perMessageDeflate: false, clientTracking: false })
  // SPDY/3.1+portforward.k8s.io has a slash, which the WebSocket library refuses in a protocol's name: it never sees them.
  delete request.headers['sec-websocket-protocol']
  if (protocol !== undefined) server.on('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`))
  const accepted = await new Promise<WebSocket>((resolve, reject) => {
    socket.once('close', () => reject(new Error('the client went away')))
    server.handleUpgrade(request, socket, head, (opened) => {
      opened.pause()
      resolve(opened)
    })
  })
  return { socket: accepted, protocol: protocol ?? '' }
}
