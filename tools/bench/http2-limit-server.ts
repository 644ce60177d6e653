/**
 * Part of http2-limit.ts: a server in a process of its own, so that its processor time is not that of its load.
 * Arguments: directory for its certificates; bare, adapter or thread. Tells its port, and its processor time when asked for it.
 */
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { systemClock } from '../../src/host/clock.ts'
import { startHttpsServer } from '../../src/host/https-server.ts'
import { startHttpsThread, startThreadedHttpsServer } from '../../src/host/https-thread/threaded-server.ts'
import type { Handler } from '../../src/apiserver/http.ts'
import { createNodeProxy } from '../../src/host/node-proxy.ts'
import { createClusterPki, type ClusterPki } from '../../src/host/pki.ts'
import { silentLog } from '../../src/words/ports.ts'

const [directory = '', kind = 'bare'] = process.argv.slice(2)
const pki = createClusterPki(directory, { names: ['localhost'], addresses: ['127.0.0.1'], clock: systemClock, log: silentLog })
const answer = Buffer.alloc(1024, 'x')

/** Nothing but Node: what the machine can do. */
function startBare({ apiServer }: ClusterPki): Promise<number> {
  const server = createSecureServer({ cert: apiServer.certificatePem, key: apiServer.keyPem })
  server.on('stream', (stream) => {
    const reply = (): void => {
      stream.respond({ ':status': 200, 'content-type': 'application/json' })
      stream.end(answer)
    }
    stream.on('end', reply).resume()
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)))
}

const handler: Handler = async (request) => {
  if (request.method === 'POST') await request.body(1e6)
  return { type: 'whole', status: 200, headers: { 'content-type': 'application/json' }, body: [answer] }
}

/** The cluster's own server with a handler that does nothing. */
async function startAdapter({ apiServer, apiServerToNode, caPem }: ClusterPki): Promise<number> {
  const nodeProxy = createNodeProxy({ caPem, ...apiServerToNode, connectTimeoutMs: 1000 })
  const server = await startHttpsServer({ host: '127.0.0.1', port: 0, ...apiServer, caPem, log: silentLog, nodeProxy, handler })
  return server.port
}

/** As the control plane runs it: in a thread of its own. */
async function startInThread({ apiServer, apiServerToNode, caPem }: ClusterPki): Promise<number> {
  const nodeProxy = { caPem, ...apiServerToNode, connectTimeoutMs: 1000 }
  const server = await startThreadedHttpsServer(startHttpsThread(), { host: '127.0.0.1', port: 0, ...apiServer, caPem, log: silentLog, nodeProxy, handler })
  return server.port
}

const starts: Readonly<Record<string, (pki: ClusterPki) => Promise<number>>> = { bare: startBare, adapter: startAdapter, thread: startInThread }
const port = await (starts[kind] ?? startBare)(pki)
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMs: (user + system) / 1000 })
})
process.on('disconnect', () => process.exit())
process.send?.({ port })
