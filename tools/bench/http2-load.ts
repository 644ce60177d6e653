import { connect, type ClientHttp2Session } from 'node:http2'

export interface LoadOptions {
  readonly url: string
  readonly caPem: string
  /** The clients' certificate; absent: none. */
  readonly certificatePem?: string
  readonly keyPem?: string
  readonly clients: number
  /** Clients share connections where there are fewer of these. */
  readonly connections: number
  readonly requests: number
  /** Headers and body of the request with this number. */
  request(number: number): { readonly headers: Readonly<Record<string, string>>; readonly body?: Uint8Array }
}

export interface Load {
  readonly elapsedMs: number
  readonly latenciesMs: readonly number[]
}

/** So many clients, each with one request at a time. */
export async function http2Load(options: LoadOptions): Promise<Load> {
  const sessions = await Promise.all(Array.from({ length: options.connections }, () => openSession(options)))
  const latenciesMs: number[] = []
  let next = 0
  const started = performance.now()
  await Promise.all(Array.from({ length: options.clients }, async (_, client) => {
    const session = sessions[client % sessions.length]
    if (session === undefined) throw new Error('there is no connection')
    for (let number = next++; number < options.requests; number = next++) {
      const begun = performance.now()
      await exchange(session, options.request(number))
      latenciesMs.push(performance.now() - begun)
    }
  }))
  const elapsedMs = performance.now() - started
  for (const session of sessions) session.close()
  return { elapsedMs, latenciesMs }
}

function openSession({ url, caPem, certificatePem, keyPem }: LoadOptions): Promise<ClientHttp2Session> {
  return new Promise((resolve, reject) => {
    const session = connect(url, { ca: caPem, cert: certificatePem, key: keyPem })
    session.once('connect', () => resolve(session))
    session.once('error', reject)
  })
}

function exchange(session: ClientHttp2Session, { headers, body }: ReturnType<LoadOptions['request']>): Promise<void> {
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
