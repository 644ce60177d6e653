import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyJson, freezeJson } from '../../objects/json.ts'
import type { JsonObject } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { Pod } from '../../resources/generated/types.ts'
import { formatTime } from '../../words/instant.ts'
import type { Clock } from '../../words/ports.ts'
import { infoOf, readerOf, userNamed } from '../access/object-reader.testing.ts'
import { RbacAuthorizer } from '../access/rbac-authorizer.ts'
import { TokenAuthenticator } from '../access/token-authenticator.ts'
import type { TokenClaims } from '../access/token-claims.ts'
import type { ConnectCall, ObjectCall, ObjectRoute } from '../route.ts'
import { bindingRoutes } from './pod-binding.ts'
import { podConnectRoutes } from './pod-connect.ts'
import { evictionRoute } from './pod-eviction.ts'
import { reviewRoutes } from './reviews.ts'
import { tokenRequestRoute } from './token-request.ts'

const nowMs = Date.parse('2026-01-01T00:00:00.500Z')
const clock: Clock = { now: () => nowMs, after: () => () => undefined }
const random = { bytes: (length: number) => new Uint8Array(length) }

const container = (name: string) => ({ name, image: 'i' })
const pod = (name: string, more: Partial<Pod> = {}): Pod => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'shop', uid: `uid-${name}` }, spec: { containers: [container('web')], nodeName: 'n1', serviceAccountName: 'web' }, ...more,
})
const node: KubeObject & { status: object } = {
  apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', uid: 'uid-n1' },
  status: { addresses: [{ type: 'Hostname', address: 'n1' }, { type: 'InternalIP', address: '10.0.0.5' }], daemonEndpoints: { kubeletEndpoint: { Port: 10250 } } },
}
const account: KubeObject = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'web', namespace: 'shop', uid: 'uid-web' } }

interface Recorded {
  readonly call: ObjectCall
  readonly modified: KubeObject[]
  readonly deleted: unknown[]
}

function objectCall(objects: readonly KubeObject[], body: object, name: string, more: Partial<ObjectCall> = {}): Recorded {
  const reader = readerOf(objects)
  const [modified, deleted]: [KubeObject[], unknown[]] = [[], []]
  const call: ObjectCall = {
    info: infoOf('create', 'pods', 'shop', name), user: userNamed('tester', 'system:authenticated'), reader, signal: new AbortController().signal, warn() {},
    verb: 'create', key: { namespace: 'shop', name }, body: copyJson(body) as JsonObject, dryRun: false,
    writer: {
      create: () => Promise.reject(new Error('not used')),
      modify(kind, key, change) {
        const current = reader.get(kind, key)
        assert.ok(current !== undefined)
        const changed = change(freezeJson(copyJson(current)))
        modified.push(changed)
        return Promise.resolve(changed)
      },
      delete(_kind, key, options) {
        deleted.push({ ...key, ...options })
        return Promise.resolve(undefined)
      },
    },
    ...more,
  }
  return { call, modified, deleted }
}

const bindingRoute = bindingRoutes(clock)[0] as ObjectRoute
const binding = (nodeName: string) => ({ apiVersion: 'v1', kind: 'Binding', metadata: { name: 'a', annotations: { x: 'y' } }, target: { kind: 'Node', name: nodeName } })

test('a binding gives a pod its node, once', async () => {
  const free = pod('a', { spec: { containers: [container('web')] } })
  const { call, modified } = objectCall([free], binding('n1'), 'a')
  assert.equal((await bindingRoute.handle(call)).status, 201)
  const [bound] = modified as Pod[]
  assert.deepEqual([bound?.spec?.nodeName, bound?.metadata.annotations], ['n1', { x: 'y' }])
  assert.deepEqual(bound?.status?.conditions, [{ type: 'PodScheduled', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }])
  const table: [Pod, string, object][] = [
    [pod('a'), 'n2', { code: 409, message: 'Operation cannot be fulfilled on pods/binding "a": pod a is already assigned to node "n1"' }],
    [pod('a', { metadata: { name: 'a', namespace: 'shop', deletionTimestamp: '2026-01-01T00:00:00Z' } }), 'n2', { code: 409 }],
    [pod('a', { spec: { containers: [], schedulingGates: [{ name: 'g' }] } }), 'n2', { code: 409 }],
    [free, '', { code: 422, message: 'Binding "a" is invalid: target.name: Required value' }],
  ]
  for (const [stored, nodeName, expected] of table) await assert.rejects(async () => bindingRoute.handle(objectCall([stored], binding(nodeName), 'a').call), expected)
})

test('an eviction deletes', async () => {
  const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'a' }, deleteOptions: { gracePeriodSeconds: 3, preconditions: { uid: 'u' } } }
  const { call, deleted } = objectCall([pod('a')], eviction, 'a')
  assert.equal((await evictionRoute(clock).handle(call)).status, 201)
  assert.deepEqual(deleted, [{ namespace: 'shop', name: 'a', dryRun: false, gracePeriodSeconds: 3, uid: 'u' }])
  await assert.rejects(async () => evictionRoute(clock).handle(objectCall([], eviction, 'a').call), { code: 404 })
  await assert.rejects(async () => evictionRoute(clock).handle(objectCall([pod('b')], eviction, 'b').call), { code: 400 })
})

test('token requests', async () => {
  const signed: TokenClaims[] = []
  const signer = {
    issuer: 'https://issuer',
    sign(claims: TokenClaims) {
      signed.push(claims)
      return Promise.resolve('token')
    },
  }
  const route = tokenRequestRoute({ signer, clock, random, defaultAudiences: ['https://issuer'] })
  const ask = (spec: object, more: Partial<ObjectCall> = {}) =>
    route.handle(objectCall([account, pod('a'), node, pod('other', { spec: { containers: [], serviceAccountName: 'else' } })], { kind: 'TokenRequest', metadata: {}, spec }, 'web', more).call)
  const bound = { audiences: [], boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'a', uid: 'uid-a' }, expirationSeconds: 3607 }
  const { object } = await ask(bound)
  assert.deepEqual(object['status'], { token: 'token', expirationTimestamp: '2026-01-01T01:00:07Z' })
  assert.deepEqual(signed[0], {
    namespace: 'shop', serviceAccount: { name: 'web', uid: 'uid-web' }, pod: { name: 'a', uid: 'uid-a' }, secret: undefined, node: { name: 'n1', uid: 'uid-n1' },
    audiences: ['https://issuer'], tokenId: '00000000-0000-4000-8000-000000000000', issuedAt: nowMs - 500, expiresAt: nowMs - 500 + 365 * 86_400_000,
    warnAfter: nowMs - 500 + 3607_000,
  })
  await ask({ audiences: ['vault'] })
  assert.deepEqual([signed[1]?.audiences, signed[1]?.pod], [['vault'], undefined])
  assert.deepEqual((await ask(bound, { dryRun: true })).object['status'], { token: '', expirationTimestamp: '2026-01-01T01:00:07Z' })
  const ref = (kind: string, name: string, uid: string) => ({ audiences: [], boundObjectRef: { kind, name, uid } })
  const table: [object, object][] = [
    [{ audiences: [], expirationSeconds: 599 }, { code: 422, message: 'TokenRequest.authentication.k8s.io "web" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes' }],
    [ref('Pod', 'gone', ''), { code: 404, message: 'pods "gone" not found' }],
    [ref('Pod', 'a', 'other'), { code: 409 }],
    [ref('Pod', 'other', 'uid-other'), { code: 422 }],
    [ref('ConfigMap', 'a', ''), { code: 422 }],
  ]
  for (const [spec, expected] of table) await assert.rejects(async () => ask(spec), expected, JSON.stringify(spec))
  await assert.rejects(async () => ask({ audiences: [] }, { key: { namespace: 'shop', name: 'gone' } }), { code: 404 })
})

test('reviews', async () => {
  const rules = [{ verbs: ['list'], apiGroups: [''], resources: ['pods'] }, { verbs: ['get'], nonResourceURLs: ['/healthz'] }]
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'r' }, rules }
  const bound = { apiVersion: role.apiVersion, kind: 'ClusterRoleBinding', metadata: { name: 'b' }, roleRef: { apiGroup: '', kind: 'ClusterRole', name: 'r' }, subjects: [{ kind: 'User', name: 'tester' }] }
  const reader = readerOf([role, bound])
  const rbac = new RbacAuthorizer(reader, () => 1)
  const tokens = new TokenAuthenticator({ verifier: { verify: () => Promise.resolve({ outcome: 'invalid', why: 'it is old' }) }, reader, clock, audiences: [] })
  const routes = reviewRoutes({ authorizer: rbac, tokens, rules: rbac, clock })
  const whole = async (resource: string, spec: object | undefined): Promise<JsonObject> => {
    const route = routes.find((candidate) => candidate.resource === resource)
    assert.ok(route !== undefined)
    return (await route.handle(objectCall([], { metadata: {}, ...(spec === undefined ? {} : { spec }) }, '').call)).object
  }
  const ask = async (resource: string, spec: object | undefined): Promise<unknown> => (await whole(resource, spec))['status']
  const reason = 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to User "tester"'
  const pods = (verb: string) => ({ resourceAttributes: { verb, resource: 'pods', namespace: 'shop' } })
  const table: [string, object | undefined, object][] = [
    ['selfsubjectreviews', undefined, { userInfo: { username: 'tester', groups: ['system:authenticated'] } }],
    ['selfsubjectaccessreviews', pods('list'), { allowed: true, reason }],
    ['selfsubjectaccessreviews', pods('delete'), { allowed: false }],
    ['selfsubjectaccessreviews', { nonResourceAttributes: { verb: 'get', path: '/healthz' } }, { allowed: true, reason }],
    ['subjectaccessreviews', { user: 'tester', ...pods('list') }, { allowed: true, reason }],
    ['subjectaccessreviews', { user: 'else', groups: ['g'], ...pods('list') }, { allowed: false }],
    ['localsubjectaccessreviews', { user: 'tester', ...pods('list') }, { allowed: true, reason }],
    ['tokenreviews', { token: 'x' }, { user: {}, error: '[invalid bearer token, it is old]' }],
    ['selfsubjectrulesreviews', { namespace: 'shop' }, { incomplete: false, resourceRules: [rules[0]], nonResourceRules: [rules[1]] }],
  ]
  for (const [resource, spec, expected] of table) assert.deepEqual(await ask(resource, spec), expected, resource)
  const shown = async (resource: string, spec?: object): Promise<unknown[]> => {
    const { metadata, spec: told } = await whole(resource, spec)
    return [metadata, told]
  }
  assert.deepEqual(await shown('selfsubjectreviews'), [{ creationTimestamp: formatTime(clock.now()) }, undefined])
  assert.deepEqual(await shown('selfsubjectrulesreviews', { namespace: 'shop' }), [{ creationTimestamp: null }, {}], 'the question is not repeated')
  assert.deepEqual(await shown('subjectaccessreviews', { user: 'else', ...pods('list') }), [{ creationTimestamp: null }, { user: 'else', ...pods('list') }])
})

function connect(subresource: string, stored: Pod, query: string, objects: readonly KubeObject[] = [node]) {
  const route = podConnectRoutes.find((candidate) => candidate.subresource === subresource)
  assert.ok(route !== undefined)
  const call = {
    reader: readerOf([stored, ...objects]), key: { namespace: 'shop', name: stored.metadata.name ?? '' }, query: new URLSearchParams(query), request: { method: 'GET' },
  } as ConnectCall
  return route.handle(call)
}

test('logs, exec, attach and port forwarding go to the node of the pod', async () => {
  const two = pod('two', { spec: { nodeName: 'n1', containers: [container('web'), container('side')], initContainers: [container('init')] } })
  const preferring = { ...two, metadata: { ...two.metadata, annotations: { 'kubectl.kubernetes.io/default-container': 'side' } } }
  const table: [string, Pod, string, string][] = [
    ['log', pod('a'), 'follow=true&tailLines=5&unknown=1', '/containerLogs/shop/a/web?follow=true&tailLines=5'],
    ['log', two, 'container=init', '/containerLogs/shop/two/init'],
    ['log', preferring, '', '/containerLogs/shop/two/side'],
    ['exec', pod('a'), 'command=sh&command=-c&command=a%20b&stdin=true&stdout=true&tty=true&stderr=false', '/exec/shop/a/web?input=1&output=1&tty=1&command=sh&command=-c&command=a+b'],
    ['attach', pod('a'), 'stdout=1&stderr=1', '/attach/shop/a/web?output=1&error=1'],
    ['portforward', pod('a'), '', '/portForward/shop/a'],
    ['portforward', pod('a'), 'ports=80&ports=443,8080', '/portForward/shop/a?port=80&port=443&port=8080'],
  ]
  for (const [subresource, stored, query, path] of table) {
    assert.deepEqual(await connect(subresource, stored, query), { type: 'tunnel', target: { nodeName: 'n1', address: '10.0.0.5', port: 10250, path, method: 'GET', ...(subresource === 'log' ? { isPlain: true } : {}) } })
  }
})

test('what cannot be connected to', async () => {
  const two = pod('two', { spec: { nodeName: 'n1', containers: [container('web'), container('side')], initContainers: [container('init')] } })
  const pending = pod('p', { spec: { containers: [container('web')] } })
  const ended = pod('e', { status: { phase: 'Succeeded' } })
  const table: [string, Pod, string, object][] = [
    ['log', two, '', { code: 400, message: 'a container name must be specified for pod two, choose one of: [web side] or one of the init containers: [init]' }],
    ['log', two, 'container=x', { code: 400, message: 'container x is not valid for pod two' }],
    ['log', pod('a'), 'tailLines=-1', { code: 422, message: 'PodLogOptions "a" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0' }],
    ['exec', pod('a'), 'stdout=1', { code: 400 }],
    ['exec', pod('a'), 'command=sh', { code: 400, message: 'you must specify at least 1 of stdin, stdout, stderr' }],
    ['exec', ended, 'command=sh&stdout=1', { code: 400, message: 'cannot exec into or attach to a container in a completed pod; current phase is Succeeded' }],
    ['exec', pending, 'command=sh&stdout=1', { code: 400, message: 'pod p does not have a host assigned' }],
    ['portforward', pod('a'), 'ports=99999', { code: 400 }],
  ]
  for (const [subresource, stored, query, expected] of table) await assert.rejects(async () => connect(subresource, stored, query), expected)
  await assert.rejects(async () => connect('log', pod('a'), '', []), { code: 404, message: 'nodes "n1" not found' })
  assert.deepEqual(await connect('log', pending, ''), { type: 'whole', status: 200, headers: { 'content-type': 'text/plain' }, body: [] })
})
