/** What one client can take from the server. The API server's own limits (requests in flight, body bytes, watch backlog) come on top. */
export const HTTPS_LIMITS = {
  connections: 10_000,
  handshakeTimeoutMs: 10_000,
  /** All headers of one request together. */
  headerBytes: 64 * 1024,
  headerCount: 128,
  /** From the first byte of an HTTP/1.1 request to the end of its headers. */
  headersTimeoutMs: 15_000,
  /** A body that brings nothing for so long is given up. */
  bodyIdleTimeoutMs: 30_000,
  /** What all bodies that are being read hold together. */
  bodiesBytes: 512 * 1024 * 1024,
  /** How long a client may go on sending what was refused, so that it can read the answer before the connection is reset. */
  lingerMs: 1_000,
  /** A connection without requests is closed. */
  idleConnectionMs: 5 * 60_000,
  /** How long a client may be gone before it is seen, see readAgain. */
  readAgainMs: 2_000,
  /** HTTP/1.1: requests of one connection that wait for the answers to those before them. */
  requestsAhead: 100,
  /** Go's clients wait when they reach this many; upstream allows 100 to 250. */
  streamsPerConnection: 250,
  /** Also counts requests whose client reset the stream while the handler still works. */
  handlersPerConnection: 500,
  /** Requests that a client may reset unanswered within resetWindowMs (CVE-2023-44487); below the bound at which nghttp2 falls silent (1000). */
  resetsPerWindow: 800,
  resetWindowMs: 20_000,
  /** What Node may hold for one HTTP/2 connection, in megabytes; watch backlogs count. */
  sessionMegabytes: 64,
  /** What a client may send ahead on a stream, and on all streams of a connection. */
  streamWindowBytes: 256 * 1024,
  connectionWindowBytes: 4 * 1024 * 1024,
  /** Requests that did not end by themselves by then are cut off when the server closes. */
  closeGraceMs: 800,
} as const
