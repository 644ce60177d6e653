import { createHttpClient } from '../../src/client/http-client.ts'
import { systemClock } from '../../src/host/clock.ts'
import { createHttpsTransport } from '../../src/host/https-transport.ts'
import { kinds } from '../../src/resources/generated/kinds.ts'
import type { Node } from '../../src/resources/generated/types.ts'
import { pod } from './api-objects.ts'
import { startBenchServer, type BenchServer } from './api-server.ts'
import type { BenchCase } from './bench-case.ts'

const NODES = 1_000
const PODS = 5_000
const TIMEOUT_MS = 120_000

/** 5,000 pods are created at once on 1,000 nodes that only the API knows: until the last one is seen bound. */
export const scheduling: BenchCase = {
  name: 'scheduling',
  async run(directory) {
    const server = await startBenchServer(directory)
    try {
      await makeNodes(server)
      const bound = await watchBound(server)
      const before = server.cpuMs()
      const started = performance.now()
      const created = await server.load(PODS, (number) => ({
        headers: { ':method': 'POST', ':path': '/api/v1/namespaces/default/pods', 'content-type': 'application/json' },
        body: Buffer.from(JSON.stringify(schedulable(`s-${number}`))),
      }))
      await bound.all
      const elapsedMs = performance.now() - started
      bound.close()
      const createSeconds = (created.elapsedMs / 1000).toFixed(1)
      return [{
        name: `Pods created and bound, ${PODS} on ${NODES} nodes (created in ${createSeconds} s)`,
        operations: PODS, elapsedMs, cpuMs: server.cpuMs() - before, latenciesMs: [], scale: 'kube-scheduler: 380/s',
      }]
    } finally {
      await server.stop()
    }
  },
}

function schedulable(name: string): object {
  const { schedulerName: _, ...spec } = pod(name).spec ?? { containers: [] }
  return { ...pod(name), spec }
}

async function makeNodes(server: BenchServer): Promise<void> {
  const node = (number: number): Node => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `node-${number}`, labels: { 'kubernetes.io/hostname': `node-${number}`, zone: `zone-${number % 3}` } },
    spec: { taints: [] },
  })
  const status = {
    capacity: { cpu: '8', memory: '32Gi', pods: '110' },
    allocatable: { cpu: '8', memory: '32Gi', pods: '110' },
    conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '', lastHeartbeatTime: new Date().toISOString(), lastTransitionTime: new Date().toISOString() }],
  }
  const send = (method: string, path: string, type: string, body: object) => ({ headers: { ':method': method, ':path': path, 'content-type': type }, body: Buffer.from(JSON.stringify(body)) })
  await server.load(NODES, (number) => send('POST', '/api/v1/nodes', 'application/json', node(number)))
  await server.load(NODES, (number) => send('PATCH', `/api/v1/nodes/node-${number}/status`, 'application/merge-patch+json', { status }))
  // A new node is tainted until it is ready; nobody renews these nodes' leases, so their readiness is said by hand.
  await server.load(NODES, (number) => send('PATCH', `/api/v1/nodes/node-${number}`, 'application/merge-patch+json', { spec: { taints: null } }))
}

/** Follows all pods and counts those that have a node. */
function watchBound(server: BenchServer): Promise<{ all: Promise<void>; close(): void }> {
  const transport = createHttpsTransport({
    server: server.url, caPem: server.caPem, clock: systemClock,
    credentials: { type: 'certificate', certificatePem: server.certificatePem, keyPem: server.keyPem },
  })
  const client = createHttpClient(transport)
  const stop = new AbortController()
  const all = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${bound.size} of ${PODS} pods were bound within ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS)
    const bound = new Set<string>()
    const follow = async (): Promise<void> => {
      for await (const event of client.watch(kinds.Pod, { namespace: 'default', sendInitialEvents: true, signal: stop.signal })) {
        if (event.type === 'bookmark' || (event.object.spec?.nodeName ?? '') === '') continue
        bound.add(event.object.metadata.name ?? '')
        if (bound.size === PODS) {
          clearTimeout(timer)
          resolve()
        }
      }
    }
    follow().catch((error: unknown) => (stop.signal.aborted ? undefined : reject(error instanceof Error ? error : new Error(String(error)))))
  })
  return Promise.resolve({ all, close: () => { stop.abort(); transport.close() } })
}
