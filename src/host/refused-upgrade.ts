import type { Duplex } from 'node:stream'
import { statusBody } from './response-writer.ts'

/** Answers an upgrade that cannot be passed on, and closes. */
export function refuse(socket: Duplex, error: Error): void {
  const { code, body } = statusBody(error)
  const head = `HTTP/1.1 ${code} \r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`
  socket.end(Buffer.concat([Buffer.from(head), body]))
}
