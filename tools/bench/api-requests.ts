import { configMap, pod } from './api-objects.ts'
import { startBenchServer, type BenchServer } from './api-server.ts'
import type { BenchCase, Measurement } from './bench-case.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const PODS = '/api/v1/namespaces/default/pods'
const JSON_TYPE = { 'content-type': 'application/json' }
const WARM_REQUESTS = 3_000
const REQUESTS = 10_000
const LISTED = 2_000
const LISTS = 64

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

/** The API's requests over TLS and HTTP/2 by 32 clients; every write is on the disk before it is answered. */
export const apiRequests: BenchCase = {
  name: 'api',
  async run(directory) {
    const server = await startBenchServer(directory)
    try {
      return [...await configMapRequests(server), ...await podRequests(server)]
    } finally {
      await server.stop()
    }
  },
}

async function configMapRequests(server: BenchServer): Promise<Measurement[]> {
  const create = (prefix: string) => (number: number) => ({ headers: { ':method': 'POST', ':path': CONFIG_MAPS, ...JSON_TYPE }, body: json(configMap(`${prefix}-${number}`)) })
  const existing = (number: number): string => `${CONFIG_MAPS}/c-${number % REQUESTS}`
  await server.load(WARM_REQUESTS, create('warm'))
  return [
    await server.measure('ConfigMap create (1 KiB)', 'kube-apiserver with etcd: 1,300/s', REQUESTS, create('c')),
    await server.measure('ConfigMap update', '', REQUESTS, (number) => ({ headers: { ':method': 'PUT', ':path': existing(number), ...JSON_TYPE }, body: json(configMap(`c-${number % REQUESTS}`, 1)) })),
    await server.measure('ConfigMap merge patch', '', REQUESTS, (number) => ({ headers: { ':method': 'PATCH', ':path': existing(number), 'content-type': 'application/merge-patch+json' }, body: json({ data: { version: `p${number}` } }) })),
    await server.measure('ConfigMap GET', 'kube-apiserver: 3,000/s', REQUESTS * 2, (number) => ({ headers: { ':method': 'GET', ':path': existing(number) } })),
    await server.measure(`ConfigMap LIST of 500 (limit)`, '', LISTS * 4, () => ({ headers: { ':method': 'GET', ':path': `${CONFIG_MAPS}?limit=500` } })),
  ]
}

async function podRequests(server: BenchServer): Promise<Measurement[]> {
  const create = (prefix: string) => (number: number) => ({ headers: { ':method': 'POST', ':path': PODS, ...JSON_TYPE }, body: json(pod(`${prefix}-${number}`)) })
  const patch = (number: number) => ({
    headers: { ':method': 'PATCH', ':path': `${PODS}/p-${number % LISTED}`, 'content-type': 'application/strategic-merge-patch+json' },
    body: json({ metadata: { annotations: { 'example.com/turn': String(number) } }, spec: { containers: [{ name: 'web', image: `registry.example/shop/web:1.27.${number % 7}` }] } }),
  })
  const created = await server.measure('Pod create (2.5 KiB)', '', LISTED, create('p'))
  await server.load(WARM_REQUESTS / 2, patch)
  return [
    created,
    await server.measure('Pod create (2.5 KiB), warm', '', REQUESTS / 2, create('q')),
    await server.measure('Pod strategic merge patch', 'kube-apiserver: 460/s', REQUESTS, patch),
    ...await listPods(server),
  ]
}

async function listPods(server: BenchServer): Promise<Measurement[]> {
  await deleteAll(server, `${PODS}/q-`, REQUESTS / 2)
  const list = () => ({ headers: { ':method': 'GET', ':path': PODS } })
  const one = await server.measure(`Pod LIST of ${LISTED}, ${LISTS} in turn by 32 clients`, 'kube-apiserver: 75-100 ms each', LISTS, list)
  return [one]
}

async function deleteAll(server: BenchServer, prefix: string, count: number): Promise<void> {
  await server.load(count, (number) => ({ headers: { ':method': 'DELETE', ':path': `${prefix}${number}?gracePeriodSeconds=0` } }))
}
