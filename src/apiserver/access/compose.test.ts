import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Pod, Service } from '../../resources/generated/types.ts'
import { kindConversions, servedResources } from '../../resources/registry.ts'
import { SchemaCatalog } from '../../resources/schema.ts'
import { createMemoryStore } from '../../store/memory.ts'
import type { Store } from '../../store/store.ts'
import { utf8 } from '../../words/bytes.ts'
import { silentLog } from '../../words/ports.ts'
import { TestClock, answerOf, settle, testRandom, testRequest } from '../apiserver.testing.ts'
import { defaultAdmission } from '../admission/built-in.ts'
import { applyBootstrap } from '../bootstrap/apply.ts'
import { plainOpenApi } from '../discovery/openapi-documents.ts'
import { versionInfo } from '../discovery/version.ts'
import { createApiServer, defaultLimits } from '../server.ts'
import { allObjects } from '../storage/keys.ts'
import { composeExtensions, defaultNodePorts, defaultServiceRange } from './compose.ts'
import { internalUsers, nodeUser } from './internal-users.ts'
import type { TokenClaims } from './token-claims.ts'
import { noWebhooks } from '../webhooks/webhook-caller.ts'
import { unseenSignatures } from '../certificates/signature-check.ts'

const endpoint = { serviceAddress: '10.96.0.1', address: '192.0.2.1', port: 6443 }

/** Tokens that are their claims, unsigned: good enough where only the rules around them are looked at. */
function fakeTokens() {
  const signed = new Map<string, TokenClaims>()
  return {
    issuer: 'https://issuer', keySet: { keys: [] },
    sign(claims: TokenClaims) {
      const token = `token-${signed.size}`
      signed.set(token, claims)
      return Promise.resolve(token)
    },
    verify(token: string) {
      const claims = signed.get(token)
      return Promise.resolve(claims === undefined ? { outcome: 'foreign' as const } : { outcome: 'valid' as const, claims })
    },
    verifySecretToken: () => Promise.resolve({ outcome: 'foreign' as const }),
  }
}

async function startCluster(store: Store = createMemoryStore()) {
  const clock = new TestClock()
  const server = createApiServer({
    store, storeIsShared: false, clock, random: testRandom(), log: silentLog, definitions: servedResources(),
    conversions: kindConversions(), schemas: new SchemaCatalog().lookup, limits: defaultLimits, freezeObjects: true,
    extend: (core) => composeExtensions(core, {
        admission: defaultAdmission,
      tokens: fakeTokens(), serviceRange: defaultServiceRange, nodePorts: defaultNodePorts, serverAddress: '192.0.2.1:6443', healthChecks: () => [], openApi: plainOpenApi, webhooks: noWebhooks, certificates: unseenSignatures,
      version: versionInfo({ commit: '', buildDate: '2026-01-01T00:00:00Z', runtime: 'node', platform: 'linux/amd64' }),
    }),
  })
  const life = new AbortController()
  await server.start(life.signal)
  const admin = server.client(internalUsers.apiServer)
  await applyBootstrap(admin, endpoint)
  const ask = async (who: string, method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const [commonName = '', ...organizations] = who.split(' ')
    const certificate = who === '' ? undefined : { commonName, organizations }
    const request = testRequest(method, path, body, headers)
    return answerOf(await server.handle({ ...request, peer: { ...request.peer, certificate } }))
  }
  return { server, admin, ask, clock, stop: () => life.abort() }
}

test('a bootstrapped cluster answers each as it should', async () => {
  const { ask, stop } = await startCluster()
  const root = 'root system:masters'
  const table: [string, string, string, unknown, number, string][] = [
    ['', 'GET', '/healthz', undefined, 200, ''],
    ['', 'GET', '/version', undefined, 200, ''],
    ['', 'GET', '/apis', undefined, 403, 'forbidden: User "system:anonymous" cannot get path "/apis"'],
    ['', 'GET', '/api/v1/pods', undefined, 403, 'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" at the cluster scope'],
    ['anna', 'GET', '/apis', undefined, 200, ''],
    ['anna', 'GET', '/api/v1/namespaces/default/pods', undefined, 403, 'pods is forbidden: User "anna" cannot list resource "pods" in API group "" in the namespace "default"'],
    ['anna', 'GET', '/apis/apps/v1/namespaces/default/deployments/web', undefined, 403, 'deployments.apps "web" is forbidden: User "anna" cannot get resource "deployments" in API group "apps" in the namespace "default"'],
    [root, 'GET', '/api/v1/namespaces/default/pods', undefined, 200, ''],
    [root, 'GET', '/apis/apps/v1/namespaces/default/deployments/web', undefined, 404, 'deployments.apps "web" not found'],
    [root, 'GET', '/api/v1/namespaces/kube-system', undefined, 200, ''],
    [root, 'POST', '/api/v1/namespaces/gone/configmaps', { metadata: { name: 'a' } }, 404, 'namespaces "gone" not found'],
    [root, 'DELETE', '/api/v1/namespaces/default', undefined, 403, 'namespaces "default" is forbidden: this namespace may not be deleted'],
    [root, 'DELETE', '/apis/scheduling.k8s.io/v1/priorityclasses/system-node-critical', undefined, 403,
      'priorityclasses.scheduling.k8s.io "system-node-critical" is forbidden: this is a system priority class and cannot be deleted'],
    [root, 'GET', '/apis/nothing', undefined, 404, 'the server could not find the requested resource'],
  ]
  for (const [who, method, path, body, status, message] of table) {
    const answer = await ask(who, method, path, body)
    assert.deepEqual([answer.status, answer.body['message'] ?? ''], [status, message], `${who} ${method} ${path}: ${answer.text}`)
  }
  const wrong = await ask('', 'GET', '/api/v1/pods', undefined, { authorization: 'Bearer nonsense' })
  assert.deepEqual(wrong.body, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'Unauthorized', reason: 'Unauthorized', code: 401 })
  const acting = await ask(root, 'GET', '/api/v1/pods', undefined, { 'impersonate-user': 'anna' })
  assert.equal(acting.body['message'], 'pods is forbidden: User "anna" cannot list resource "pods" in API group "" at the cluster scope')
  stop()
})

test('what the bootstrap has bound may be taken away; system:masters need no binding', async () => {
  const { ask, stop } = await startCluster()
  const root = 'root system:masters'
  const bindings = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'
  for (const name of ['cluster-admin', 'system:public-info-viewer']) assert.equal((await ask(root, 'DELETE', `${bindings}/${name}`)).status, 200)
  assert.deepEqual([(await ask('', 'GET', '/healthz')).status, (await ask('anna', 'GET', '/healthz')).status], [403, 200])
  assert.equal((await ask(root, 'GET', '/api/v1/nodes')).status, 200)
  stop()
})

test('the bootstrap may run again, and changes nothing then', async () => {
  const { admin, stop } = await startCluster()
  const before = (await admin.list(kinds.ClusterRole)).resourceVersion
  await applyBootstrap(admin, endpoint)
  assert.equal((await admin.list(kinds.ClusterRole)).resourceVersion, before)
  const service = await admin.get(kinds.Service, { namespace: 'default', name: 'kubernetes' })
  assert.deepEqual([service.spec?.clusterIP, service.spec?.ports?.[0]?.port], ['10.96.0.1', 443])
  await applyBootstrap(admin, { ...endpoint, port: 7443 })
  const [slice] = (await admin.list(kinds.EndpointSlice, { namespace: 'default' })).items
  assert.deepEqual([slice?.endpoints[0]?.addresses, slice?.ports?.[0]?.port], [['192.0.2.1'], 7443])
  stop()
})

test('a binding takes effect at once, and its end too', async () => {
  const { admin, ask, stop } = await startCluster()
  const list = async (): Promise<number> => (await ask('anna', 'GET', '/api/v1/namespaces/default/pods')).status
  assert.equal(await list(), 403)
  const key = { namespace: 'default', name: 'anna-views' }
  await admin.create(kinds.RoleBinding, {
    apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'RoleBinding', metadata: { ...key },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' }, subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'anna' }],
  })
  assert.equal(await list(), 200)
  const escalating = { metadata: { name: 'x' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' }, subjects: [] }
  assert.equal((await ask('anna', 'POST', '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings', escalating)).status, 403)
  await admin.delete(kinds.RoleBinding, key)
  assert.equal(await list(), 403)
  stop()
})

test('from a service account to its token to a request', async () => {
  const { admin, ask, stop } = await startCluster()
  await admin.create(kinds.ServiceAccount, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace: 'default' } })
  const pod = await admin.create<Pod>(kinds.Pod, {
    apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default' }, spec: { containers: [{ name: 'c', image: 'i' }] },
  })
  assert.deepEqual([pod.spec?.serviceAccountName, pod.spec?.volumes?.length, pod.spec?.tolerations?.length], ['default', 1, 2])
  await admin.create(kinds.Node, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } })
  const path = '/api/v1/namespaces/default/pods/web'
  const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'web' }, target: { kind: 'Node', name: 'n1' } }
  const scheduler = 'system:kube-scheduler'
  assert.equal((await ask(scheduler, 'POST', `${path}/binding`, binding)).status, 201)
  assert.equal((await ask(scheduler, 'POST', `${path}/binding`, binding)).status, 409)
  const tokenPath = '/api/v1/namespaces/default/serviceaccounts/default/token'
  const wanted = { spec: { audiences: [], boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'web', uid: pod.metadata.uid } } }
  const [node, other] = ['system:node:n1 system:nodes', 'system:node:n2 system:nodes']
  assert.equal((await ask(other, 'POST', tokenPath, wanted)).status, 403)
  const issued = await ask(node, 'POST', tokenPath, wanted)
  assert.equal(issued.status, 201, issued.text)
  const authorization = `Bearer ${String(issued.get('status.token'))}`
  const asSelf = (): ReturnType<typeof ask> => ask('', 'POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { metadata: {} }, { authorization })
  assert.equal((await asSelf()).get('status.userInfo.username'), 'system:serviceaccount:default:default')
  await admin.delete(kinds.Pod, { namespace: 'default', name: 'web' }, { gracePeriodSeconds: 0 })
  assert.equal((await asSelf()).status, 401, 'the pod is gone')
  stop()
})

test('services get addresses, concurrent ones different ones', async () => {
  const { admin, stop } = await startCluster()
  const names = Array.from({ length: 50 }, (_, index) => `s${index}`)
  const services = await Promise.all(names.map((name) => admin.create<Service>(kinds.Service, {
    apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec: { type: 'NodePort', selector: { a: 'b' }, ports: [{ port: 80 }] },
  })))
  assert.equal(new Set(services.map((service) => service.spec?.clusterIP)).size, 50)
  assert.equal(new Set(services.map((service) => service.spec?.ports?.[0]?.nodePort)).size, 50)
  stop()
})

test('a node agent as far as the rules let it', async () => {
  const { server, admin, ask, stop } = await startCluster()
  await admin.create(kinds.Secret, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'tls', namespace: 'default' } })
  const client = server.client(nodeUser('n1'))
  const node = await client.create(kinds.Node, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' } })
  assert.deepEqual(node.spec?.taints, [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }])
  await assert.rejects(client.create(kinds.Node, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n2' } }), {
    code: 403, message: 'nodes "n2" is forbidden: node "n1" is not allowed to modify node "n2"',
  })
  const refused = await ask('system:node:n1 system:nodes', 'GET', '/api/v1/namespaces/default/secrets/tls')
  assert.equal(refused.status, 403)
  assert.match(String(refused.body['message']), /no relationship found between node 'n1' and this object/)
  stop()
})

test('a server that cannot follow its store is alive, not ready, and ready again when it can', async () => {
  const memory = createMemoryStore()
  let isDamaged = false
  const store: Store = {
    read: (range, options) => memory.read(range, options),
    commit: (transaction) => memory.commit(transaction),
    compact: (before) => memory.compact(before),
    latest: () => memory.latest(),
    close: () => memory.close(),
    async *watch(range, from, signal) {
      for await (const batch of memory.watch(range, from, signal)) {
        if (isDamaged) throw new Error('page 7 is damaged')
        yield batch
      }
    },
  }
  const { ask, clock, stop } = await startCluster(store)
  const health = async (): Promise<string> => {
    const answers = [await ask('', 'GET', '/livez'), await ask('', 'GET', '/readyz'), await ask('root system:masters', 'GET', '/readyz/etcd')]
    return answers.map(({ status }) => status).join(' ')
  }
  assert.equal(await health(), '200 200 200')
  isDamaged = true
  await memory.commit({ expect: [], writes: [{ key: `${allObjects.start}x`, value: utf8('{}') }] })
  await settle()
  assert.equal(await health(), '200 500 500')
  isDamaged = false
  await clock.advance(60_000)
  await settle()
  assert.equal(await health(), '200 200 200')
  stop()
})
