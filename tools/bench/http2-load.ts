import { connect, type ClientHttp2Session } from 'node:http2'

export interface LoadTarget {
  readonly url: string
  readonly caPem: string
  /** The clients' certificate; absent: none. */
  readonly certificatePem?: string
  readonly keyPem?: string
}

export interface LoadRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

export interface Load {
  readonly elapsedMs: number
  readonly latenciesMs: readonly number[]
}

/** What Go's clients allow a server to send ahead; with Node's 64 KiB a large list would measure how fast windows are opened. */
const STREAM_WINDOW_BYTES = 4 * 1024 * 1024
const CONNECTION_WINDOW_BYTES = 1024 * 1024 * 1024

/** Open connections to one server, for many loads. */
export async function openConnections(target: LoadTarget, count: number): Promise<readonly ClientHttp2Session[]> {
  return await Promise.all(Array.from({ length: count }, () => openConnection(target)))
}

/** So many clients, each with one request at a time; they share connections where there are fewer of these. */
export async function http2Load(connections: readonly ClientHttp2Session[], clients: number, requests: readonly LoadRequest[]): Promise<Load> {
  const latenciesMs: number[] = []
  const left = requests.values()
  const started = performance.now()
  await Promise.all(Array.from({ length: clients }, async (_, client) => {
    const session = connections[client % connections.length]
    if (session === undefined) throw new Error('there is no connection')
    for (const request of left) {
      const begun = performance.now()
      await exchange(session, request)
      latenciesMs.push(performance.now() - begun)
    }
  }))
  return { elapsedMs: performance.now() - started, latenciesMs }
}

function openConnection({ url, caPem, certificatePem, keyPem }: LoadTarget): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = connect(url, { ca: caPem, cert: certificatePem, key: keyPem, settings: { initialWindowSize: STREAM_WINDOW_BYTES, enablePush: false } })
    session.once('connect', () => {
      session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
      resolve(session)
    })
    session.once('error', reject)
  })
}

function exchange(session: ClientHttp2Session, { headers, body }: LoadRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body === undefined })
    stream.on('response', (received) => {
      const status = received[':status'] ?? 0
      if (status >= 400) reject(new Error(`${headers[':path']} was answered with ${status}`))
    })
    stream.on('error', reject)
    stream.on('end', resolve)
    stream.resume()
    if (body !== undefined) stream.end(body)
  })
}
