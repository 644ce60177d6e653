import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createUsageOf } from '../../policy/quota/resource-usage.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Pod, ResourceQuota, Service } from '../../resources/generated/types.ts'
import { servedResources } from '../../resources/registry.ts'
import { createMemoryStore } from '../../store/memory.ts'
import type { Store } from '../../store/store.ts'
import { present } from '../../words/assert.ts'
import { isStatus } from '../../words/status-error.ts'
import { startTestServer } from '../apiserver.testing.ts'
import type { TestServer } from '../apiserver.testing.ts'
import type { ObjectReader } from '../access.ts'
import { quotaBookkeeper, quotaCount, quotaDryRun } from './resource-quota.ts'

const served = servedResources().map(({ kind }) => kind)

/** A server with nothing plugged in but quotas, on a store that may be shared. */
async function startServer(store: Store = createMemoryStore(), storeIsShared = false): Promise<TestServer> {
  const parts = { usageOf: createUsageOf(), clock: { now: () => Date.UTC(2026, 0, 1), after: () => () => undefined } }
  const reader: ObjectReader = { get: (kind, at) => server.server.reader.get(kind, at), list: (kind, namespace) => server.server.reader.list(kind, namespace) }
  const bookkeeper = quotaBookkeeper({ ...parts, reader })
  const server = await startTestServer({
    store, storeIsShared,
    extensions: { bookkeeper, mutators: [quotaCount({ ...parts, servedKinds: () => served })], validators: [quotaDryRun(bookkeeper)] },
  })
  return server
}

const key = { namespace: 'shop', name: 'q' }
const pod = (name: string, cpu = '100m', more: object = {}): Pod => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop' },
  spec: { containers: [{ name: 'web', image: 'i', resources: { requests: { cpu } } }], terminationGracePeriodSeconds: 0, ...more },
})

/** As the quota controller does: what is allowed becomes the status; the server counts. */
async function establish({ client }: TestServer, hard: Record<string, string>): Promise<void> {
  await client.create(kinds.ResourceQuota, { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { ...key }, spec: { hard } })
  await client.patch(kinds.ResourceQuota, key, { type: 'merge', body: { status: { hard } } }, { subresource: 'status' })
}

async function usedOf({ client }: TestServer): Promise<ResourceQuota['status']> {
  return (await client.get(kinds.ResourceQuota, key)).status
}

/** What became of each: '' or the refusal's message. */
async function settled(promises: readonly Promise<unknown>[]): Promise<readonly string[]> {
  return (await Promise.allSettled(promises)).map((result) => (result.status === 'fulfilled' ? '' : String(result.reason.message)))
}

test('a quota counts what is there, what comes and what goes', async () => {
  const server = await startServer()
  const { client } = server
  await client.create(kinds.Pod, pod('before'))
  await establish(server, { pods: '3', 'requests.cpu': '1', 'count/secrets': '1', 'services.nodeports': '2' })
  const used = async () => (await usedOf(server))?.used
  assert.deepEqual(await used(), { 'count/secrets': '0', pods: '1', 'requests.cpu': '100m', 'services.nodeports': '0' })
  await client.create(kinds.Pod, pod('a', '500m'))
  await client.create(kinds.Secret, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'shop' } })
  assert.deepEqual(await used(), { 'count/secrets': '1', pods: '2', 'requests.cpu': '600m', 'services.nodeports': '0' })
  assert.deepEqual(await settled([client.create(kinds.Pod, pod('b', '500m')), client.create(kinds.Pod, pod('c', '401m'), { dryRun: true })]), [
    'pods "b" is forbidden: exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1',
    'pods "c" is forbidden: exceeded quota: q, requested: requests.cpu=401m, used: requests.cpu=600m, limited: requests.cpu=1',
  ])
  await client.create(kinds.Pod, pod('c', '400m'), { dryRun: true })
  await client.patch(kinds.Pod, { namespace: 'shop', name: 'a' }, { type: 'merge', body: { status: { phase: 'Succeeded' } } }, { subresource: 'status' })
  assert.equal((await used())?.['requests.cpu'], '100m')
  await client.delete(kinds.Pod, { namespace: 'shop', name: 'a' })
  await client.delete(kinds.Pod, { namespace: 'shop', name: 'before' })
  assert.deepEqual([(await used())?.['pods'], (await used())?.['requests.cpu']], ['0', '0'])
  const service: Service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's', namespace: 'shop' }, spec: { type: 'NodePort', ports: [1, 2].map((port) => ({ port, name: `p${port}` })) } }
  const created = await client.create(kinds.Service, service)
  assert.match((await settled([client.update(kinds.Service, { ...created, spec: { ...created.spec, ports: [1, 2, 3].map((port) => ({ port, name: `p${port}` })) } })]))[0] ?? '', /exceeded quota: q, requested: services.nodeports=1, used: services.nodeports=2/)
  await client.update(kinds.Service, { ...created, spec: { ...created.spec, type: 'ClusterIP' } })
  assert.equal((await used())?.['services.nodeports'], '0')
  server.stop()
})

test('an object that is held goes from the account when it goes from the store', async () => {
  const server = await startServer()
  const { client } = server
  await establish(server, { pods: '1' })
  await client.create(kinds.Pod, { ...pod('held'), metadata: { name: 'held', namespace: 'shop', finalizers: ['example.com/x'] } })
  await client.delete(kinds.Pod, { namespace: 'shop', name: 'held' })
  assert.deepEqual((await usedOf(server))?.used, { pods: '1' })
  await client.patch(kinds.Pod, { namespace: 'shop', name: 'held' }, { type: 'merge', body: { metadata: { finalizers: null } } })
  assert.deepEqual((await usedOf(server))?.used, { pods: '0' })
  server.stop()
})

test('a status is counted by the server, whatever the writer thinks', async () => {
  const server = await startServer()
  await establish(server, { pods: '5' })
  await server.client.create(kinds.Pod, pod('a'))
  const lie = { status: { hard: { pods: '5' }, used: { pods: '0' } } }
  await server.client.patch(kinds.ResourceQuota, key, { type: 'merge', body: lie }, { subresource: 'status' })
  assert.deepEqual((await usedOf(server))?.used, { pods: '1' })
  server.stop()
})

test('a flood costs few writes of the quota', async () => {
  const store = createMemoryStore()
  let writes = 0
  const counting: Store = {
    read: (range, options) => store.read(range, options), watch: (range, after, signal) => store.watch(range, after, signal),
    compact: (before) => store.compact(before), latest: () => store.latest(), close: () => store.close(),
    commit: (transaction) => (writes++, store.commit(transaction)),
  }
  const server = await startServer(counting)
  await establish(server, { pods: '150' })
  const before = writes
  const results = await settled(Array.from({ length: 200 }, (_, index) => server.client.create(kinds.Pod, pod(`p${index}`))))
  assert.equal(results.filter((result) => result === '').length, 150)
  assert.ok(writes - before <= 10, `${writes - before} transactions`)
  assert.deepEqual((await usedOf(server))?.used, { pods: '150' })
  server.stop()
})

test('who has heard of one of the writes that were charged together hears of the others', async () => {
  const server = await startServer()
  await establish(server, { pods: '5' })
  const made = await Promise.all(['a', 'b', 'c'].map((name) => server.client.create(kinds.Pod, pod(name))))
  const revisions = made.map(({ metadata }) => Number(metadata.resourceVersion))
  assert.equal(new Set(revisions).size, 3)
  const listed = (await server.client.list(kinds.Pod, { namespace: 'shop' })).items.map(({ metadata }) => Number(metadata.resourceVersion))
  assert.deepEqual(listed, revisions, 'each is stored as it was answered')
  const watch = await server.watch(`/api/v1/namespaces/shop/pods?watch=1&resourceVersion=${Math.min(...revisions)}`)
  assert.equal((await watch.news()).length, 2)
  await watch.close()
  server.stop()
})

test('quotas are no trouble to each other', async () => {
  const server = await startServer()
  const { client } = server
  await establish(server, { resourcequotas: '2', 'count/secrets': '9' })
  const other = (name: string): ResourceQuota => ({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name, namespace: 'shop' }, spec: { hard: {} } })
  const secret = (name: string) => client.create(kinds.Secret, { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'shop' } })
  const results = await settled([client.create(kinds.ResourceQuota, other('r')), secret('a'), client.create(kinds.ResourceQuota, other('s')), secret('b')])
  assert.equal(results.filter((result) => result !== '').join(), 'resourcequotas "s" is forbidden: exceeded quota: q, requested: resourcequotas=1, used: resourcequotas=2, limited: resourcequotas=2')
  await Promise.all([secret('c'), client.delete(kinds.ResourceQuota, { namespace: 'shop', name: 'r' }), secret('d')])
  assert.deepEqual((await usedOf(server))?.used, { 'count/secrets': '4', resourcequotas: '1' })
  await client.delete(kinds.ResourceQuota, key)
  await secret('e')
  server.stop()
})

test('the same name twice is charged once', async () => {
  const server = await startServer()
  await establish(server, { pods: '5' })
  const results = await settled([1, 2, 3].map(() => server.client.create(kinds.Pod, pod('same'))))
  assert.deepEqual(results.filter((result) => result !== ''), Array(2).fill('pods "same" already exists'))
  assert.deepEqual((await usedOf(server))?.used, { pods: '1' })
  server.stop()
})

const step = fc.record({
  master: fc.nat(1), verb: fc.constantFrom('create', 'create', 'create', 'delete', 'end', 'recount', 'widen'), name: fc.integer({ min: 0, max: 6 }).map((slot) => `p${slot}`),
  cpu: fc.constantFrom('100m', '300m', '1'),
})

test('whatever two servers do at the same time, a quota is never exceeded and always exact', async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 8 }), { maxLength: 6 }), async (rounds) => {
    const store = createMemoryStore()
    const servers = [await startServer(store, true), await startServer(store, true)]
    const first: TestServer = present(servers[0], 'the first server')
    const hard = { pods: '4', 'requests.cpu': '1500m' }
    await establish(first, hard)
    for (const round of rounds) {
      await settled(round.map(({ master, verb, name, cpu }) => {
        const client = (servers[master] ?? first).client
        const podKey = { namespace: 'shop', name }
        switch (verb) {
          case 'create': return client.create(kinds.Pod, pod(name, cpu))
          case 'delete': return client.delete(kinds.Pod, podKey)
          case 'end': return client.patch(kinds.Pod, podKey, { type: 'merge', body: { status: { phase: 'Failed' } } }, { subresource: 'status' })
          case 'recount': return client.patch(kinds.ResourceQuota, key, { type: 'merge', body: { status: { hard, used: {} } } }, { subresource: 'status' })
          default: return client.patch(kinds.ResourceQuota, key, { type: 'merge', body: { metadata: { labels: { name } } } })
        }
      }))
      const pods: readonly Pod[] = (await first.client.list(kinds.Pod, { namespace: 'shop' })).items.filter(({ status }) => status?.phase !== 'Failed')
      const cpu = pods.reduce((sum, { spec }) => sum + ({ '100m': 100, '300m': 300, '1': 1000 }[spec?.containers[0]?.resources?.requests?.['cpu'] ?? ''] ?? 0), 0)
      const used: Record<string, string> | undefined = (await usedOf(first))?.used
      assert.ok(pods.length <= 4 && cpu <= 1500, `${pods.length} pods, ${cpu}m`)
      assert.deepEqual([used?.['pods'], milli(used?.['requests.cpu'])], [String(pods.length), cpu])
    }
    for (const server of servers) server.stop()
  }), { numRuns: 40 })
})

function milli(text = '0'): number {
  return text.endsWith('m') ? Number(text.slice(0, -1)) : Number(text) * 1000
}

test('refusals are Forbidden', async () => {
  const server = await startServer()
  await establish(server, { pods: '0' })
  await assert.rejects(server.client.create(kinds.Pod, pod('a')), (error) => isStatus(error, 'Forbidden'))
  server.stop()
})
