import { Duplex } from 'node:stream'
import type { TLSSocket } from 'node:tls'

/**
 * A TLS socket as a stream like any other, for node:http2.
 *
 * Given the socket itself, an HTTP/2 session takes its native handle and writes past it. Where a write is the first to meet a reset (the server
 * was killed while data was on its way to us), the session does not look at the error, the TLS layer takes that write as under way for ever,
 * and with the next write the session stops to read: nothing says that the connection is gone, and what is asked on it waits without end.
 * A write through the stream fails like that of any socket: the socket closes, and the session with it.
 */
export function plainStream(socket: TLSSocket): Duplex {
  const stream = new Duplex({
    allowHalfOpen: false,
    read: () => {
      socket.resume()
    },
    write: (chunk: Uint8Array, _encoding, done) => {
      socket.write(chunk, done)
    },
    // One packet for the frames that a session writes at once.
    writev: (writes: { readonly chunk: Uint8Array }[], done) => {
      const last = writes.length - 1
      socket.cork()
      for (const [index, { chunk }] of writes.entries()) socket.write(chunk, index === last ? done : undefined)
      socket.uncork()
    },
    final: (done) => {
      socket.end(() => done())
    },
    destroy: (error, done) => {
      socket.destroy()
      done(error)
    },
  })
  socket.on('data', (chunk: Uint8Array) => {
    if (!stream.push(chunk)) socket.pause()
  })
  socket.on('end', () => stream.push(null))
  socket.on('error', (error) => stream.destroy(error))
  // After an end, what was received before it is still to be read.
  socket.on('close', () => {
    if (!socket.readableEnded) stream.destroy()
  })
  return stream
}
