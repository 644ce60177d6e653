import { Agent } from 'node:https'
import type { Duplex } from 'node:stream'
import { connect, type ConnectionOptions as TlsOptions, type PeerCertificate, type TLSSocket } from 'node:tls'
import type { ServerRequest, ServerResponse, TunnelTarget } from '../apiserver/http.ts'
import { serviceUnavailable } from '../words/status-error.ts'
import { forwardRequest, NOT_FORWARDED } from './forward-request.ts'
import { statusBody } from './response-writer.ts'

export interface NodeProxyOptions {
  readonly caPem: string
  /** The API server's certificate for its calls to nodes. */
  readonly certificatePem: string
  readonly keyPem: string
  readonly connectTimeoutMs: number
}

export interface NodeProxy {
  /** An ordinary request (logs, also followed): the node's answer as it comes. */
  forward(target: TunnelTarget, request: ServerRequest): Promise<Exclude<ServerResponse, { type: 'tunnel' }>>
  /** An upgrade: the request goes to the node, and then every byte both ways, the answer to the upgrade included. */
  tunnel(target: TunnelTarget, client: UpgradingClient): void
  close(): void
}

export interface UpgradingClient {
  /** As Node gives them: name, value, name, value. */
  readonly headers: readonly string[]
  readonly socket: Duplex
  /** What the client sent after its headers already. */
  readonly head: Uint8Array
}

const NODE_AGENT_CONNECTIONS = 256
/** How long a client may take for the last bytes after the node has closed. */
const LAST_WORDS_MS = 30_000
/** Passes requests about a pod on to the agent of its node, as the API server. */
export function createNodeProxy(options: NodeProxyOptions): NodeProxy {
  const tls: TlsOptions = {
    ca: options.caPem,
    cert: options.certificatePem,
    key: options.keyPem,
    minVersion: 'TLSv1.2',
    ALPNProtocols: ['http/1.1'],
  }
  const agent = new Agent({ ...tls, keepAlive: false, maxSockets: NODE_AGENT_CONNECTIONS })
  return {
    forward: (target, request) => {
      const { address: host, port, path, method } = target
      return forwardRequest(request, {
        options: { host, port, path, method, agent, ...identityOf(target) }, headers: {}, noAnswerMs: options.connectTimeoutMs,
        unreachable: (error) => unreachable(target, error), who: `the agent of node ${target.nodeName}`,
      })
    },
    tunnel: (target, client) => tunnel(target, client, { tls, connectTimeoutMs: options.connectTimeoutMs }),
    close: () => agent.destroy(),
  }
}

/**
 * A node is reached by an address that may change, so its certificate is checked for the node's name: one node cannot stand in for
 * another.
 */
function identityOf({ nodeName }: TunnelTarget): Pick<TlsOptions, 'servername' | 'checkServerIdentity'> {
  const checkServerIdentity = (_host: string, certificate: PeerCertificate): Error | undefined => (
    certificate.subject.CN === `system:node:${nodeName}` ? undefined : new Error('its certificate is for another node'))
  return { servername: nodeName, checkServerIdentity }
}

function tunnel(target: TunnelTarget, client: UpgradingClient, options: { tls: TlsOptions; connectTimeoutMs: number }): void {
  const { socket } = client
  const node = connect({ ...options.tls, host: target.address, port: target.port, ...identityOf(target) })
  node.setNoDelay(true)
  const timer = setTimeout(
    () => node.destroy(new Error(`no connection within ${options.connectTimeoutMs / 1000} seconds`)),
    options.connectTimeoutMs
  )
  let isConnected = false
  node.on('secureConnect', () => {
    clearTimeout(timer)
    isConnected = true
    node.write(requestHead(target, client.headers))
    if (client.head.length > 0) node.write(client.head)
    join(socket, node)
  })
  node.on('error', (error) => {
    clearTimeout(timer)
    if (!isConnected) refuse(socket, unreachable(target, error))
  })
  socket.on('close', () => node.destroy())
}

/** pipe waits for the slower side. An end is passed on, and a broken side breaks the other. */
function join(client: Duplex, node: TLSSocket): void {
  client.pipe(node)
  node.pipe(client)
  node.on('close', () => {
    // What the node said last may still wait for a slow client.
    client.end(() => client.destroy())
    setTimeout(() => client.destroy(), LAST_WORDS_MS).unref()
  })
}

function requestHead(target: TunnelTarget, headers: readonly string[]): string {
  const lines = [`${target.method} ${target.path} HTTP/1.1`, `Host: ${target.nodeName}`]
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? ''
    const isUpgrade = name.toLowerCase() === 'connection'
    if (!NOT_FORWARDED.has(name.toLowerCase()) || isUpgrade) lines.push(`${name}: ${headers[index + 1] ?? ''}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}

function refuse(socket: Duplex, error: Error): void {
  const { code, body } = statusBody(error)
  socket.end(
    Buffer.concat([
      Buffer.from(`HTTP/1.1 ${code} \r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n`),
      body,
    ])
  )
}

function unreachable(target: TunnelTarget, error: Error): Error {
  return serviceUnavailable(`the agent of node ${target.nodeName} at ${target.address}:${target.port} cannot be reached: ${error.message}`)
}
