import { constants as cryptoConstants } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls'
import type { Log } from '../words/ports.ts'
import { Http1Connections } from './http1-connections.ts'
import { Http2Connection, type ConnectionOptions } from './http2-connection.ts'
import { HTTPS_LIMITS } from './https-limits.ts'
import { listenError } from './listen-error.ts'
import type { NodeProxy } from './node-proxy.ts'
import { Peers, type PeerReader } from './peer.ts'
import { BodiesUnderWay } from './bodies-under-way.ts'
import { BodyReader } from './request-body.ts'
import type { RequestHandler } from './server-request.ts'
import { thrownMessage } from '../words/thrown.ts'
import { trusting } from './trusted-authorities.ts'

export interface ServingCertificate {
  readonly certificatePem: string
  readonly keyPem: string
  /** Signs the clients' certificates. */
  readonly caPem: string
  /** Signs the certificates of proxies that are believed about users; undefined: there are none. */
  readonly frontProxyCaPem?: string | undefined
}

export interface HttpsServerOptions extends ServingCertificate {
  /** The address to listen on; 0.0.0.0 or :: for all. */
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  readonly handler: RequestHandler
  readonly nodeProxy: NodeProxy
  readonly log: Log
}

export interface HttpsServer {
  readonly address: string
  readonly port: number
  /** New connections get this certificate. All are judged by these authorities, with their next request. */
  renew(certificate: ServingCertificate): void
  /** Ends all requests, watches too, and resolves within a second. */
  close(): Promise<void>
}

/** Serves HTTP/2 and HTTP/1.1 over TLS on one port. */
export async function startHttpsServer(options: HttpsServerOptions): Promise<HttpsServer> {
  const server = new TlsListener(options)
  await server.listen(options.host, options.port)
  return server
}

class TlsListener implements HttpsServer {
  readonly #server: Server
  readonly #options: ConnectionOptions
  readonly #peers: Peers
  readonly #http1: Http1Connections
  readonly #http2 = new Set<Http2Connection>()
  readonly #sockets = new Set<TLSSocket>()
  address = ''
  port = 0

  constructor(options: HttpsServerOptions) {
    this.#peers = new Peers(options)
    const peerOf: PeerReader = (socket) => this.#peers.read(socket)
    const underWay = new BodiesUnderWay()
    this.#options = { ...options, peerOf, bodies: new BodyReader('length', underWay) }
    this.#http1 = new Http1Connections({ ...options, peerOf, bodies: new BodyReader('end', underWay) })
    this.#server = createServer({
      ...contextOf(options),
      ALPNProtocols: ['h2', 'http/1.1'],
      requestCert: true,
      // Clients without a certificate may have a token; the peer reader decides what a certificate is worth.
      rejectUnauthorized: false,
      handshakeTimeout: HTTPS_LIMITS.handshakeTimeoutMs,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: 30_000,
    })
    this.#server.maxConnections = HTTPS_LIMITS.connections
    this.#server.on('secureConnection', (socket) => this.#onConnection(socket))
    // A client that does not trust us, or speaks no TLS, concerns nobody else.
    this.#server.on('tlsClientError', () => undefined)
  }

  listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error) => reject(listenError(error, host, port)))
      this.#server.listen({ host, port }, () => {
        const bound = this.#server.address() as AddressInfo
        this.address = bound.address
        this.port = bound.port
        resolve()
      })
    })
  }

  renew(certificate: ServingCertificate): void {
    this.#server.setSecureContext(contextOf(certificate))
    if (!this.#peers.renew(certificate)) return
    this.#http1.judgeAgain()
    for (const connection of this.#http2) connection.judgeAgain()
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      const cut = setTimeout(() => this.#cut(), HTTPS_LIMITS.closeGraceMs)
      this.#server.close(() => {
        clearTimeout(cut)
        resolve()
      })
      this.#http1.close()
      for (const connection of this.#http2) connection.close()
    })
  }

  #cut(): void {
    this.#http1.destroy()
    for (const connection of this.#http2) connection.destroy()
    for (const socket of this.#sockets) socket.destroy()
  }

  #onConnection(socket: TLSSocket): void {
    this.#sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
    try {
      if (socket.alpnProtocol !== 'h2') return this.#http1.adopt(socket)
      const connection = new Http2Connection(socket, this.#options, () => this.#http2.delete(connection))
      this.#http2.add(connection)
    } catch (error) {
      // The client was gone before we began.
      this.#options.log.debug('A connection was not taken up', { error: thrownMessage(error) })
      socket.destroy()
    }
  }
}

function contextOf({ certificatePem, keyPem, caPem, frontProxyCaPem }: ServingCertificate): SecureContextOptions {
  const ca = frontProxyCaPem === undefined ? caPem : [caPem, frontProxyCaPem]
  // No tickets: a resumed session would skip the check whether a client's certificate is still valid.
  return { cert: certificatePem, key: keyPem, ...trusting(ca), minVersion: 'TLSv1.2', secureOptions: cryptoConstants.SSL_OP_NO_TICKET }
}
