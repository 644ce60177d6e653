import type { Socket } from 'node:net'

/**
 * Makes a socket read again that an HTTP/2 session of node:http2 has stopped, so that a lost connection is seen.
 *
 * A session takes the socket's native handle and reads and writes past the socket. When a write is the first to meet a reset (the server
 * was killed while data was on its way to us), the session does not look at the error, the TLS layer keeps that write as under way for
 * ever, and with the next write the session stops to read until the one before it is done: never. Nothing then says that the connection is
 * gone, and what is asked on it waits without end. To read is harmless otherwise: the session keeps what comes while it writes. Node has
 * no public way to the handle.
 */
export function readAgain(socket: Socket): void {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (canRead(handle)) handle.readStart()
}

function canRead(handle: unknown): handle is { readStart(): unknown } {
  return typeof handle === 'object' && handle !== null && 'readStart' in handle && typeof handle.readStart === 'function'
}
