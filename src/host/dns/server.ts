import { createSocket } from 'node:dgram'
import { createServer, type Socket } from 'node:net'
import type { Log } from '../../words/ports.ts'
import { thrownMessage } from '../../words/thrown.ts'
import { respond, type ResponderParts } from './responder.ts'
import { lengthPrefix } from './upstream.ts'

const MAX_TCP_CONNECTIONS = 256
const TCP_IDLE_MS = 10_000
const MAX_TCP_MESSAGE_BYTES = 4_096

export interface DnsServerParts extends ResponderParts {
  readonly address: string
  /** 0: any free one. */
  readonly port: number
  readonly log: Log
}

export interface DnsServer {
  readonly port: number
  close(): void
}

/** Listens on UDP and TCP with the same port. */
export async function startDnsServer(parts: DnsServerParts): Promise<DnsServer> {
  const datagrams = createSocket('udp4')
  datagrams.on('message', (message, sender) => {
    void answered(message, 'udp', parts).then((answer) => {
      if (answer !== undefined) datagrams.send(answer, sender.port, sender.address, () => undefined)
    })
  })
  await new Promise<void>((resolve, reject) => {
    datagrams.once('error', reject)
    datagrams.bind(parts.port, parts.address, () => {
      datagrams.removeListener('error', reject)
      datagrams.on('error', (error) => parts.log.warn('the DNS socket reports an error', { error: error.message }))
      resolve()
    })
  })
  const { port } = datagrams.address()
  const streams = createServer({ allowHalfOpen: false }, (socket) => serveStream(socket, parts))
  streams.maxConnections = MAX_TCP_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    streams.once('error', reject)
    streams.listen(port, parts.address, resolve)
  })
  const open = new Set<Socket>()
  streams.on('connection', (socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return {
    port,
    close() {
      datagrams.close()
      streams.close()
      for (const socket of open) socket.destroy()
    },
  }
}

/** A defect in one answer must not end the server. */
async function answered(message: Buffer, protocol: 'udp' | 'tcp', parts: DnsServerParts): Promise<Buffer | undefined> {
  try {
    return await respond(message, protocol, parts)
  } catch (error) {
    parts.log.error('a DNS question could not be answered', { error: thrownMessage(error) })
    return undefined
  }
}

/** Messages with two bytes of length before each (RFC 7766), answered in the order they come. */
function serveStream(socket: Socket, parts: DnsServerParts): void {
  let received = Buffer.alloc(0)
  let last: Promise<void> = Promise.resolve()
  socket.setTimeout(TCP_IDLE_MS, () => socket.destroy())
  socket.on('error', () => socket.destroy())
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    if (received.length > MAX_TCP_MESSAGE_BYTES * 4) return socket.destroy()
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const end = 2 + received.readUInt16BE(0)
      const message = Buffer.from(received.subarray(2, end))
      received = received.subarray(end)
      last = last.then(async () => {
        const answer = await answered(message, 'tcp', parts)
        if (answer === undefined) socket.destroy()
        else socket.write(Buffer.concat([lengthPrefix(answer.length), answer]))
      })
    }
    return undefined
  })
}
