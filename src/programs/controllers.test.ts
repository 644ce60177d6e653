import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultAdmission } from '../apiserver/admission/built-in.ts'
import { composeExtensions, defaultNodePorts, defaultServiceRange } from '../apiserver/access/compose.ts'
import { controllerUser, internalUsers } from '../apiserver/access/internal-users.ts'
import { testRandom } from '../apiserver/apiserver.testing.ts'
import { applyBootstrap } from '../apiserver/bootstrap/apply.ts'
import { plainOpenApi } from '../apiserver/discovery/openapi-documents.ts'
import { versionInfo } from '../apiserver/discovery/version.ts'
import { createApiServer, defaultLimits } from '../apiserver/server.ts'
import type { Client } from '../client/client.ts'
import { allControllers } from '../controllers/all.ts'
import type { KindRef } from '../objects/kind.ts'
import { Executor } from '../reconcile/executor.ts'
import { ManualClock } from '../words/manual-clock.testing.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { Deployment, Pod } from '../resources/generated/types.ts'
import { kindConversions, servedResources } from '../resources/registry.ts'
import { SchemaCatalog } from '../resources/schema.ts'
import { createMemoryStore } from '../store/memory.ts'
import { formatMicroTime, formatTime } from '../words/instant.ts'
import { silentLog } from '../words/ports.ts'
import { noWebhooks } from '../apiserver/webhooks/webhook-caller.ts'
import { unseenSignatures } from '../apiserver/certificates/signature-check.ts'

/** The real API server with its real rights and admission, all controllers, and a hand that plays scheduler and nodes. */
class Cluster {
  readonly clock = new ManualClock(1_800_000_000_000)
  readonly #life = new AbortController()
  readonly admin: Client
  readonly executor: Executor
  #addresses = 0
  silentNodes: readonly string[] = []

  constructor() {
    const clock = this.clock
    this.#server = createApiServer({
      store: createMemoryStore(), storeIsShared: false, clock, random: testRandom(), log: silentLog, definitions: servedResources(),
      conversions: kindConversions(), schemas: new SchemaCatalog().lookup, limits: defaultLimits, freezeObjects: true,
      extend: (core) => composeExtensions(core, {
        admission: defaultAdmission,
        tokens: { issuer: 'https://issuer', keySet: { keys: [] }, sign: async () => '', verify: async () => ({ outcome: 'foreign' }), verifySecretToken: async () => ({ outcome: 'foreign' }) },
        serviceRange: defaultServiceRange, nodePorts: defaultNodePorts, serverAddress: '192.0.2.1:6443', healthChecks: () => [], openApi: plainOpenApi, webhooks: noWebhooks, certificates: unseenSignatures,
        version: versionInfo({ commit: '', buildDate: '2026-01-01T00:00:00Z', runtime: 'node', platform: 'linux/amd64' }),
      }),
    })
    this.admin = this.#server.client(internalUsers.apiServer)
    const storedKinds = servedResources().filter((definition) => !definition.virtual).map((definition) => definition.kind)
    this.executor = new Executor(allControllers({ rootCertificate: 'PEM', storedKinds, startedAt: clock.now(), signSecretToken: () => 'token', issueCertificate: () => ({ ok: false, problem: 'there is no authority' }) }), {
      client: this.#server.client(internalUsers.controllerManager), clientOf: (account) => this.#server.client(controllerUser(account)),
      clock, random: testRandom(2), log: silentLog,
    })
  }

  readonly #server: ReturnType<typeof createApiServer>

  async start(nodeNames: readonly string[]): Promise<void> {
    await this.#server.start(this.#life.signal)
    await applyBootstrap(this.admin, { serviceAddress: '10.96.0.1', address: '192.0.2.1', port: 6443 })
    this.executor.start()
    for (const name of nodeNames) await this.admin.create(kinds.Node, { apiVersion: 'v1', kind: 'Node', metadata: { name } })
    await this.pass(2)
  }

  /** Seconds, in which nodes renew their leases, pods are placed and become ready, and deleted ones go. */
  async pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second += 1) {
      await this.clock.pass(1_000)
      const { items: nodes } = await this.admin.list(kinds.Node)
      const live = nodes.filter(({ metadata }) => !this.silentNodes.includes(metadata.name ?? '')).map(({ metadata }) => metadata.name ?? '')
      for (const name of live) await this.#beat(name)
      const { items: pods } = await this.admin.list(kinds.Pod)
      for (const pod of pods) await this.#tend(pod, live)
    }
    await this.clock.pass(10)
  }

  async #beat(name: string): Promise<void> {
    const now = this.clock.now()
    const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: formatTime(now), lastTransitionTime: formatTime(now) }]
    await this.admin.patch(kinds.Node, { namespace: '', name }, { type: 'merge', body: { status: { conditions } } }, { subresource: 'status' })
    const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: 'kube-node-lease' }, spec: { renewTime: formatMicroTime(now) } }
    await this.admin.patch(kinds.Lease, { namespace: 'kube-node-lease', name }, { type: 'apply', body: lease, force: true })
  }

  async #tend(pod: Pod, live: readonly string[]): Promise<void> {
    const { name = '', namespace = '', uid = '' } = pod.metadata
    const key = { namespace, name }
    const nodeName = pod.spec?.nodeName ?? ''
    if (nodeName !== '' && !live.includes(nodeName)) return
    if (pod.metadata.deletionTimestamp !== undefined) return void (await this.admin.delete(kinds.Pod, key, { gracePeriodSeconds: 0, uid }))
    if (nodeName === '') {
      const target = { apiVersion: 'v1', kind: 'Node', name: live[0] ?? '' }
      await this.admin.createSubresource(kinds.Pod, key, 'binding', { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target })
    } else if (pod.status?.phase !== 'Running') {
      const podIP = `10.1.0.${(this.#addresses += 1)}`
      const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: formatTime(this.clock.now()) }]
      await this.admin.patch(kinds.Pod, key, { type: 'merge', body: { status: { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions } } }, { subresource: 'status' })
    }
  }

  async names(kind: KindRef, namespace: string): Promise<readonly string[]> {
    return (await this.admin.list(kind, kind.namespaced ? { namespace } : {})).items.map(({ metadata }) => metadata.name ?? '').sort()
  }

  troubles(): readonly string[] {
    return this.executor.explain().flatMap(({ controller, key, failure }) => (failure === undefined ? [] : [`${controller} ${key}: ${failure.message}`]))
  }

  async stop(): Promise<void> {
    void this.executor.stop()
    this.#life.abort()
    await this.clock.pass(100_000)
  }
}

function deployment(image: string): Deployment {
  const labels = { app: 'web' }
  return {
    apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop' },
    spec: { replicas: 3, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'web', image }] } } },
  }
}

const inShop = { namespace: 'shop', name: 'web' }

async function shop(): Promise<Cluster> {
  const cluster = new Cluster()
  await cluster.start(['node-1', 'node-2', 'node-3'])
  await cluster.admin.create(kinds.Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } })
  await cluster.pass(1)
  await cluster.admin.create(kinds.Service, { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'shop' }, spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } })
  await cluster.admin.create(kinds.Deployment, deployment('web:1'))
  await cluster.pass(6)
  return cluster
}

test('a deployment from its creation to the deletion of its namespace', async () => {
  const cluster = await shop()
  const { admin } = cluster
  assert.deepEqual(cluster.troubles(), [])
  assert.deepEqual(await cluster.names(kinds.ServiceAccount, 'shop'), ['default'])
  assert.deepEqual(await cluster.names(kinds.ConfigMap, 'shop'), ['kube-root-ca.crt'])
  const created = await admin.get(kinds.Deployment, inShop)
  const { replicas, updatedReplicas, readyReplicas, availableReplicas, unavailableReplicas, observedGeneration } = created.status ?? {}
  assert.deepEqual({ replicas, updatedReplicas, readyReplicas, availableReplicas, unavailableReplicas, observedGeneration }, {
    replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3, unavailableReplicas: undefined, observedGeneration: created.metadata.generation,
  })
  assert.equal((await admin.get(kinds.Endpoints, inShop)).subsets?.[0]?.addresses?.length, 3)
  assert.equal((await admin.list(kinds.EndpointSlice, { namespace: 'shop' })).items[0]?.endpoints.length, 3)

  await admin.patch(kinds.Deployment, inShop, { type: 'strategic', body: { spec: { template: { spec: { containers: [{ name: 'web', image: 'web:2' }] } } } } })
  await cluster.pass(15)
  const updated = await admin.get(kinds.Deployment, inShop)
  assert.equal(updated.metadata.annotations?.['deployment.kubernetes.io/revision'], '2')
  assert.equal(updated.status?.conditions?.find(({ type }) => type === 'Progressing')?.reason, 'NewReplicaSetAvailable')
  const { items: pods } = await admin.list(kinds.Pod, { namespace: 'shop' })
  assert.deepEqual(pods.map(({ spec }) => spec?.containers[0]?.image), ['web:2', 'web:2', 'web:2'])
  assert.ok((await admin.list(kinds.Event, { namespace: 'shop' })).items.some(({ reason }) => reason === 'ScalingReplicaSet'))
  assert.deepEqual(cluster.troubles(), [])

  await admin.delete(kinds.Namespace, { namespace: '', name: 'shop' })
  await cluster.pass(15)
  assert.deepEqual(cluster.troubles(), [])
  assert.equal((await cluster.names(kinds.Namespace, '')).includes('shop'), false)
  for (const kind of [kinds.Pod, kinds.ReplicaSet, kinds.Endpoints, kinds.EndpointSlice, kinds.ConfigMap]) assert.deepEqual(await cluster.names(kind, 'shop'), [])
  assert.equal(cluster.executor.idle, true)
  await cluster.stop()
})

test('deleting a deployment in the background, in the foreground, and without its dependents', async () => {
  for (const propagationPolicy of ['Background', 'Foreground', 'Orphan'] as const) {
    const cluster = await shop()
    await cluster.admin.delete(kinds.Deployment, inShop, { propagationPolicy })
    await cluster.pass(8)
    const left = propagationPolicy === 'Orphan' ? [1, 3] : [0, 0]
    assert.deepEqual([(await cluster.names(kinds.ReplicaSet, 'shop')).length, (await cluster.names(kinds.Pod, 'shop')).length], left, propagationPolicy)
    assert.deepEqual(await cluster.names(kinds.Deployment, 'shop'), [], propagationPolicy)
    if (propagationPolicy === 'Orphan') {
      await cluster.admin.create(kinds.Deployment, deployment('web:1'))
      await cluster.pass(5)
      assert.equal((await cluster.names(kinds.ReplicaSet, 'shop')).length, 1)
      assert.equal((await cluster.admin.get(kinds.Deployment, inShop)).status?.readyReplicas, 3)
    }
    assert.deepEqual(cluster.troubles(), [])
    await cluster.stop()
  }
})

test('pods leave a node that falls silent', async () => {
  const cluster = await shop()
  cluster.silentNodes = ['node-1']
  await cluster.pass(60)
  const node = await cluster.admin.get(kinds.Node, { namespace: '', name: 'node-1' })
  assert.equal(node.status?.conditions?.find(({ type }) => type === 'Ready')?.status, 'Unknown')
  assert.deepEqual(node.spec?.taints?.map(({ key, effect }) => `${key}:${effect}`), ['node.kubernetes.io/unreachable:NoSchedule', 'node.kubernetes.io/unreachable:NoExecute'])
  assert.deepEqual((await cluster.admin.get(kinds.Endpoints, inShop)).subsets?.[0]?.addresses ?? [], [])
  await cluster.pass(310)
  const ready = (await cluster.admin.list(kinds.Pod, { namespace: 'shop' })).items.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  assert.deepEqual(ready.map(({ spec }) => spec?.nodeName), ['node-2', 'node-2', 'node-2'])
  assert.equal((await cluster.admin.get(kinds.Deployment, inShop)).status?.readyReplicas, 3)

  await cluster.admin.delete(kinds.Node, { namespace: '', name: 'node-1' })
  await cluster.pass(60)
  assert.equal((await cluster.names(kinds.Pod, 'shop')).length, 3)
  assert.deepEqual(cluster.troubles(), [])
  await cluster.stop()
})
