import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../resources/generated/kinds.ts'
import { kindConversions, servedResources } from '../../resources/registry.ts'
import { SchemaCatalog } from '../../resources/schema.ts'
import { createMemoryStore } from '../../store/memory.ts'
import { textOf } from '../../words/bytes.ts'
import { silentLog } from '../../words/ports.ts'
import { TestClock, answerOf, testRandom, testRequest, type TestAnswer } from '../apiserver.testing.ts'
import { defaultAdmission } from '../admission/built-in.ts'
import { applyBootstrap } from '../bootstrap/apply.ts'
import { plainOpenApi } from '../discovery/openapi-documents.ts'
import { versionInfo } from '../discovery/version.ts'
import type { Peer } from '../http.ts'
import { createApiServer, defaultLimits } from '../server.ts'
import type { WebhookCaller } from '../webhooks/webhook-caller.ts'
import { composeExtensions, defaultNodePorts, defaultServiceRange } from './compose.ts'
import { filesOf } from './config/config-files.testing.ts'
import type { AccessSettings } from './configured-access.ts'
import { internalUsers } from './internal-users.ts'
import { requestHeadersOf } from './request-header-authenticator.ts'
import { unseenSignatures } from '../certificates/signature-check.ts'

const AUTHN = 'apiVersion: apiserver.config.k8s.io/v1beta1\nkind: AuthenticationConfiguration\n'
const AUTHZ = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\n'
const HOOK = `${AUTHZ}authorizers:
- {type: Webhook, name: hook, webhook: {timeout: 1s, subjectAccessReviewVersion: v1, failurePolicy: NoOpinion, connectionInfo: {type: KubeConfigFile, kubeConfigFile: /hook}}}
- {type: Node, name: node}
- {type: RBAC, name: rbac}
`

const NODE_ONE = '[{"requirements":[{"key":"spec.nodeName","operator":"In","values":["n1"]}]},null]'

/** Allows anna to see pods, dora those of one node, refuses bob everything, and knows one token. */
const webhooks: WebhookCaller = {
  async call({ body }) {
    const spec = body['spec'] as { user?: string; token?: string; resourceAttributes?: { resource?: string; verb?: string; fieldSelector?: unknown; labelSelector?: unknown } }
    if (spec.token !== undefined) return { status: spec.token === 'known' ? { authenticated: true, user: { username: 'eve' } } : { authenticated: false } }
    if (spec.user === 'bob') return { status: { allowed: false, denied: true, reason: 'bob is out' } }
    const { verb, fieldSelector, labelSelector } = spec.resourceAttributes ?? {}
    if (spec.user === 'dora' && verb === 'list') return { status: { allowed: JSON.stringify([fieldSelector, labelSelector]) === NODE_ONE } }
    return { status: { allowed: spec.user === 'anna' && spec.resourceAttributes?.resource === 'pods', reason: 'as the hook says' } }
  },
}

async function startWith(texts: Map<string, string>, settings: Partial<AccessSettings>, caller: WebhookCaller = webhooks) {
  const clock = new TestClock()
  const foreign = { outcome: 'foreign' as const }
  const access: AccessSettings = {
    files: filesOf(texts), documents: { fetch: () => Promise.reject(new Error('no network')) }, signatures: { check: async () => 'invalid' }, serverIdHash: 'sha256:x', ...settings,
  }
  const server = createApiServer({
    store: createMemoryStore(), storeIsShared: false, clock, random: testRandom(), log: silentLog, definitions: servedResources(), conversions: kindConversions(),
    schemas: new SchemaCatalog().lookup, limits: defaultLimits, freezeObjects: true,
    extend: (core) => composeExtensions(core, {
      admission: defaultAdmission, serviceRange: defaultServiceRange, nodePorts: defaultNodePorts, serverAddress: '192.0.2.1:6443', healthChecks: () => [], openApi: plainOpenApi, webhooks: caller, access, certificates: unseenSignatures,
      tokens: { issuer: 'https://own', keySet: { keys: [] }, sign: async () => '', verify: async () => foreign, verifySecretToken: async () => foreign },
      version: versionInfo({ commit: '', buildDate: '2026-01-01T00:00:00Z', runtime: 'node', platform: 'linux/amd64' }),
    }),
  })
  const life = new AbortController()
  await server.start(life.signal)
  const admin = server.client(internalUsers.apiServer)
  await applyBootstrap(admin, { serviceAddress: '10.96.0.1', address: '192.0.2.1', port: 6443 })
  const ask = async (peer: Partial<Peer>, method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<TestAnswer> => {
    const request = testRequest(method, path, body, headers)
    return answerOf(await server.handle({ ...request, peer: { ...request.peer, certificate: undefined, ...peer } }))
  }
  return { ask, clock, admin, stop: () => life.abort() }
}

const as = (commonName: string, ...organizations: string[]): Partial<Peer> => ({ certificate: { commonName, organizations } })

test('a webhook before RBAC', async () => {
  const { ask, admin, stop } = await startWith(new Map([['/authz', HOOK], ['/hook', '']]), { authorizationFile: '/authz' })
  const pods = '/api/v1/namespaces/default/pods'
  const table: [Partial<Peer>, string, number, string][] = [
    [as('anna'), pods, 200, ''],
    [as('anna'), '/api/v1/namespaces/default/secrets', 403,
      'secrets is forbidden: User "anna" cannot list resource "secrets" in API group "" in the namespace "default": as the hook says'],
    [as('bob'), '/version', 403, 'forbidden: User "bob" cannot get path "/version": bob is out'],
    [as('bob', 'system:masters'), pods, 200, ''],
    [as('carl'), '/version', 200, ''],
    [{}, '/healthz', 200, ''],
  ]
  for (const [peer, path, status, message] of table) {
    const answer = await ask(peer, 'GET', path)
    assert.deepEqual([answer.status, answer.status === 200 ? '' : answer.body['message']], [status, message], path)
  }
  const review = async (user: string): Promise<unknown> => (await ask(as('root', 'system:masters'), 'POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    kind: 'SubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', spec: { user, resourceAttributes: { verb: 'list', resource: 'pods', namespace: 'default' } },
  })).body['status']
  assert.deepEqual(await review('anna'), { allowed: true, reason: 'as the hook says' })
  assert.deepEqual(await review('bob'), { allowed: false, denied: true, reason: 'bob is out' })
  const rules = await ask(as('carl'), 'POST', '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
    kind: 'SelfSubjectRulesReview', apiVersion: 'authorization.k8s.io/v1', spec: { namespace: 'default' },
  })
  assert.deepEqual([rules.get('status.incomplete'), rules.get('status.evaluationError')], [true, 'webhook authorizer does not support user rule resolution'])
  assert.ok((rules.get('status.resourceRules') as unknown[]).length > 0)
  const acting = await ask(as('root', 'system:masters'), 'GET', pods, undefined, { 'impersonate-user': 'bob' })
  assert.equal(acting.status, 403)
  assert.equal((await admin.list(kinds.Namespace)).items.length > 0, true, 'the server itself')
  stop()
})

test('a webhook that looks at selectors', async () => {
  const { ask, stop } = await startWith(new Map([['/authz', HOOK], ['/hook', '']]), { authorizationFile: '/authz' })
  const statusOf = async (query: string): Promise<number> => (await ask(as('dora'), 'GET', `/api/v1/pods${query}`)).status
  assert.deepEqual([await statusOf(''), await statusOf('?fieldSelector=spec.nodeName%3Dn2'), await statusOf('?fieldSelector=spec.nodeName%3Dn1')], [403, 403, 200])
  const review = async (selectors: object): Promise<unknown> => (await ask(as('dora'), 'POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    kind: 'SelfSubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', spec: { resourceAttributes: { verb: 'list', resource: 'pods', ...selectors } },
  })).body['status']
  const term = { key: 'spec.nodeName', operator: 'In', values: ['n1'] }
  const [ignored, partly] = ['ignored due to parse error', 'partially ignored due to parse error']
  const table: [object, object][] = [
    [{ fieldSelector: { rawSelector: 'spec.nodeName=n1' } }, { allowed: true }],
    [{ fieldSelector: { requirements: [term] } }, { allowed: true }],
    [{ fieldSelector: { rawSelector: 'rubbish' } }, { allowed: false, evaluationError: `spec.resourceAttributes.fieldSelector ${ignored}` }],
    [{ fieldSelector: { requirements: [term, { ...term, values: ['n1', 'n2'] }] } }, { allowed: true, evaluationError: `spec.resourceAttributes.fieldSelector ${partly}` }],
    [{ fieldSelector: { rawSelector: 'spec.nodeName=n1' }, labelSelector: { requirements: [{ key: 'a', operator: 'Later' }] } },
      { allowed: true, evaluationError: `spec.resourceAttributes.labelSelector ${ignored}` }],
    [{ fieldSelector: { rawSelector: 'x' }, labelSelector: { rawSelector: 'a in' } },
      { allowed: false, evaluationError: `spec.resourceAttributes.fieldSelector ${ignored}; spec.resourceAttributes.labelSelector ${ignored}` }],
  ]
  for (const [selectors, expected] of table) assert.deepEqual(await review(selectors), expected, JSON.stringify(selectors))
  stop()
})

test('a policy asks the webhook', async () => {
  const { ask, stop } = await startWith(new Map([['/authz', HOOK], ['/hook', '']]), { authorizationFile: '/authz' })
  const root = as('root', 'system:masters')
  const group = '/apis/admissionregistration.k8s.io/v1'
  const may = (user: string): string => `authorizer.serviceAccount('default', '${user}').group('').resource('pods').check('list')`
  const policy = {
    kind: 'ValidatingAdmissionPolicy', metadata: { name: 'p' }, spec: {
      matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE'] }] },
      validations: [{ expression: `${may('web')}.reason() == 'as the hook says' && !${may('web')}.allowed() && !has(object.data)` }],
    },
  }
  assert.equal((await ask(root, 'POST', `${group}/validatingadmissionpolicies`, policy)).status, 201)
  const binding = { kind: 'ValidatingAdmissionPolicyBinding', metadata: { name: 'b' }, spec: { policyName: 'p', validationActions: ['Deny'] } }
  assert.equal((await ask(root, 'POST', `${group}/validatingadmissionpolicybindings`, binding)).status, 201)
  const create = (name: string, data?: object): Promise<TestAnswer> => ask(root, 'POST', '/api/v1/namespaces/default/configmaps', { metadata: { name }, data })
  assert.deepEqual([(await create('a')).status, (await create('b', { x: 'y' })).status], [201, 422])
  stop()
})

test('tokens of a webhook, and what is no token of anybody', async () => {
  const { ask, stop } = await startWith(new Map([['/tokens', '']]), { tokenWebhookFile: '/tokens' })
  const self = (token: string): Promise<TestAnswer> => ask({}, 'POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { metadata: {} }, { authorization: `Bearer ${token}` })
  assert.equal((await self('known')).get('status.userInfo.username'), 'eve')
  assert.equal((await self('unknown')).status, 401)
  const review = async (token: string): Promise<unknown> => (await ask(as('root', 'system:masters'), 'POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
    kind: 'TokenReview', apiVersion: 'authentication.k8s.io/v1', spec: { token },
  })).body['status']
  assert.deepEqual(await review('known'), { authenticated: true, user: { username: 'eve', groups: ['system:authenticated'] }, audiences: ['https://own'] })
  assert.deepEqual(await review('unknown'), { user: {}, error: 'invalid bearer token' })
  stop()
})

test('anonymous only where allowed; a changed file counts', async () => {
  const texts = new Map([['/authn', `${AUTHN}anonymous: {enabled: true, conditions: [{path: /healthz}]}`]])
  const { ask, clock, stop } = await startWith(texts, { authenticationFile: '/authn' })
  const statuses = async (): Promise<string> => (await Promise.all(['/healthz', '/livez', '/version', '/api'].map((path) => ask({}, 'GET', path)))).map(({ status }) => status).join(' ')
  assert.equal(await statuses(), '200 401 401 401')
  texts.set('/authn', `${AUTHN}anonymous: {enabled: false}`)
  await clock.advance(5_000)
  assert.equal(await statuses(), '401 401 401 401')
  texts.set('/authn', AUTHN)
  await clock.advance(5_000)
  assert.equal(await statuses(), '200 200 200 403')
  stop()
})

test('a file that becomes wrong changes nothing, and is counted; a kubeconfig that it names counts as a part of it', async () => {
  const texts = new Map([['/authz', HOOK], ['/hook', 'one'], ['/authn', AUTHN]])
  const seen: string[] = []
  const files = filesOf(texts)
  const named: AccessSettings['files'] = { ...files, webhookTarget: (file) => ({ ...files.webhookTarget(file), path: textOf(files.read(file)) }) }
  const caller: WebhookCaller = {
    async call({ target }) {
      seen.push(target.path)
      return { status: { allowed: false } }
    },
  }
  const { ask, clock, stop } = await startWith(texts, { authorizationFile: '/authz', authenticationFile: '/authn', files: named }, caller)
  const root = as('root', 'system:masters')
  const counted = async (): Promise<string[]> => [...(await ask(root, 'GET', '/metrics')).text.matchAll(/^apiserver_(\w+)_config_controller_automatic_reloads_total\{.*status="(\w+)"\} (\d+)/gm)]
    .map(([, what, status, count]) => `${what} ${status} ${count}`)
  const asked = async (): Promise<string | undefined> => {
    await ask(as(`user-${seen.length}`), 'GET', '/api/v1/pods')
    return seen.at(-1)
  }
  assert.deepEqual([await asked(), await counted()], ['one', []])
  texts.set('/hook', 'two')
  await clock.advance(5_000)
  assert.deepEqual([await asked(), await counted()], ['two', ['authorization success 1']])
  texts.set('/authz', `${AUTHZ}authorizers: []`)
  await clock.advance(5_000)
  texts.delete('/authn')
  await clock.advance(5_000)
  assert.deepEqual([await asked(), await counted()], ['two', ['authentication failure 1', 'authorization success 1', 'authorization failure 2']])
  texts.set('/authz', `${AUTHZ}authorizers: [{type: RBAC, name: rbac}]`)
  texts.set('/authn', AUTHN)
  await clock.advance(5_000)
  const before = seen.length
  assert.deepEqual([await asked(), seen.length, await counted()], ['two', before, ['authentication failure 1', 'authorization success 2', 'authorization failure 2']])
  assert.match((await ask(root, 'GET', '/metrics')).text, /^apiserver_authorization_config_controller_automatic_reload_last_timestamp_seconds\{apiserver_id_hash="sha256:x",status="success"\} \d+/m)
  stop()
})

test('a front proxy says who asks; nobody else does', async () => {
  const { ask, stop } = await startWith(new Map(), { requestHeaders: requestHeadersOf(['front-proxy-client']) })
  const headers = { 'x-remote-user': 'anna', 'x-remote-group': 'dev\nops', 'x-remote-extra-acme.com%2fteam': 'a' }
  const self = async (peer: Partial<Peer>): Promise<unknown> =>
    (await ask(peer, 'POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', { metadata: {} }, headers)).get('status.userInfo')
  assert.deepEqual(await self({ proxyName: 'front-proxy-client' }), { username: 'anna', groups: ['dev', 'ops', 'system:authenticated'], extra: { 'acme.com/team': ['a'] } })
  assert.equal(await self({ proxyName: 'another' }), undefined)
  assert.deepEqual(await self(as('front-proxy-client')), { username: 'front-proxy-client', groups: ['system:authenticated'] })
  stop()
})

test('a server does not start with less than it was told', async () => {
  const broken = new Map([['/authn', `${AUTHN}jwt: [{}]`], ['/authz', HOOK]])
  await assert.rejects(startWith(broken, { authenticationFile: '/authn' }), /authentication configuration file "\/authn": .*jwt\[0\]\.issuer\.url: Required value/)
  await assert.rejects(startWith(broken, { authorizationFile: '/authz' }), /authorization configuration file "\/authz": authorizers\[0\]\.webhook\.connectionInfo\.kubeConfigFile/)
  await assert.rejects(startWith(broken, { authenticationFile: '/gone' }), /the authentication configuration file "\/gone" cannot be read/)
})
