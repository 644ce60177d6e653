import type { Duplex } from 'node:stream'
import { dataFrames, pingFrame, resetFrame, spdyReader, synStreamFrame } from './spdy-frame.ts'
import type { SpdyFrame } from './spdy-frame.ts'

/** Streams of a connection: port forwarding makes two for each forwarded connection. */
const STREAM_LIMIT = 2048

export interface SpdyStream {
  /** False: wait for drained() before writing more. */
  write(bytes: Uint8Array): boolean
  /** Nothing more will be written; reading goes on. */
  end(): void
  reset(): void
}

export interface SpdyListener {
  onData(bytes: Buffer): void
  /** The peer ended the stream, or it was reset, or the connection was lost. Once. */
  onEnd(how: 'ended' | 'reset' | 'lost'): void
}

export interface SpdyClient {
  openStream(headers: Readonly<Record<string, string>>, listener: SpdyListener): SpdyStream
  /** Calls back when the socket took what was written. */
  whenDrained(callback: () => void): void
  /** Stops reading from the peer, of all streams, until resume. */
  pause(): void
  resume(): void
  close(): void
}

/** The client's side of a SPDY/3.1 connection, on a socket whose upgrade was answered. head: what came with that answer. */
export function openSpdyClient(socket: Duplex, head: Buffer): SpdyClient {
  const listeners = new Map<number, SpdyListener>()
  let nextId = 1
  const finish = (streamId: number, how: 'ended' | 'reset' | 'lost'): void => {
    const listener = listeners.get(streamId)
    listeners.delete(streamId)
    listener?.onEnd(how)
  }
  const onFrame = (frame: SpdyFrame): void => {
    switch (frame.type) {
      case 'data':
        if (frame.bytes.length > 0) listeners.get(frame.streamId)?.onData(frame.bytes)
        if (frame.fin) finish(frame.streamId, 'ended')
        return
      case 'reply':
        if (frame.fin) finish(frame.streamId, 'ended')
        return
      case 'reset': return finish(frame.streamId, 'reset')
      case 'ping':
        // The answers to a server's pings have its (even) number; ours would be odd, and we send none.
        if (frame.id % 2 === 0) socket.write(pingFrame(frame.id))
        return
      case 'goaway': return
    }
  }
  const read = spdyReader(onFrame)
  const take = (chunk: Buffer): void => {
    if (read(chunk) !== undefined) socket.destroy()
  }
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    for (const streamId of [...listeners.keys()]) finish(streamId, 'lost')
  })
  socket.on('data', take)
  // The caller opens its streams first; what the peer said already is read after that.
  if (head.length > 0) setImmediate(() => take(head))
  return {
    openStream(headers, listener) {
      if (listeners.size >= STREAM_LIMIT) throw new Error(`There are ${STREAM_LIMIT} streams already: close some of the connections first`)
      const streamId = nextId
      nextId += 2
      listeners.set(streamId, listener)
      socket.write(synStreamFrame(streamId, headers, streamId === 1 ? 'first' : 'later'))
      return streamOf(socket, streamId)
    },
    whenDrained(callback) {
      if (socket.writableNeedDrain) socket.once('drain', callback)
      else setImmediate(callback)
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    close: () => socket.destroy(),
  }
}

function streamOf(socket: Duplex, streamId: number): SpdyStream {
  let ended = false
  const send = (frames: readonly Buffer[]): boolean => {
    if (socket.destroyed) return true
    socket.cork()
    for (const frame of frames) socket.write(frame)
    socket.uncork()
    return !socket.writableNeedDrain
  }
  return {
    write: (bytes) => (ended || bytes.length === 0 ? true : send(dataFrames(streamId, bytes))),
    end() {
      if (ended) return
      ended = true
      send(dataFrames(streamId, new Uint8Array(0), { fin: true }))
    },
    reset() {
      ended = true
      send([resetFrame(streamId)])
    },
  }
}
