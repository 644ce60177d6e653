import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchCase, Measurement } from './bench-case.ts'
import { http2Load } from './http2-load.ts'

const CLIENTS = 32
const WARM_REQUESTS = 2000
const REQUESTS = 12_000
const BODY = Buffer.alloc(1024, 'x')

/** What HTTP/2 over TLS costs before any API: Node alone, and the cluster's server with a handler that does nothing. */
export const http2Limit: BenchCase = {
  name: 'http2-limit',
  run: async (directory) => [...await measureServer(directory, 'bare'), ...await measureServer(directory, 'adapter')],
}

async function measureServer(directory: string, kind: 'bare' | 'adapter'): Promise<readonly Measurement[]> {
  const pkiDirectory = join(directory, 'pki')
  const child = fork(join(import.meta.dirname, 'http2-limit-server.ts'), [pkiDirectory, kind])
  try {
    const { port } = await messageOf(child, 'port')
    const measurements: Measurement[] = []
    const target = { url: `https://127.0.0.1:${port}`, caPem: readFileSync(join(pkiDirectory, 'ca.crt'), 'utf8') }
    for (const connections of [1, CLIENTS]) {
      for (const method of ['GET', 'POST'] as const) {
        const name = `${kind === 'bare' ? 'limit: bare HTTP/2' : 'our server, no handler'}, 1 KiB ${method}, ${CLIENTS} clients on ${connections}`
        measurements.push(await measure(child, { name, method, connections, ...target }))
      }
    }
    return measurements
  } finally {
    child.disconnect()
  }
}

async function measure(child: ChildProcess, of: { name: string; method: 'GET' | 'POST'; connections: number; url: string; caPem: string }): Promise<Measurement> {
  const request = () => ({ headers: { ':method': of.method, ':path': '/api/v1/namespaces/default/configmaps/a' }, ...(of.method === 'POST' ? { body: BODY } : {}) })
  await http2Load({ ...of, clients: CLIENTS, requests: WARM_REQUESTS, request })
  const before = await cpuOf(child)
  const load = await http2Load({ ...of, clients: CLIENTS, requests: REQUESTS, request })
  return { name: of.name, operations: REQUESTS, ...load, cpuMs: await cpuOf(child) - before, scale: '' }
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
