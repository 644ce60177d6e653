import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import { createWebSocketStream } from 'ws'
import { upgradeToSpdy } from './streaming-upgrade.ts'
import { acceptWebSocket } from './websocket-accept.ts'

const CLOSE_GRACE_MS = 10_000
export const PORT_FORWARD_TUNNEL = 'SPDY/3.1+portforward.k8s.io'

/** A client that speaks SPDY itself: the runtime speaks the same protocols, so the bytes go through as they are. */
export async function tunnelSpdy(request: IncomingMessage, client: Socket, head: Buffer, url: string, signal: AbortSignal): Promise<void> {
  const upstream = await upgradeToSpdy(url, offeredProtocols(request), signal)
  const chosen = upstream.headers['x-stream-protocol-version']
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: SPDY/3.1']
  if (typeof chosen === 'string') lines.push(`X-Stream-Protocol-Version: ${chosen}`)
  client.write(`${lines.join('\r\n')}\r\n\r\n`)
  if (head.length > 0) upstream.socket.write(head)
  if (upstream.head.length > 0) client.write(upstream.head)
  await join(client, upstream.socket)
}

/** The same inside a WebSocket's binary messages: how newer kubectls forward ports. */
export async function tunnelPortForward(
  request: IncomingMessage, client: Socket, head: Buffer, url: string, signal: AbortSignal,
): Promise<void> {
  const upstream = await upgradeToSpdy(url, ['portforward.k8s.io'], signal)
  const accepted = await acceptWebSocket(request, client, head, [PORT_FORWARD_TUNNEL])
  if (accepted === undefined) return void upstream.socket.destroy()
  const messages = createWebSocketStream(accepted.socket)
  if (upstream.head.length > 0) messages.write(upstream.head)
  await join(messages, upstream.socket)
}

/** An end of one side is passed on to the other, which may still have much to say. Resolves when the client is gone. */
function join(client: Duplex, upstream: Duplex): Promise<void> {
  return new Promise((resolve) => {
    client.on('error', () => client.destroy())
    client.on('close', () => {
      upstream.destroy()
      resolve()
    })
    upstream.on('close', () => {
      // A slow client takes its time for what was written; then it has this long to close its side.
      client.end(() => setTimeout(() => client.destroy(), CLOSE_GRACE_MS).unref())
    })
    client.pipe(upstream)
    upstream.pipe(client)
  })
}

/** One header line each, or one line with commas: clients do either. */
function offeredProtocols(request: IncomingMessage): string[] {
  return (request.headersDistinct['x-stream-protocol-version'] ?? []).flatMap((line) => line.split(',')).map((name) => name.trim())
}
