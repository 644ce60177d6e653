import type { Node } from '../../src/resources/generated/types.ts'
import { pod } from './api-objects.ts'
import { startBenchServer, type BenchServer } from './api-server.ts'
import type { BenchCase } from './bench-case.ts'
import type { LoadRequest } from './http2-client.ts'
import { startWatchClient } from './watch-client.ts'

const NODES = 1_000
const PODS = 5_000
/** Before anything is counted: what a server does often, its engine has compiled well. */
const WARM_PODS = 5_000
const TIMEOUT_MS = 120_000
const PODS_PATH = '/api/v1/namespaces/default/pods'
const EVENTS_PATH = '/api/v1/namespaces/default/events'

/**
 * 5,000 pods are created at once, after as many others, on 1,000 nodes that only the API knows: until the last one is seen bound. The CPU is counted until each
 * pod's Scheduled event is there too.
 */
export const scheduling: BenchCase = {
  name: 'scheduling',
  async run(directory) {
    const server = await startBenchServer(directory)
    try {
      await makeNodes(server)
      // A pod joins the selection when it is bound; nobody changes it afterwards.
      const watcher = await startWatchClient(server, `${PODS_PATH}?watch=true&resourceVersion=0&fieldSelector=spec.nodeName%21%3D`)
      await server.load(WARM_PODS, (number) => create(`w-${number}`))
      await watcher.received(WARM_PODS, TIMEOUT_MS)
      const requests = Array.from({ length: PODS }, (_, number) => create(`s-${number}`))
      const before = server.cpuMs()
      const started = performance.now()
      const created = await server.load(PODS, (number) => requests[number] ?? create(''))
      await watcher.received(WARM_PODS + PODS, TIMEOUT_MS)
      const elapsedMs = performance.now() - started
      watcher.close()
      const told = await startWatchClient(server, `${EVENTS_PATH}?watch=true&resourceVersion=0`, (line) => line.includes('"reason":"Scheduled"'))
      await told.received(WARM_PODS + PODS, TIMEOUT_MS)
      told.close()
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

function create(name: string): LoadRequest {
  return {
    headers: { ':method': 'POST', ':path': PODS_PATH, 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(schedulable(name))),
  }
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
