import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchCase, Measurement } from './bench-case.ts'
import type { LoadRequest, LoadTarget } from './http2-client.ts'
import { http2Load, openConnections } from './http2-load.ts'

const CLIENTS = 32
const WARM_REQUESTS = 2000
const REQUESTS = 12_000
const BODY = Buffer.alloc(1024, 'x')

type Kind = 'bare' | 'adapter' | 'thread'

const NAMES: Readonly<Record<Kind, string>> = {
  bare: 'limit: bare HTTP/2', adapter: 'our server, no handler', thread: 'our server in its thread, no handler',
}

/** What HTTP/2 over TLS costs before any API: Node alone, and the cluster's server with a handler that does nothing. */
export const http2Limit: BenchCase = {
  name: 'http2-limit',
  run: async (directory) => [...await measureServer(directory, 'bare', REQUESTS), ...await measureServer(directory, 'adapter', REQUESTS), ...await measureServer(directory, 'thread', REQUESTS)],
}

/** What Node alone needs for a request, on a connection of its own and on a shared one: what the API's requests are compared with. */
export async function nodeAlone(directory: string): Promise<NodeAlone> {
  const [sharedGet, sharedPost, ownGet, ownPost] = await measureServer(directory, 'bare', REQUESTS / 2)
  if (sharedGet === undefined || sharedPost === undefined || ownGet === undefined || ownPost === undefined) throw new Error('a limit was not measured')
  const cpuUs = ({ cpuMs, operations }: Measurement): number => ((cpuMs ?? 0) * 1000) / operations
  return {
    rows: [sharedGet, sharedPost, ownGet, ownPost],
    shared: { get: cpuUs(sharedGet), post: cpuUs(sharedPost) },
    own: { get: cpuUs(ownGet), post: cpuUs(ownPost) },
  }
}

export interface NodeAlone {
  readonly rows: readonly Measurement[]
  /** CPU us of a request. */
  readonly shared: { readonly get: number; readonly post: number }
  readonly own: { readonly get: number; readonly post: number }
}

async function measureServer(directory: string, kind: Kind, requests: number): Promise<readonly Measurement[]> {
  const pkiDirectory = join(directory, 'pki')
  const child = fork(join(import.meta.dirname, 'http2-limit-server.ts'), [pkiDirectory, kind])
  try {
    const { port } = await messageOf(child, 'port')
    const measurements: Measurement[] = []
    const target = { url: `https://127.0.0.1:${port}`, caPem: readFileSync(join(pkiDirectory, 'ca.crt'), 'utf8') }
    for (const connections of [1, CLIENTS]) {
      for (const method of ['GET', 'POST'] as const) {
        const name = `${NAMES[kind]}, 1 KiB ${method}, ${CLIENTS} clients on ${connections}`
        measurements.push(await measure(child, { name, method, connections, requests, ...target }))
      }
    }
    return measurements
  } finally {
    child.disconnect()
  }
}

interface LimitLoad extends LoadTarget {
  readonly name: string
  readonly method: 'GET' | 'POST'
  readonly connections: number
  readonly requests: number
}

async function measure(child: ChildProcess, of: LimitLoad): Promise<Measurement> {
  const headers = { ':method': of.method, ':path': '/api/v1/namespaces/default/configmaps/a' }
  const request: LoadRequest = of.method === 'POST' ? { headers, body: BODY } : { headers }
  const connections = await openConnections(of, of.connections)
  await http2Load(connections, CLIENTS, Array.from({ length: WARM_REQUESTS }, () => request))
  const before = await cpuOf(child)
  const load = await http2Load(connections, CLIENTS, Array.from({ length: of.requests }, () => request))
  const cpuMs = await cpuOf(child) - before
  for (const connection of connections) connection.close()
  return { name: of.name, operations: of.requests, ...load, cpuMs, scale: '' }
}

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send('cpu')
  return (await messageOf(child, 'cpuMs')).cpuMs
}

async function messageOf<Name extends string>(child: ChildProcess, name: Name): Promise<Record<Name, number>> {
  const [message] = await once(child, 'message')
  if (typeof message?.[name] !== 'number') throw new Error(`the server did not tell its ${name}`)
  return message
}
