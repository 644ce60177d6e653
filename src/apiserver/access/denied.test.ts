/**
 * No user learns from a refusal whether something is there: the answers to a question about an object that exists and about one that does
 * not are the same but for the name, come in the same number of steps, and are given before the body or the store is looked at.
 */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { kinds } from '../../resources/generated/kinds.ts'
import { kindConversions, servedResources } from '../../resources/registry.ts'
import { SchemaCatalog } from '../../resources/schema.ts'
import { createMemoryStore } from '../../store/memory.ts'
import type { Store } from '../../store/store.ts'
import { textOf } from '../../words/bytes.ts'
import { silentLog } from '../../words/ports.ts'
import { TestClock, testRandom, testRequest } from '../apiserver.testing.ts'
import { defaultAdmission } from '../admission/built-in.ts'
import { applyBootstrap } from '../bootstrap/apply.ts'
import { unseenSignatures } from '../certificates/signature-check.ts'
import { plainOpenApi } from '../discovery/openapi-documents.ts'
import { versionInfo } from '../discovery/version.ts'
import type { ServerResponse } from '../http.ts'
import { createApiServer, defaultLimits } from '../server.ts'
import { noWebhooks } from '../webhooks/webhook-caller.ts'
import { composeExtensions, defaultNodePorts, defaultServiceRange } from './compose.ts'
import { internalUsers } from './internal-users.ts'

/** Of the same length, so that not even lengths differ. */
const [THERE, ABSENT] = ['hidden', 'absent']
const SECRET_TEXT = 'c2VjcmV0'

interface Told {
  readonly status: number
  readonly headers: string
  readonly text: string
  /** How many turns of the event loop's micro tasks it took. */
  readonly steps: number
  readonly bodyReads: number
  readonly storeCalls: number
}

interface Ask {
  readonly method: string
  /** NAME stands for the object. */
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

class Spied {
  calls = 0

  store(inner: Store): Store {
    const counted = <A extends unknown[], R>(call: (...given: A) => R) => (...given: A): R => {
      this.calls++
      return call(...given)
    }
    return {
      read: counted(inner.read.bind(inner)), commit: counted(inner.commit.bind(inner)), watch: counted(inner.watch.bind(inner)),
      compact: counted(inner.compact.bind(inner)), latest: counted(inner.latest.bind(inner)), close: () => inner.close(),
    }
  }
}

async function startCluster() {
  const spied = new Spied()
  const foreign = { outcome: 'foreign' as const }
  const server = createApiServer({
    store: spied.store(createMemoryStore()), storeIsShared: false, clock: new TestClock(), random: testRandom(), log: silentLog, definitions: servedResources(),
    conversions: kindConversions(), schemas: new SchemaCatalog().lookup, limits: defaultLimits, freezeObjects: true,
    extend: (core) => composeExtensions(core, {
      admission: defaultAdmission, serviceRange: defaultServiceRange, nodePorts: defaultNodePorts, serverAddress: '192.0.2.1:6443', healthChecks: () => [],
      openApi: plainOpenApi, webhooks: noWebhooks, certificates: unseenSignatures,
      tokens: { issuer: 'https://own', keySet: { keys: [] }, sign: async () => '', verify: async () => foreign, verifySecretToken: async () => foreign },
      version: versionInfo({ commit: '', buildDate: '2026-01-01T00:00:00Z', runtime: 'node', platform: 'linux/amd64' }),
    }),
  })
  await server.start(new AbortController().signal)
  const admin = server.client(internalUsers.apiServer)
  await applyBootstrap(admin, { serviceAddress: '10.96.0.1', address: '192.0.2.1', port: 6443 })
  const metadata = { name: THERE, namespace: 'default' }
  await admin.create(kinds.Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: THERE } })
  await admin.create(kinds.Secret, { apiVersion: 'v1', kind: 'Secret', metadata, data: { password: SECRET_TEXT } })
  await admin.create(kinds.ServiceAccount, { apiVersion: 'v1', kind: 'ServiceAccount', metadata })
  await admin.create(kinds.Pod, { apiVersion: 'v1', kind: 'Pod', metadata, spec: { serviceAccountName: THERE, containers: [{ name: 'c', image: 'i' }] } })
  await admin.create(kinds.ClusterRole, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: THERE }, rules: [] })
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  await admin.create(kinds.Deployment, { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { selector: { matchLabels: { a: 'b' } }, template } })

  const tell = async (user: string, { method, path, body, headers = {} }: Ask, name: string): Promise<Told> => {
    const named = (text: string): string => text.replaceAll('NAME', name)
    const sent = body === undefined ? undefined : typeof body === 'string' ? named(body) : JSON.parse(named(JSON.stringify(body))) as unknown
    const request = testRequest(method, named(path), sent, Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, named(value)])))
    let bodyReads = 0
    const before = spied.calls
    const reading = { ...request, body: (max: number) => (bodyReads++, request.body(max)), peer: { ...request.peer, certificate: { commonName: user, organizations: [] } } }
    let response: ServerResponse | undefined
    void Promise.resolve(server.handle(reading)).then((given) => (response = given))
    let steps = 0
    for (; response === undefined && steps < 10_000; steps++) await Promise.resolve()
    assert.ok(response?.type === 'whole', `${method} ${path}: a whole answer`)
    const text = response.body.map(textOf).join('')
    assert.ok(!text.includes(SECRET_TEXT), text)
    const { 'audit-id': _audit, ...rest } = response.headers
    return { status: response.status, headers: JSON.stringify(rest), text: text.replaceAll(name, 'NAME'), steps, bodyReads, storeCalls: spied.calls - before }
  }
  return { tell, admin }
}

let cluster: Awaited<ReturnType<typeof startCluster>>
before(async () => {
  cluster = await startCluster()
})

async function same(user: string, ask: Ask): Promise<Told> {
  const [there, absent] = [await cluster.tell(user, ask, THERE), await cluster.tell(user, ask, ABSENT)]
  // Caches of decisions are warm after the first question of a kind: what counts is what one can measure again and again.
  const again = await cluster.tell(user, ask, THERE)
  assert.deepEqual(absent, { ...there, steps: absent.steps, text: absent.text }, JSON.stringify(ask))
  assert.equal(absent.text, there.text, JSON.stringify(ask))
  assert.deepEqual(absent.steps, again.steps, `steps of ${JSON.stringify(ask)}`)
  return again
}

const SECRETS = '/api/v1/namespaces/default/secrets'
const type = (value: string): Record<string, string> => ({ 'content-type': value })
const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'NAME', namespace: 'default' }, data: {} }

const objects: readonly Ask[] = [
  { method: 'GET', path: `${SECRETS}/NAME` },
  { method: 'HEAD', path: `${SECRETS}/NAME` },
  { method: 'GET', path: `${SECRETS}/NAME?resourceVersion=999999999` },
  { method: 'GET', path: `${SECRETS}/NAME`, headers: { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' } },
  { method: 'GET', path: `${SECRETS}/NAME`, headers: { accept: 'application/vnd.kubernetes.protobuf' } },
  { method: 'GET', path: `${SECRETS}?fieldSelector=metadata.name%3DNAME` },
  { method: 'GET', path: `${SECRETS}?watch=true&fieldSelector=metadata.name%3DNAME` },
  { method: 'GET', path: `${SECRETS}?watch=true&resourceVersion=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&labelSelector=x%3DNAME` },
  { method: 'GET', path: '/api/v1/secrets?fieldSelector=metadata.name%3DNAME' },
  { method: 'GET', path: '/api/v1/watch/namespaces/default/secrets/NAME' },
  { method: 'POST', path: SECRETS, body: secret },
  { method: 'POST', path: `${SECRETS}?dryRun=All`, body: secret },
  { method: 'PUT', path: `${SECRETS}/NAME`, body: secret },
  { method: 'PUT', path: `${SECRETS}/NAME`, body: { ...secret, metadata: { name: 'NAME', uid: 'x', resourceVersion: '1' } } },
  { method: 'PATCH', path: `${SECRETS}/NAME`, body: { data: null }, headers: type('application/merge-patch+json') },
  { method: 'PATCH', path: `${SECRETS}/NAME`, body: { data: null }, headers: type('application/strategic-merge-patch+json') },
  { method: 'PATCH', path: `${SECRETS}/NAME`, body: [{ op: 'test', path: '/data/password', value: SECRET_TEXT }], headers: type('application/json-patch+json') },
  { method: 'PATCH', path: `${SECRETS}/NAME?fieldManager=m&force=true`, body: secret, headers: type('application/apply-patch+yaml') },
  { method: 'DELETE', path: `${SECRETS}/NAME` },
  { method: 'DELETE', path: `${SECRETS}/NAME`, body: { preconditions: { uid: 'x' } } },
  { method: 'DELETE', path: `${SECRETS}?fieldSelector=metadata.name%3DNAME` },
  // What could not be read is not looked at either.
  { method: 'POST', path: SECRETS, body: '{{{NAME' },
  { method: 'PATCH', path: `${SECRETS}/NAME`, body: 'x', headers: type('text/plain') },
  { method: 'PUT', path: `${SECRETS}/NAME?fieldValidation=rubbish`, body: 'x' },
  { method: 'GET', path: `${SECRETS}?limit=-1&continue=rubbish&fieldSelector=metadata.name%3DNAME` },
]

const parts: readonly Ask[] = [
  { method: 'GET', path: '/api/v1/namespaces/default/pods/NAME/log' },
  { method: 'GET', path: '/api/v1/namespaces/default/pods/NAME/log?follow=true&container=none' },
  { method: 'POST', path: '/api/v1/namespaces/default/pods/NAME/exec?command=id' },
  { method: 'GET', path: '/api/v1/namespaces/default/pods/NAME/exec?command=id', headers: { upgrade: 'websocket', connection: 'Upgrade' } },
  { method: 'POST', path: '/api/v1/namespaces/default/pods/NAME/portforward' },
  { method: 'GET', path: '/api/v1/namespaces/default/pods/NAME/proxy/x' },
  { method: 'POST', path: '/api/v1/namespaces/default/pods/NAME/eviction', body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'NAME' } } },
  { method: 'POST', path: '/api/v1/namespaces/default/pods/NAME/binding', body: { target: { name: 'n' } } },
  { method: 'GET', path: '/api/v1/namespaces/default/pods/NAME/status' },
  { method: 'PATCH', path: '/api/v1/namespaces/default/pods/NAME/ephemeralcontainers', body: {}, headers: type('application/merge-patch+json') },
  { method: 'POST', path: '/api/v1/namespaces/default/serviceaccounts/NAME/token', body: { spec: {} } },
  { method: 'GET', path: '/apis/apps/v1/namespaces/default/deployments/NAME/scale' },
  { method: 'PUT', path: '/apis/apps/v1/namespaces/default/deployments/NAME/scale', body: {} },
  { method: 'PATCH', path: '/apis/apps/v1/namespaces/default/deployments/NAME/status', body: {}, headers: type('application/merge-patch+json') },
  { method: 'PUT', path: '/api/v1/namespaces/NAME/finalize', body: {} },
  { method: 'GET', path: '/api/v1/namespaces/NAME' },
  { method: 'GET', path: '/api/v1/namespaces/NAME/secrets' },
  { method: 'POST', path: '/api/v1/namespaces/NAME/secrets', body: { metadata: { name: 'x' } } },
  { method: 'DELETE', path: '/apis/rbac.authorization.k8s.io/v1/clusterroles/NAME' },
  { method: 'GET', path: '/apis/no.such.group/v1/things/NAME' },
]

const others: readonly Ask[] = [
  { method: 'GET', path: '/version', headers: { 'impersonate-user': 'system:serviceaccount:default:NAME' } },
  { method: 'GET', path: `${SECRETS}/NAME`, headers: { 'impersonate-user': 'NAME', 'impersonate-group': 'NAME', 'impersonate-extra-a': 'NAME', 'impersonate-uid': 'NAME' } },
  { method: 'POST', path: '/apis/authorization.k8s.io/v1/subjectaccessreviews', body: { spec: { user: 'NAME', resourceAttributes: { verb: 'get', resource: 'secrets', name: 'NAME' } } } },
  { method: 'POST', path: '/apis/authorization.k8s.io/v1/namespaces/NAME/localsubjectaccessreviews', body: { spec: { user: 'NAME', resourceAttributes: {} } } },
  { method: 'POST', path: '/apis/authentication.k8s.io/v1/tokenreviews', body: { spec: { token: 'NAME' } } },
]

test('a refusal does not tell whether the object is there', async () => {
  for (const ask of [...objects, ...parts, ...others]) {
    const told = await same('mallory', ask)
    assert.deepEqual([told.status, told.bodyReads, told.storeCalls], [403, 0, 0], JSON.stringify(ask))
    assert.match(told.text, ask.method === 'HEAD' ? /^$|forbidden/ : /is forbidden: User \\?"mallory\\?" cannot/, JSON.stringify(ask))
  }
})

test('what one may ask about oneself does not tell either', async () => {
  const review = (kind: string, spec: object): Ask => (
    { method: 'POST', path: `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`, body: { apiVersion: 'authorization.k8s.io/v1', kind, spec } })
  for (const ask of [
    review('SelfSubjectAccessReview', { resourceAttributes: { verb: 'get', resource: 'secrets', namespace: 'default', name: 'NAME' } }),
    review('SelfSubjectAccessReview', { resourceAttributes: { verb: 'list', resource: 'pods', namespace: 'NAME' } }),
    review('SelfSubjectRulesReview', { namespace: 'NAME' }),
  ]) {
    const told = await same('mallory', ask)
    assert.deepEqual([told.status, told.storeCalls], [201, 0], told.text)
  }
})

test('a right to some verbs tells no more than these verbs do', async () => {
  const metadata = { name: 'writer', namespace: 'default' }
  const group = 'rbac.authorization.k8s.io'
  const rules = [{ apiGroups: [''], resources: ['secrets'], verbs: ['patch', 'update'] }, { apiGroups: [''], resources: ['configmaps'], verbs: ['get'], resourceNames: [THERE] }]
  await cluster.admin.create(kinds.Role, { apiVersion: `${group}/v1`, kind: 'Role', metadata, rules })
  await cluster.admin.create(kinds.RoleBinding, {
    apiVersion: `${group}/v1`, kind: 'RoleBinding', metadata, roleRef: { apiGroup: group, kind: 'Role', name: 'writer' }, subjects: [{ kind: 'User', name: 'writer', apiGroup: group }],
  })
  // Who may patch and not create, cannot make objects by applying.
  const apply = await cluster.tell('writer', { method: 'PATCH', path: `${SECRETS}/NAME?fieldManager=m`, body: secret, headers: type('application/apply-patch+yaml') }, ABSENT)
  assert.deepEqual([apply.status, /cannot create resource \\"secrets\\"/.test(apply.text)], [403, true], apply.text)
  // A name that a role gives says nothing of lists without it, nor of other objects.
  for (const path of ['/api/v1/namespaces/default/configmaps', '/api/v1/namespaces/default/configmaps?watch=true', '/api/v1/namespaces/default/configmaps?fieldSelector=metadata.name%3DNAME']) {
    assert.equal((await same('writer', { method: 'GET', path })).status, 403, path)
  }
})
