import { createServer } from 'node:https'
import type { Server } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket, type SecureContextOptions } from 'node:tls'
import type { Clock, Log } from '../../words/ports.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { CriClient } from '../cri/cri-client.ts'
import { GrpcFailure, isNotFound } from '../cri/grpc-failure.ts'
import type { CertificateWithKey } from '../pki-certificate.ts'
import { containerLog, isContainerRunning } from './container-lookup.ts'
import { logOptions } from './log-options.ts'
import { sendLog } from './log-reader.ts'
import { nodeRoute } from './node-route.ts'
import type { NodeRoute } from './node-route.ts'
import { refusalBody, refusalBytes, RequestRefused } from './request-refused.ts'
import { StreamRefused } from './streaming-upgrade.ts'
import { serveStream } from './stream-session.ts'
import { trusting } from '../trusted-authorities.ts'

export interface NodeServerOptions {
  readonly credentials: CertificateWithKey
  /** Of the cluster: signs the client certificates that are let in. */
  readonly certificateAuthority: string
  /** The common name of the API server's client certificate: nobody else is let in. */
  readonly clientCommonName: string
  readonly address: string
  /** 0: any free one. */
  readonly port: number
  readonly client: CriClient
  /** Why a container that the runtime does not know is not there yet (ContainerCreating, ...); undefined: no such pod here. */
  waitingReason(namespace: string, pod: string, container: string): string | undefined
  readonly clock: Clock
  readonly log: Log
}

export interface NodeServer {
  readonly port: number
  /** New connections are served with these; those that there are go on. */
  renew(credentials: CertificateWithKey): void
  /** Ends all streams too. */
  close(): Promise<void>
}

/** Streams and log readers at the same time; more are told to come back. */
const SESSION_LIMIT = 1000

/** The server of the node agent, which the API server asks for logs and streams: the documented part of the kubelet's API. */
export async function openNodeServer(options: NodeServerOptions): Promise<NodeServer> {
  const shutdown = new AbortController()
  const sessions = new Set<symbol>()
  const server = createServer({
    ...contextOf(options, options.credentials), requestCert: true, rejectUnauthorized: true, ALPNProtocols: ['http/1.1'],
  })
  // A stream or a followed log may be silent for hours.
  server.requestTimeout = 0
  server.timeout = 0
  const session = async (run: () => Promise<void>, refuse: (error: unknown) => void): Promise<void> => {
    const id = Symbol('session')
    try {
      if (sessions.size >= SESSION_LIMIT) {
        throw new RequestRefused(503, `This node serves ${SESSION_LIMIT} streams already: try again later`)
      }
      sessions.add(id)
      await run()
    } catch (error) {
      refuse(error)
    } finally {
      sessions.delete(id)
    }
  }
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    void session(() => serveRequest(options, request, response, shutdown.signal), (error) => refuseRequest(options.log, response, error))
  })
  server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    void session(() => serveUpgrade(options, request, socket, head, shutdown.signal), (error) => refuseUpgrade(options.log, socket, error))
  })
  server.on('tlsClientError', (_, socket) => socket.destroy())
  const port = await listen(server, options)
  return {
    port,
    renew: (credentials) => server.setSecureContext(contextOf(options, credentials)),
    async close() {
      shutdown.abort()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function contextOf(
  { certificateAuthority }: NodeServerOptions, { certificatePem, keyPem }: CertificateWithKey,
): SecureContextOptions {
  return { cert: certificatePem, key: keyPem, ...trusting(certificateAuthority), minVersion: 'TLSv1.2' }
}

function listen(server: Server, options: NodeServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE'
      reject(inUse ? new Error(`The node agent's port ${options.port} is in use on ${options.address}: choose another one`) : error)
    })
    server.listen(options.port, options.address, () => {
      const bound = server.address()
      resolve(typeof bound === 'object' && bound !== null ? bound.port : options.port)
    })
  })
}

async function serveRequest(
  options: NodeServerOptions, request: IncomingMessage, response: ServerResponse, shutdown: AbortSignal,
): Promise<void> {
  const route = routeOf(options, request)
  if (request.method !== 'GET') throw new RequestRefused(405, `${request.method ?? ''} is not supported here`)
  switch (route.type) {
    case 'healthz':
      response.writeHead(200, { 'Content-Type': 'text/plain' }).end('ok')
      return
    case 'logs': return serveLogs(options, route, response, shutdown)
    default: throw new RequestRefused(400, 'Upgrade request required: this is a stream (WebSocket or SPDY/3.1)')
  }
}

async function serveLogs(
  options: NodeServerOptions, route: Extract<NodeRoute, { type: 'logs' }>, response: ServerResponse, shutdown: AbortSignal,
): Promise<void> {
  const { client } = options
  const asked = logOptions(route.query, options.clock.now())
  const reason = options.waitingReason(route.namespace, route.pod, route.container)
  const log = await containerLog(client, route, asked.previous ? 'previous' : 'current', reason)
  const { signal, release } = closeSignal(response, shutdown)
  response.writeHead(200, { 'Content-Type': 'text/plain', 'X-Content-Type-Options': 'nosniff' })
  response.flushHeaders()
  const source = { path: log.path, isRunning: () => isContainerRunning(client, log.containerId) }
  try {
    await sendLog(source, { ...asked, follow: asked.follow && !asked.previous }, (bytes) => write(response, bytes), signal)
  } finally {
    release()
    response.end()
  }
}

async function serveUpgrade(
  options: NodeServerOptions, request: IncomingMessage, socket: Socket, head: Buffer, shutdown: AbortSignal,
): Promise<void> {
  const route = routeOf(options, request)
  if (route.type !== 'exec' && route.type !== 'attach' && route.type !== 'port-forward') throw new RequestRefused(400, 'This is no stream')
  socket.setTimeout(0)
  socket.setNoDelay(true)
  const { signal, release } = closeSignal(socket, shutdown)
  try {
    await serveStream(options.client, route, { request, socket, head }, signal)
  } finally {
    release()
  }
}

/** Nobody but the API server is let in; that the cluster's CA signed the certificate was checked by TLS, when the connection was made. */
function routeOf(options: NodeServerOptions, request: IncomingMessage): NodeRoute {
  const { socket } = request
  const certificate = socket instanceof TLSSocket && socket.authorized ? socket.getPeerCertificate() : undefined
  const counts = certificate !== undefined && Date.parse(certificate.valid_to) >= Date.now()
  if (!counts || certificate.subject?.CN !== options.clientCommonName) {
    throw new RequestRefused(403, `Forbidden: only the API server (${options.clientCommonName}) may ask a node`)
  }
  return nodeRoute(request.url ?? '/')
}

function closeSignal(closing: ServerResponse | Socket, shutdown: AbortSignal): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  closing.on('close', abort)
  if (shutdown.aborted) abort()
  shutdown.addEventListener('abort', abort, { once: true })
  return { signal: controller.signal, release: () => shutdown.removeEventListener('abort', abort) }
}

function write(response: ServerResponse, bytes: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    if (response.destroyed) return resolve(false)
    if (response.write(bytes)) return resolve(true)
    const finish = (): void => {
      response.off('drain', finish)
      response.off('close', finish)
      resolve(!response.destroyed)
    }
    response.on('drain', finish)
    response.on('close', finish)
  })
}

function refusalOf(log: Log, error: unknown): { status: number; message: string } {
  if (error instanceof RequestRefused || error instanceof StreamRefused) return { status: error.status, message: error.message }
  const message = thrownMessage(error)
  if (isNotFound(error)) return { status: 404, message }
  if (!(error instanceof GrpcFailure)) log.warn('a request to the node failed', { error: message })
  return { status: 500, message }
}

function refuseRequest(log: Log, response: ServerResponse, error: unknown): void {
  const { status, message } = refusalOf(log, error)
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(refusalBody(status, message))
}

/** The answer to an upgrade that did not happen. After one that did, nothing throws: its end closes the connection. */
function refuseUpgrade(log: Log, socket: Socket, error: unknown): void {
  const { status, message } = refusalOf(log, error)
  if (socket.destroyed) return
  socket.end(refusalBytes(status, message))
}
