import { Agent } from 'node:https'
import type { Duplex } from 'node:stream'
import { connect, type ConnectionOptions as TlsOptions, type PeerCertificate, type TLSSocket } from 'node:tls'
import { withoutTokenProtocol } from '../apiserver/access/websocket-token.ts'
import type { ApiTunnel, NodeTunnel, ServerRequest, ServerResponse, TunnelTarget } from '../apiserver/http.ts'
import { serviceUnavailable } from '../words/status-error.ts'
import { forwardRequest, NOT_FORWARDED } from './forward-request.ts'
import { tunnelToApi } from './api-tunnel.ts'
import { createBackendProxy } from './backend-proxy.ts'
import type { UpgradingClient } from './pass-upgrade.ts'
import { refuse } from './refused-upgrade.ts'
import { connectionTo, proxyHeaders, unreachableApi } from './remote-api.ts'
import type { RemoteApiOptions } from './remote-api.ts'
import { trusting } from './trusted-authorities.ts'

export interface NodeProxyIdentity {
  /** The API server's certificate for its calls to nodes. */
  readonly certificatePem: string
  readonly keyPem: string
  /** By which other API servers know this one; undefined: nothing is passed on to any. */
  readonly frontProxy?: RemoteApiOptions
}

export interface NodeProxyOptions extends NodeProxyIdentity {
  readonly caPem: string
  readonly connectTimeoutMs: number
}

export interface NodeProxy {
  /** An ordinary request (logs, also followed): the node's answer as it comes. */
  forward(target: TunnelTarget, request: ServerRequest): Promise<Exclude<ServerResponse, { type: 'tunnel' }>>
  /** An upgrade: the request goes to the node, or the API server, and then every byte both ways, the answer to the upgrade included. */
  tunnel(target: TunnelTarget, client: UpgradingClient): void
  /** Connections from now on are made with these certificates. */
  renew(identity: NodeProxyIdentity): void
  close(): void
}

const NODE_AGENT_CONNECTIONS = 256
/** How long a client may take for the last bytes after the node has closed. */
const LAST_WORDS_MS = 30_000

/** Passes requests on: to the agent of a node, as the API server; to other API servers; to what runs in the cluster. */
export function createNodeProxy(options: NodeProxyOptions): NodeProxy {
  const { connectTimeoutMs } = options
  let { frontProxy } = options
  const backends = createBackendProxy(options)
  let toNodes = connectionsToNodes(options.caPem, options)
  return {
    forward: (target, request) => {
      if ('backend' in target) return backends.forward(target, request)
      if ('api' in target) return forwardToApi(target, request, { frontProxy, connectTimeoutMs })
      const { address: host, port, path, method } = target
      return forwardRequest(request, {
        options: { host, port, path, method, agent: toNodes.agent, ...identityOf(target) },
        headers: {}, noAnswerMs: connectTimeoutMs,
        unreachable: (error) => unreachable(target, error), who: `the agent of node ${target.nodeName}`,
      })
    },
    tunnel(target, client) {
      if ('backend' in target) return backends.tunnel(target, client)
      if (!('api' in target)) return tunnel(target, client, { tls: toNodes.tls, connectTimeoutMs })
      if (frontProxy === undefined) return refuse(client.socket, noFrontProxy())
      tunnelToApi(target, client, frontProxy)
    },
    renew(identity) {
      // It keeps no connections: what is on its way ends by itself.
      toNodes = connectionsToNodes(options.caPem, identity)
      frontProxy = identity.frontProxy
    },
    close() {
      toNodes.agent.destroy()
      backends.close()
    },
  }
}

interface NodeConnections {
  readonly tls: TlsOptions
  readonly agent: Agent
}

function connectionsToNodes(ca: string, { certificatePem, keyPem }: NodeProxyIdentity): NodeConnections {
  const tls: TlsOptions = { ...trusting(ca), cert: certificatePem, key: keyPem, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] }
  return { tls, agent: new Agent({ ...tls, keepAlive: false, maxSockets: NODE_AGENT_CONNECTIONS }) }
}

/**
 * A node is reached by an address that may change, so its certificate is checked for the node's name: one node cannot stand in for
 * another.
 */
function identityOf({ nodeName }: NodeTunnel): Pick<TlsOptions, 'servername' | 'checkServerIdentity'> {
  const checkServerIdentity = (_host: string, certificate: PeerCertificate): Error | undefined => (
    certificate.subject.CN === `system:node:${nodeName}` ? undefined : new Error('its certificate is for another node'))
  return { servername: nodeName, checkServerIdentity }
}

function tunnel(target: NodeTunnel, client: UpgradingClient, options: { tls: TlsOptions; connectTimeoutMs: number }): void {
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

function requestHead(target: NodeTunnel, headers: readonly string[]): string {
  const lines = [`${target.method} ${target.path} HTTP/1.1`, `Host: ${target.nodeName}`]
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const [name, value] = [headers[index] ?? '', headers[index + 1] ?? '']
    const known = name.toLowerCase()
    if (NOT_FORWARDED.has(known) && known !== 'connection') continue
    lines.push(`${name}: ${known === 'sec-websocket-protocol' ? withoutTokenProtocol(value) : value}`)
  }
  return `${lines.join('\r\n')}\r\n\r\n`
}

function unreachable(target: NodeTunnel, error: Error): Error {
  return serviceUnavailable(`the agent of node ${target.nodeName} at ${target.address}:${target.port} cannot be reached: ${error.message}`)
}

interface ApiForwarding {
  readonly frontProxy: RemoteApiOptions | undefined
  readonly connectTimeoutMs: number
}

/** Where a client asked for an upgrade on a connection that has none. */
function forwardToApi(target: ApiTunnel, request: ServerRequest, options: ApiForwarding): ReturnType<NodeProxy['forward']> {
  const { frontProxy, connectTimeoutMs: noAnswerMs } = options
  if (frontProxy === undefined) return Promise.reject(noFrontProxy())
  const { api, path, method, user } = target
  return forwardRequest(request, {
    options: { ...connectionTo(api), cert: frontProxy.certificatePem, key: frontProxy.keyPem, path, method },
    headers: proxyHeaders(api, request, user), noAnswerMs, who: `the API server ${api.serverName}`,
    unreachable: (error) => unreachableApi(api, error),
  })
}

function noFrontProxy(): Error {
  return serviceUnavailable('this server passes no upgrades on to other API servers')
}
