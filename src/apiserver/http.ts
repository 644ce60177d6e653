import type { User } from './access.ts'
import type { Instant } from '../words/instant.ts'
import type { RemoteTarget } from './aggregation/remote-api.ts'

/** HTTP as the API server sees it: host/https-server.ts adapts node:http2 to it, simulation/ and tests call it directly. */
export interface ServerRequest {
  readonly method: string
  /** Decoded once by nobody: as it came, without the query. */
  readonly path: string
  /** Without the question mark; '' when there is none. */
  readonly query: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly peer: Peer
  /** Reads the whole body; throws StatusError 413 beyond maxBytes. */
  body(maxBytes: number): Promise<Uint8Array>
  /** Aborts when the client goes away or the server shuts down. */
  readonly signal: AbortSignal
}

export interface PeerCertificate {
  readonly commonName: string
  readonly organizations: readonly string[]
  /** SHA-256 of the whole certificate in lower-case hexadecimal digits: tells the certificates of one user apart. */
  readonly fingerprint?: string
}

export interface Peer {
  /** Address of the client. */
  readonly address: string
  /** The verified client certificate's subject, where one was given and our CA signed it. */
  readonly certificate: PeerCertificate | undefined
  /** The common name of a front proxy's certificate: of an authority of its own, so that it is no user here. */
  readonly proxyName?: string
  /**
   * The last instant at which the certificate that was shown counts, with all that signed it; 0: it never did (a stranger's, one that had
   * ended). Undefined: none was shown, or it counts as long as the connection. A connection may outlive its certificate.
   */
  readonly validUntil?: Instant
}

export type ServerResponse =
  | { readonly type: 'whole'; readonly status: number; readonly headers: ResponseHeaders; readonly body: readonly Uint8Array[] }
  | StreamResponse
  /** The adapter hands the raw connection over after the other side answered the upgrade (exec, attach, port-forward): see host/node-proxy.ts, host/api-tunnel.ts. */
  | { readonly type: 'tunnel'; readonly target: TunnelTarget }

export interface StreamResponse {
  readonly type: 'stream'
  readonly status: number
  readonly headers: ResponseHeaders
  /** What it tells happens meanwhile: a watch, a log. Else it is long, and there already. */
  readonly isLasting: boolean
  /** Set-Cookie, of a server behind this one: the one header whose values cannot stand in one line. */
  readonly cookies?: readonly string[]
  /** Resolves when the response is complete; the adapter ends the stream then. */
  send(sink: ByteSink): Promise<void>
}

export type ResponseHeaders = Readonly<Record<string, string>>

/**
 * What is best written at once: large enough that a LIST is no thousands of writes, small enough to stay in the processor's cache on its
 * way out. Writes of just so much pass between threads in memory that both see.
 */
export const BLOCK_BYTES = 128 * 1024

export interface ByteSink {
  /** Never waits. After it returned false the bytes are still taken, and backlogBytes grows. */
  write(bytes: Uint8Array): boolean
  /** What the peer has not taken yet. A watch whose backlog passes its bound is ended, never waited for. */
  backlogBytes(): number
  drained(): Promise<void>
}

/** A sink that has room for copies, which cost it less than new memory for all that is written would cost everybody. */
export interface CopyingSink extends ByteSink {
  /** As write, of at most a block of bytes, which may be changed after it. */
  writeCopy(bytes: Uint8Array): boolean
}

/** Plain data: whoever has the socket may be in another thread. */
export type TunnelTarget = NodeTunnel | ApiTunnel | BackendTunnel

/** A node agent's own server, and the path with its query there. */
export interface NodeTunnel {
  readonly nodeName: string
  readonly address: string
  readonly port: number
  readonly path: string
  readonly method: string
  /** Its answer is bytes (a log): who asks for a WebSocket gets them as messages. */
  readonly isPlain?: true
}

/** Another API server, which is told in headers who asks. */
export interface ApiTunnel {
  readonly api: RemoteTarget
  readonly user: User
  readonly clientAddress: string
  readonly path: string
  readonly method: string
}

/** A pod, a service's endpoint or a port of a node: asked as a stranger would, and told nothing of who asks but an address. */
export interface BackendTunnel {
  readonly backend: { readonly scheme: 'http' | 'https'; readonly address: string; readonly port: number }
  /** Where clients of this server find what the backend calls /. */
  readonly basePath: string
  readonly clientAddress: string
  /** With the query. */
  readonly path: string
  readonly method: string
}

/** What can be answered at once is, without a promise: most reads. */
export type Handler = (request: ServerRequest) => ServerResponse | Promise<ServerResponse>
