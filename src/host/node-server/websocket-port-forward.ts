import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { decodeChannelMessage, encodeChannelMessage } from './channel-protocol.ts'
import type { ChannelProtocol } from './channel-protocol.ts'
import { openSpdyClient } from './spdy-client.ts'
import type { SpdyClient, SpdyStream } from './spdy-client.ts'
import { upgradeToSpdy } from './streaming-upgrade.ts'
import { acceptWebSocket } from './websocket-accept.ts'

const portForwardProtocolNames = ['v4.channel.k8s.io', 'v4.base64.channel.k8s.io']

const BACKLOG_LIMIT_BYTES = 1024 * 1024
/** A channel's number is one byte, and each port has two channels. */
export const PORT_LIMIT = 127

/**
 * Port forwarding in a WebSocket without SPDY, as client libraries do it: the ports are in the URL; port number i has the channels 2i
 * (data) and 2i + 1 (errors), and each of these begins with the port's number in two bytes, low byte first.
 */
export async function serveWebSocketPortForward(
  request: IncomingMessage, client: Socket, head: Buffer, target: { url: string; ports: readonly number[] }, signal: AbortSignal,
): Promise<void> {
  const upstream = await upgradeToSpdy(target.url, ['portforward.k8s.io'], signal)
  const accepted = await acceptWebSocket(request, client, head, portForwardProtocolNames).catch(() => undefined)
  if (accepted === undefined) return void upstream.socket.destroy()
  const encoding = accepted.protocol.includes('base64') ? 'base64' : 'binary'
  const protocol: ChannelProtocol = { name: accepted.protocol, encoding, statusAsJson: true, closeSignal: false }
  await relay(accepted.socket, protocol, openSpdyClient(upstream.socket, upstream.head), target.ports)
}

function relay(client: WebSocket, protocol: ChannelProtocol, spdy: SpdyClient, ports: readonly number[]): Promise<void> {
  return new Promise((resolve) => {
    const send = (number: number, bytes: Buffer): void => {
      if (client.readyState !== client.OPEN) return
      client.send(encodeChannelMessage(protocol, number, bytes), () => {
        if (client.bufferedAmount < BACKLOG_LIMIT_BYTES / 2) spdy.resume()
      })
      if (client.bufferedAmount > BACKLOG_LIMIT_BYTES) spdy.pause()
    }
    // Both streams of each port: why a connection failed may come after its data stream was closed.
    let open = ports.length * 2
    const onStreamClosed = (): void => {
      open -= 1
      if (open === 0) client.close(1000)
    }
    const streams = ports.map((port, index) => openPort(spdy, { port, index }, send, onStreamClosed))
    client.on('message', (data: Buffer) => {
      const message = decodeChannelMessage(protocol, data)
      const stream = message === undefined || message.channel % 2 === 1 ? undefined : streams[message.channel / 2]
      if (message === undefined || stream === undefined || stream.write(message.bytes)) return
      client.pause()
      spdy.whenDrained(() => client.resume())
    })
    client.on('error', () => client.terminate())
    client.on('close', () => {
      spdy.close()
      resolve()
    })
    client.resume()
  })
}

function openPort(
  spdy: SpdyClient, target: { port: number; index: number }, send: (channel: number, bytes: Buffer) => void, onClosed: () => void,
): SpdyStream {
  const dataChannel = target.index * 2
  const portBytes = Buffer.from([target.port & 0xff, target.port >>> 8])
  send(dataChannel, portBytes)
  send(dataChannel + 1, portBytes)
  const headers = { port: String(target.port), requestID: String(target.index) }
  spdy.openStream({ ...headers, streamType: 'error' }, { onData: (bytes) => send(dataChannel + 1, bytes), onEnd: onClosed }).end()
  return spdy.openStream({ ...headers, streamType: 'data' }, { onData: (bytes) => send(dataChannel, bytes), onEnd: onClosed })
}
