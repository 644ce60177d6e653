import { join } from 'node:path'
import { configMap, pod } from './api-objects.ts'
import { startBenchServer, type BenchServer } from './api-server.ts'
import type { BenchCase, Measurement } from './bench-case.ts'
import { nodeAlone, type NodeAlone } from './http2-limit.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const PODS = '/api/v1/namespaces/default/pods'
const JSON_TYPE = { 'content-type': 'application/json' }
/** Before anything is counted: what a server does often, its engine has compiled well. Its 30,000th create costs a fifth less than its 18,000th. */
const WARM_REQUESTS = 30_000
const REQUESTS = 6_000
const LISTED = 2_000
const LISTS = 24

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

/**
 * The API's requests over TLS and HTTP/2 by 32 clients, each with a connection of its own or all on one; every write is on the disk
 * before it is answered. The limit is what Node alone needs for such a request, measured just before.
 */
export const apiRequests: BenchCase = {
  name: 'api',
  async run(directory) {
    const limit = await nodeAlone(directory)
    const server = await startBenchServer(join(directory, 'server'))
    try {
      return [...limit.rows, ...await configMapRequests(server, limit), ...await podRequests(server, limit)]
    } finally {
      await server.stop()
    }
  },
}

async function configMapRequests(server: BenchServer, { own, shared }: NodeAlone): Promise<Measurement[]> {
  const create = (prefix: string) => (number: number) => ({ headers: { ':method': 'POST', ':path': CONFIG_MAPS, ...JSON_TYPE }, body: json(configMap(`${prefix}-${number}`)) })
  const existing = (number: number): string => `${CONFIG_MAPS}/c-${number % REQUESTS}`
  const get = (number: number) => ({ headers: { ':method': 'GET', ':path': existing(number) } })
  const write = { limitCpuUs: own.post }
  await server.load(WARM_REQUESTS, create('warm'))
  return [
    await server.measure('ConfigMap create (1 KiB)', REQUESTS, create('c'), { ...write, scale: 'kube-apiserver with etcd: 1,300/s' }),
    await server.measure('ConfigMap create (1 KiB), one connection', REQUESTS, create('s'), { shared: true, limitCpuUs: shared.post }),
    await server.measure('ConfigMap update', REQUESTS, (number) => ({ headers: { ':method': 'PUT', ':path': existing(number), ...JSON_TYPE }, body: json(configMap(`c-${number % REQUESTS}`, 1)) }), write),
    await server.measure('ConfigMap merge patch', REQUESTS, (number) => ({ headers: { ':method': 'PATCH', ':path': existing(number), 'content-type': 'application/merge-patch+json' }, body: json({ data: { version: `p${number}` } }) }), write),
    await server.measure('ConfigMap GET', REQUESTS * 2, get, { limitCpuUs: own.get, scale: 'kube-apiserver: 3,000/s' }),
    await server.measure('ConfigMap GET, one connection', REQUESTS * 2, get, { shared: true, limitCpuUs: shared.get }),
    await server.measure(`ConfigMap LIST of 500 (limit)`, LISTS * 4, () => ({ headers: { ':method': 'GET', ':path': `${CONFIG_MAPS}?limit=500` } })),
  ]
}

async function podRequests(server: BenchServer, { own, shared }: NodeAlone): Promise<Measurement[]> {
  const create = (prefix: string) => (number: number) => ({ headers: { ':method': 'POST', ':path': PODS, ...JSON_TYPE }, body: json(pod(`${prefix}-${number}`)) })
  const patch = (number: number) => ({
    headers: { ':method': 'PATCH', ':path': `${PODS}/p-${number % LISTED}`, 'content-type': 'application/strategic-merge-patch+json' },
    body: json({ metadata: { annotations: { 'example.com/turn': String(number) } }, spec: { containers: [{ name: 'web', image: `registry.example/shop/web:1.27.${number % 7}` }] } }),
  })
  await server.load(LISTED, create('p'))
  await server.load(WARM_REQUESTS / 3, patch)
  await server.load(WARM_REQUESTS / 3, create('w'))
  await deleteAll(server, `${PODS}/w-`, WARM_REQUESTS / 3)
  const write = { limitCpuUs: own.post }
  return [
    await server.measure('Pod create (2.5 KiB)', REQUESTS / 2, create('q'), write),
    await server.measure('Pod create (2.5 KiB), one connection', REQUESTS / 2, create('r'), { shared: true, limitCpuUs: shared.post }),
    await server.measure('Pod strategic merge patch', REQUESTS, patch, { ...write, scale: 'kube-apiserver: 460/s' }),
    await server.measure('Pod strategic merge patch, one connection', REQUESTS, patch, { shared: true, limitCpuUs: shared.post }),
    ...await listPods(server),
  ]
}

async function listPods(server: BenchServer): Promise<Measurement[]> {
  for (const prefix of ['q', 'r']) await deleteAll(server, `${PODS}/${prefix}-`, REQUESTS / 2)
  const list = () => ({ headers: { ':method': 'GET', ':path': PODS } })
  return [
    await server.measure(`Pod LIST of ${LISTED}, one client`, LISTS, list, { clients: 1, scale: 'kube-apiserver: 75-100 ms each' }),
    await server.measure(`Pod LIST of ${LISTED}, 32 clients`, LISTS * 2, list),
  ]
}

async function deleteAll(server: BenchServer, prefix: string, count: number): Promise<void> {
  await server.load(count, (number) => ({ headers: { ':method': 'DELETE', ':path': `${prefix}${number}?gracePeriodSeconds=0` } }))
}
