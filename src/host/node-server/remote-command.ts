import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { channel, channelProtocol, channelProtocolNames, decodeChannelMessage, encodeChannelMessage } from './channel-protocol.ts'
import type { ChannelProtocol } from './channel-protocol.ts'
import { openSpdyClient } from './spdy-client.ts'
import type { SpdyClient, SpdyStream } from './spdy-client.ts'
import { upgradeToSpdy } from './streaming-upgrade.ts'
import { acceptWebSocket } from './websocket-accept.ts'

/** What the peer may lag behind before the other side is no longer read. */
const BACKLOG_LIMIT_BYTES = 1024 * 1024

export interface RemoteStreams {
  readonly stdin: boolean
  readonly stdout: boolean
  readonly stderr: boolean
  readonly tty: boolean
}

/**
 * exec and attach over WebSocket. The runtime speaks WebSocket too, but without a way to end stdin alone, and
 * `tar` or `cat` at the other end would wait for ever: so its SPDY side is used.
 */
export async function serveRemoteCommand(
  request: IncomingMessage, client: Socket, head: Buffer, command: { url: string; streams: RemoteStreams }, signal: AbortSignal,
): Promise<void> {
  const upstream = await upgradeToSpdy(command.url, ['v4.channel.k8s.io'], signal)
  const accepted = await acceptWebSocket(request, client, head, channelProtocolNames).catch(() => undefined)
  if (accepted === undefined) return void upstream.socket.destroy()
  const spdy = openSpdyClient(upstream.socket, upstream.head)
  await relay(accepted.socket, channelProtocol(accepted.protocol), spdy, command.streams)
}

function relay(client: WebSocket, protocol: ChannelProtocol, spdy: SpdyClient, streams: RemoteStreams): Promise<void> {
  return new Promise((resolve) => {
    const outputs = openOutputs(client, protocol, spdy, streams)
    // The order in which the runtime expects them does not matter, but it waits for each before it starts.
    const ignore = { onData() {}, onEnd() {} }
    const stdin = streams.stdin ? spdy.openStream({ streamType: 'stdin' }, ignore) : undefined
    const resize = streams.tty ? spdy.openStream({ streamType: 'resize' }, ignore) : undefined
    client.on('message', (data: Buffer) => takeMessage(client, protocol, spdy, { stdin, resize }, data))
    client.on('error', () => client.terminate())
    client.on('close', () => {
      spdy.close()
      resolve()
    })
    // Older clients learn by an empty message that the other side is there. v5 clients do not wait for it, and some
    // print a warning when it overtakes the opening of their streams.
    const first = streams.stdout ? channel.stdout : streams.stderr ? channel.stderr : channel.error
    if (!protocol.closeSignal) client.send(encodeChannelMessage(protocol, first, Buffer.alloc(0)))
    client.resume()
    void outputs.then(() => client.close(1000))
  })
}

/** Resolves when the runtime has ended all of its output. */
function openOutputs(client: WebSocket, protocol: ChannelProtocol, spdy: SpdyClient, streams: RemoteStreams): Promise<unknown> {
  const send = (number: number, bytes: Buffer): void => {
    if (client.readyState !== client.OPEN) return
    client.send(encodeChannelMessage(protocol, number, bytes), () => {
      if (client.bufferedAmount < BACKLOG_LIMIT_BYTES / 2) spdy.resume()
    })
    if (client.bufferedAmount > BACKLOG_LIMIT_BYTES) spdy.pause()
  }
  const output = (streamType: string, number: number): Promise<void> => new Promise((resolve) => {
    spdy.openStream({ streamType }, { onData: (bytes) => send(number, bytes), onEnd: () => resolve() })
  })
  const status = new Promise<void>((resolve) => {
    const chunks: Buffer[] = []
    spdy.openStream({ streamType: 'error' }, {
      onData: (bytes) => void chunks.push(bytes),
      onEnd() {
        const text = statusText(protocol, Buffer.concat(chunks))
        if (text.length > 0) send(channel.error, text)
        resolve()
      },
    }).end()
  })
  return Promise.all([
    status,
    ...(streams.stdout ? [output('stdout', channel.stdout)] : []),
    ...(streams.stderr && !streams.tty ? [output('stderr', channel.stderr)] : []),
  ])
}

/** Protocols before v4 know no Status: success is silence, a failure its sentence. */
function statusText(protocol: ChannelProtocol, status: Buffer): Buffer {
  if (protocol.statusAsJson) return status
  try {
    const { status: outcome, message } = JSON.parse(status.toString('utf8')) as { status?: string; message?: string }
    return Buffer.from(outcome === 'Success' ? '' : (message ?? 'failed'))
  } catch {
    return status
  }
}

interface Inputs {
  readonly stdin: SpdyStream | undefined
  readonly resize: SpdyStream | undefined
}

function takeMessage(client: WebSocket, protocol: ChannelProtocol, spdy: SpdyClient, inputs: Inputs, data: Buffer): void {
  const message = decodeChannelMessage(protocol, data)
  if (message === undefined) return
  if (message.channel === channel.close) {
    if (protocol.closeSignal && message.bytes[0] === channel.stdin) inputs.stdin?.end()
    return
  }
  const stream = message.channel === channel.stdin ? inputs.stdin : message.channel === channel.resize ? inputs.resize : undefined
  if (stream === undefined || stream.write(message.bytes)) return
  client.pause()
  spdy.whenDrained(() => client.resume())
}
