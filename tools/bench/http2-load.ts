import { openConnection, prepare, type Http2Connection, type LoadRequest, type LoadTarget, type PreparedRequest } from './http2-client.ts'

export interface Load {
  readonly elapsedMs: number
  readonly latenciesMs: readonly number[]
}

/** Open connections to one server, for many loads. */
export async function openConnections(target: LoadTarget, count: number): Promise<readonly Http2Connection[]> {
  return await Promise.all(Array.from({ length: count }, () => openConnection(target)))
}

/** So many clients, each with one request at a time; they share connections where there are fewer of these. Rejects at the first answer that is an error. */
export async function http2Load(connections: readonly Http2Connection[], clients: number, requests: readonly LoadRequest[]): Promise<Load> {
  const left = requests.map((request) => ({ request, wire: prepare(request) })).values()
  const latenciesMs: number[] = []
  const started = performance.now()
  const all = Promise.all(Array.from({ length: clients }, async (_, client) => {
    const connection = connections[client % connections.length]
    if (connection === undefined) throw new Error('there is no connection')
    for (const { request, wire } of left) {
      const begun = performance.now()
      const status = await statusOfAnswer(connection, wire)
      if (status < 200 || status > 299) throw new Error(`${request.headers[':method']} ${request.headers[':path']} was answered with ${status}`)
      latenciesMs.push(performance.now() - begun)
    }
  }))
  await Promise.race([all, ...connections.map((connection) => connection.failed())])
  return { elapsedMs: performance.now() - started, latenciesMs }
}

function statusOfAnswer(connection: Http2Connection, request: PreparedRequest): Promise<number> {
  return new Promise((resolve) => {
    let status = 0
    connection.start(request, {
      onStatus(code) {
        status = code
      },
      onEnd() {
        resolve(status)
      },
    })
  })
}
