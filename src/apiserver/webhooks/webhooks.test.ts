import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../objects/json.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import { toBase64, utf8 } from '../../words/bytes.ts'
import { silentLog, type Log } from '../../words/ports.ts'
import { AdmissionEnvironments } from '../../policy/admission-policy/admission-environment.ts'
import type { Mutator } from '../access.ts'
import { matchConditions } from '../admission-policies/match-conditions.ts'
import { memberOf, startTestServer, testRandom, testUser, type TestServer, type TestServerOptions } from '../apiserver.testing.ts'
import { expositionOf } from '../metrics/metric-family.ts'
import { readAuditPolicy } from '../audit/audit-policy.ts'
import { WebhookAsking } from './ask-webhook.ts'
import type { Route } from '../route.ts'
import { podConnectRoutes } from '../subresources/pod-connect.ts'
import { mutatingWebhooks } from './mutating-webhooks.ts'
import { validatingWebhooks } from './validating-webhooks.ts'
import type { WebhookCall } from './webhook-caller.ts'
import { WebhookMetrics } from './webhook-metrics.ts'
import { ruleMatches } from './webhook-rules.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const ADMISSION = '/apis/admissionregistration.k8s.io/v1'

type Respond = (request: JsonObject) => JsonObject | Promise<JsonObject>

interface Bed extends TestServer {
  readonly asked: string[]
  readonly reviews: JsonObject[]
  readonly paths: string[]
  readonly warned: readonly string[]
  counted(name: string): readonly string[]
}

/** A server with webhooks at https://NAME/ that answer as told; asked says which were asked, and about what. */
async function withWebhooks(servers: Readonly<Record<string, Respond>>, more: Partial<TestServerOptions> & { builtIn?: Mutator; routes?: readonly Route[] } = {}): Promise<Bed> {
  const asked: string[] = []
  const reviews: JsonObject[] = []
  const paths: string[] = []
  const warned: string[] = []
  const log: Log = { ...silentLog, warn: (message, fields) => void warned.push(`${message}: ${JSON.stringify(fields)}`) }
  let metrics: WebhookMetrics | undefined
  const caller = {
    async call({ target, body }: WebhookCall): Promise<JsonObject> {
      const request = body['request'] as JsonObject
      asked.push(`${target.serverName} ${String(request['operation'])} ${String(memberOf(request, 'resource.resource'))} ${String(request['name'])}`)
      reviews.push(body)
      paths.push(target.path)
      const respond = servers[target.serverName]
      if (respond === undefined) throw new Error('connection refused')
      return { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response: { uid: request['uid'], ...await respond(request) } }
    },
  }
  const { builtIn, routes = [], ...options } = more
  const server = await startTestServer({
    ...options,
    extensions: (core) => {
      metrics = new WebhookMetrics(core.clock)
      const conditions = matchConditions(new AdmissionEnvironments(), core.reader, { authorize: () => ({ allowed: true, reason: '' }) })
      const parts = { caller, reader: core.reader, random: testRandom(), log, matchConditions: conditions, equivalents: core.equivalents, decode: core.decode, metrics }
      return { mutators: [...(builtIn === undefined ? [] : [builtIn]), mutatingWebhooks(parts)], validators: [validatingWebhooks(parts)], routes }
    },
  })
  const counted = (name: string): readonly string[] => expositionOf(metrics?.families() ?? []).split('\n').filter((line) => line.startsWith(`apiserver_admission_${name}{`))
  return Object.assign(server, { asked, reviews, paths, warned, counted })
}

function hook(name: string, more: object = {}): object {
  return {
    name: `${name}.example.com`, clientConfig: { url: `https://${name}/` }, admissionReviewVersions: ['v1'], sideEffects: 'None', timeoutSeconds: 5, failurePolicy: 'Fail',
    matchPolicy: 'Equivalent', namespaceSelector: {}, objectSelector: {}, rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['*'], scope: '*' }], ...more,
  }
}

async function configure(server: TestServer, of: 'Mutating' | 'Validating', name: string, ...webhooks: object[]): Promise<void> {
  const body = { apiVersion: 'admissionregistration.k8s.io/v1', kind: `${of}WebhookConfiguration`, metadata: { name }, webhooks }
  const answer = await server.request('POST', `${ADMISSION}/${of.toLowerCase()}webhookconfigurations`, body)
  assert.equal(answer.status, 201, answer.text)
}

function patch(...operations: object[]): JsonObject {
  return { allowed: true, patchType: 'JSONPatch', patch: toBase64(utf8(JSON.stringify(operations))) }
}

const configMap = (name: string, more: object = {}): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, ...more } })
const add = (key: string, value: string): object => ({ op: 'add', path: `/data/${key}`, value })
const data = { op: 'add', path: '/data', value: {} }

test('mutating webhooks change the object one after the other', async () => {
  const server = await withWebhooks({
    one: () => patch(data, add('one', '1')),
    two: (request) => patch(add('two', String(Object.keys((request['object'] as { data: object }).data)))),
  })
  await configure(server, 'Mutating', 'b', hook('two'))
  await configure(server, 'Mutating', 'a', hook('one'))
  const created = await server.request('POST', CONFIG_MAPS, configMap('m'))
  assert.deepEqual([created.status, created.get('data')], [201, { one: '1', two: 'one' }], created.text)
  assert.deepEqual(server.asked, ['one CREATE configmaps m', 'two CREATE configmaps m'])
  server.stop()
})

test('who wants to be asked again is, once, when a later one changed the object', async () => {
  const server = await withWebhooks({ one: () => ({ allowed: true }), two: () => patch(data, add('two', '2')), three: () => ({ allowed: true }) })
  await configure(server, 'Mutating', 'a', hook('one', { reinvocationPolicy: 'IfNeeded' }), hook('two', { reinvocationPolicy: 'Never' }), hook('three', { reinvocationPolicy: 'IfNeeded' }))
  await server.request('POST', CONFIG_MAPS, configMap('m'))
  assert.deepEqual(server.asked.map((line) => line.split(' ')[0]), ['one', 'two', 'three', 'one'])
  server.stop()
})

test('a change by a webhook shows the object to the server itself once more, and its change to webhooks', async () => {
  const rounds: string[] = []
  const builtIn: Mutator = {
    name: 'BuiltIn', matches: ({ kind }) => kind.plural === 'configmaps',
    admit({ object }, _reader, round) {
      const draft = object as { data?: Record<string, string> }
      rounds.push(`${round} ${Object.keys(draft.data ?? {}).join(',')}`)
      if (round === 'again') draft.data = { ...draft.data, own: 'yes' }
    },
  }
  const server = await withWebhooks({ one: () => patch(data, add('one', '1')), two: () => ({ allowed: true }) }, { builtIn })
  await configure(server, 'Mutating', 'a', hook('one', { reinvocationPolicy: 'Never' }), hook('two', { reinvocationPolicy: 'IfNeeded' }))
  const made = await server.request('POST', CONFIG_MAPS, configMap('m'))
  assert.deepEqual([made.get('data'), rounds], [{ one: '1', own: 'yes' }, ['first ', 'again one']])
  assert.deepEqual(server.asked.map((line) => line.split(' ')[0]), ['one', 'two', 'two'], 'two had seen it before the server changed it')
  server.stop()
})

test('a dry run asks only webhooks without side effects; a time-out is told to them', async () => {
  const server = await withWebhooks({ pure: () => ({ allowed: true }) })
  await configure(server, 'Mutating', 'a', hook('pure', { sideEffects: 'NoneOnDryRun', timeoutSeconds: 3 }))
  assert.equal((await server.request('POST', `${CONFIG_MAPS}?dryRun=All`, configMap('m'))).status, 201)
  assert.deepEqual([server.paths, memberOf(server.reviews[0], 'request.dryRun')], [['/?timeout=3s'], true])
  const asking = new WebhookAsking(
    { caller: { call: () => Promise.reject(new Error('asked')) }, reader: server.server.reader, random: testRandom(), log: silentLog, matchConditions: () => ({ outcome: 'matches' }), metrics: new WebhookMetrics(server.clock) },
    { name: 'old', clientConfig: { url: 'https://old/' }, admissionReviewVersions: ['v1'], sideEffects: 'Some', failurePolicy: 'Ignore' },
    { operation: 'CREATE', kind: kinds.ConfigMap, key: { namespace: 'default', name: 'm' }, subresource: '', object: undefined, old: undefined, user: testUser, dryRun: true }, 'admit',
  )
  // Version 1 does not let anybody write such a webhook, but it may have been stored before.
  await assert.rejects(asking.ask({ kind: kinds.ConfigMap, object: undefined, old: undefined }), { code: 400, message: 'admission webhook "old" does not support dry run' })
  server.stop()
})

test('who creates an object owns nothing that a webhook adds, and the webhook sees who owns what', async () => {
  const wrong = { op: 'add', path: '/metadata/managedFields', value: [{ manager: 'x', operation: 'Wish' }] }
  const server = await withWebhooks({ adds: () => patch({ op: 'add', path: '/data/added', value: 'y' }), wrong: () => patch(wrong) })
  await configure(server, 'Mutating', 'a', hook('adds'))
  await configure(server, 'Mutating', 'b', hook('wrong'))
  const { get } = await server.request('POST', `${CONFIG_MAPS}?fieldManager=me`, { metadata: { name: 'm' }, data: { mine: 'x' } })
  const owned = { 'f:data': { '.': {}, 'f:mine': {} } }
  assert.deepEqual([get('data'), get('metadata.managedFields.0.manager'), get('metadata.managedFields.0.fieldsV1')], [{ mine: 'x', added: 'y' }, 'me', owned])
  assert.deepEqual(memberOf(server.reviews[0], 'request.object.metadata.managedFields.0.fieldsV1'), owned)
  const applied = await server.request(
    'PATCH', `${CONFIG_MAPS}/m?fieldManager=other`, { apiVersion: 'v1', kind: 'ConfigMap', data: { added: 'z' } }, { 'content-type': 'application/apply-patch+yaml' })
  assert.equal(applied.status, 200, 'nobody is in the way of who applies what a webhook has added')
  server.stop()
})

test('conditions: false leaves the webhook out, an error refuses or leaves it out', async () => {
  const conditions = (...expressions: string[]): object => ({ matchConditions: expressions.map((expression, index) => ({ name: `c${index}`, expression })) })
  const server = await withWebhooks({ v: () => ({ allowed: true }) })
  await configure(server, 'Validating', 'a', hook('v', conditions('object.metadata.name == "yes"')))
  await server.request('POST', CONFIG_MAPS, configMap('no'))
  await server.request('POST', CONFIG_MAPS, configMap('yes'))
  assert.deepEqual(server.asked, ['v CREATE configmaps yes'])
  await configure(server, 'Validating', 'b', hook('v', { ...conditions('object.none == 1', 'object.nil == 1'), failurePolicy: 'Ignore' }))
  assert.equal((await server.request('POST', CONFIG_MAPS, configMap('ignored'))).status, 201)
  await configure(server, 'Validating', 'c', hook('v', conditions('object.none == 1', 'object.nil == 1')))
  const refused = await server.request('POST', CONFIG_MAPS, configMap('yes2'))
  const each = (name: string): string => `expression 'object.${name} == 1' resulted in error: no such key: ${name}`
  assert.deepEqual([refused.status, refused.get('message')], [403, `configmaps "yes2" is forbidden: [${each('none')}, ${each('nil')}]`])
  assert.deepEqual(server.counted('match_condition_exclusions_total'), ['apiserver_admission_match_condition_exclusions_total{name="v.example.com",kind="webhook",type="validate",operation="CREATE"} 3'])
  server.stop()
})

test('what cannot be changed is not', async () => {
  const server = await withWebhooks({ one: () => patch(data) })
  await server.request('POST', CONFIG_MAPS, configMap('m'))
  await configure(server, 'Mutating', 'a', hook('one', { failurePolicy: 'Ignore', rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['DELETE'] }] }))
  const answer = await server.request('DELETE', `${CONFIG_MAPS}/m`)
  assert.deepEqual([answer.status, answer.get('message')], [500, 'Internal error occurred: admission webhook "one.example.com" attempted to modify the object, which is not supported for this operation'])
  server.stop()
})

test('the audit hears who changed what, and who was not there', async () => {
  const lines: JsonObject[] = []
  const rule = (level: string, namespace: string): object => ({ level, namespaces: [namespace], verbs: ['create'], resources: [{ group: '', resources: ['configmaps'] }] })
  const read = readAuditPolicy({ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules: [rule('Request', 'default'), rule('Metadata', 'quiet')] })
  assert(read.outcome === 'policy')
  const audit = { policy: read.policy, sinks: [{ plugin: 'test', lost: 0, take: (line: string) => void lines.push(JSON.parse(line)) }] }
  const server = await withWebhooks({
    one: () => ({ ...patch(data), auditAnnotations: { why: 'because', 'not/a/name': 'x' } }), two: () => ({ allowed: true }), v: () => ({ allowed: true, auditAnnotations: { seen: 'yes' } }),
  }, { audit })
  await server.request('POST', '/api/v1/namespaces', { metadata: { name: 'quiet' } })
  await configure(server, 'Mutating', 'a', hook('one'), hook('two', { reinvocationPolicy: 'IfNeeded' }), hook('gone', { failurePolicy: 'Ignore' }))
  await configure(server, 'Validating', 'b', hook('v'), hook('gone', { failurePolicy: 'Ignore' }))
  await server.request('POST', CONFIG_MAPS, configMap('m'))
  await server.request('POST', CONFIG_MAPS.replace('default', 'quiet'), configMap('m'))
  const [loud, quiet] = lines.map((line) => line['annotations'] as Record<string, string>)
  const mutation = (webhook: string, mutated: boolean): string => JSON.stringify({ configuration: 'a', webhook: `${webhook}.example.com`, mutated })
  const shared = {
    'failed-open.mutation.webhook.admission.k8s.io/round_0_index_2': 'gone.example.com',
    'failed-open.mutation.webhook.admission.k8s.io/round_1_index_2': undefined,
    'failed-open.validating.webhook.admission.k8s.io/round_0_index_1': 'gone.example.com',
    'mutation.webhook.admission.k8s.io/round_0_index_0': mutation('one', true),
    'mutation.webhook.admission.k8s.io/round_0_index_1': mutation('two', false),
    'mutation.webhook.admission.k8s.io/round_0_index_2': mutation('gone', false),
    'one.example.com/why': 'because', 'v.example.com/seen': 'yes', 'one.example.com/not/a/name': undefined,
  }
  for (const [key, value] of Object.entries(shared)) assert.deepEqual([loud?.[key], quiet?.[key]], [value, value], key)
  const PATCH = 'patch.webhook.admission.k8s.io/round_0_index_0'
  assert.deepEqual([loud?.[PATCH], quiet?.[PATCH]], [JSON.stringify({ configuration: 'a', webhook: 'one.example.com', patch: [data], patchType: 'JSONPatch' }), undefined])
  assert.deepEqual(server.counted('webhook_fail_open_count'), [
    'apiserver_admission_webhook_fail_open_count{name="gone.example.com",type="admit"} 2', 'apiserver_admission_webhook_fail_open_count{name="gone.example.com",type="validating"} 2',
  ])
  assert.equal(server.counted('webhook_request_total').includes('apiserver_admission_webhook_request_total{code="200",name="one.example.com",operation="CREATE",rejected="false",type="admit"} 2'), true)
  server.stop()
})

test('validating webhooks refuse in their words', async () => {
  const table: [JsonObject, number, RegExp][] = [
    [{ allowed: true }, 201, /./],
    [{ allowed: false }, 400, /admission webhook \\"v\.example\.com\\" denied the request without explanation/],
    [{ allowed: false, status: { message: 'no' } }, 400, /denied the request: no/],
    [{ allowed: false, status: { code: 403, reason: 'Forbidden', message: 'no', details: { name: 'm', causes: [{ field: 'data', message: 'x' }, 3] } } }, 403, /"reason":"Forbidden","details":\{"name":"m","causes":\[\{.*"field":"data"/],
    [{ allowed: false, status: { code: 422, message: 'no' } }, 422, /denied the request: no/],
    [{ allowed: false, status: { status: 'Success', code: 399, message: 'no' } }, 400, /"status":"Failure",.*denied the request: no"/],
    [{ allowed: false, status: { code: 500 } }, 500, /denied the request without explanation/],
    [{ allowed: false, status: { code: 200, reason: 'Because' } }, 400, /denied the request: Because","reason":"Because"/],
    [patch(data), 500, /failed calling webhook \\"v\.example\.com\\": received invalid webhook response: webhook response\.patch is not allowed/],
    [{ uid: 'other', allowed: true }, 500, /expected response\.uid=/],
  ]
  for (const [response, status, message] of table) {
    const server = await withWebhooks({ v: () => response })
    await configure(server, 'Validating', 'a', hook('v'))
    const answer = await server.request('POST', CONFIG_MAPS, configMap('m'))
    assert.equal(answer.status, status, answer.text)
    assert.match(answer.text, message)
    server.stop()
  }
})

test('no webhook moves an object to another namespace, or gives an answer of other types', async () => {
  const raw = (text: string): JsonObject => ({ allowed: true, patchType: 'JSONPatch', patch: toBase64(utf8(text)) })
  const replace = (path: string, value: unknown): JsonObject => patch({ op: 'add', path, value })
  const mistyped = (field: string): RegExp => new RegExp(`received invalid webhook response: json: cannot unmarshal Go struct field AdmissionResponse.response.${field} of type`)
  const table: [JsonObject, 'Fail' | 'Ignore', string, RegExp][] = [
    [replace('/metadata/namespace', 'kube-system'), 'Fail', '400 422', /the namespace of the provided object does not match the namespace sent on the request|field is immutable/],
    [replace('/metadata/name', 'other'), 'Fail', '201 422', /"name":"other"|field is immutable/],
    [replace('/metadata/resourceVersion', '1'), 'Fail', '201 409', /"name":"m"|the object has been modified/],
    // A patch that is none is the server's error, whatever the policy; an answer that is none is the webhook's failure.
    [raw('{{'), 'Ignore', '500 500', /Internal error occurred: /],
    [raw('{}'), 'Ignore', '500 500', /Internal error occurred: the patch is not a list of operations/],
    [raw('null'), 'Fail', '201 200', /"name":"m"/],
    [{ allowed: 'yes' }, 'Fail', '500 500', mistyped('allowed')],
    [{ allowed: 'yes' }, 'Ignore', '201 200', /"name":"m"/],
    [{ allowed: true, warnings: [1] }, 'Fail', '500 500', mistyped('warnings')],
    [{ allowed: true, auditAnnotations: { a: 1 } }, 'Fail', '500 500', mistyped('auditAnnotations')],
  ]
  for (const [response, failurePolicy, statuses, texts] of table) {
    const server = await withWebhooks({ v: () => response })
    await server.request('POST', '/api/v1/namespaces', { metadata: { name: 'kube-system' } })
    await server.request('POST', CONFIG_MAPS, configMap('u'))
    await configure(server, 'Mutating', 'a', hook('v', { failurePolicy }))
    const created = await server.request('POST', CONFIG_MAPS, configMap('m'))
    const updated = await server.request('PUT', `${CONFIG_MAPS}/u`, { ...configMap('u'), data: { more: '1' } })
    assert.equal(`${created.status} ${updated.status}`, statuses, `${created.text}\n${updated.text}`)
    assert.match(created.text, texts)
    assert.equal((await server.request('GET', '/api/v1/namespaces/kube-system/configmaps/m')).status, 404)
    server.stop()
  }
})

test('an answer is of the version that was asked in', async () => {
  const server = await withWebhooks({ v: () => ({ allowed: true }) })
  await configure(server, 'Validating', 'a', hook('v', { admissionReviewVersions: ['v1beta1'] }))
  const refused = await server.request('POST', CONFIG_MAPS, configMap('m'))
  assert.match(refused.text, /expected webhook response of admission\.k8s\.io\/v1beta1, Kind=AdmissionReview, got admission\.k8s\.io\/v1,/)
  server.stop()
})

test('a failure counts as its policy says, and warnings reach the user', async () => {
  const server = await withWebhooks({ warns: () => ({ allowed: true, warnings: ['mind the step'] }), wrong: () => patch({ op: 'replace', path: '/data', value: 3 }) })
  await configure(server, 'Validating', 'a', hook('gone', { failurePolicy: 'Ignore' }), hook('warns'))
  const warned = await server.request('POST', CONFIG_MAPS, configMap('m'))
  assert.deepEqual([warned.status, warned.headers['warning']], [201, '299 - "mind the step"'])
  assert.deepEqual(server.warned, ['a webhook failed and was passed over, as its failurePolicy says: {"webhook":"gone.example.com","error":"connection refused"}'])
  await configure(server, 'Mutating', 'b', hook('wrong'))
  const wrong = await server.request('POST', CONFIG_MAPS, configMap('n'))
  assert.deepEqual([wrong.status, wrong.get('message')], [500, 'Internal error occurred: /data: no such path'])
  await configure(server, 'Validating', 'c', hook('gone'))
  await server.request('DELETE', `${ADMISSION}/mutatingwebhookconfigurations/b`)
  const failed = await server.request('POST', CONFIG_MAPS, configMap('n'))
  assert.equal(failed.status, 500)
  assert.match(failed.text, /failed calling webhook \\"gone\.example\.com\\": connection refused/)
  assert.equal((await server.request('DELETE', `${ADMISSION}/validatingwebhookconfigurations/c`)).status, 200, 'the way out is never barred')
  server.stop()
})

test('the options of a request are shown as they were given', async () => {
  const server = await withWebhooks({ v: () => ({ allowed: true }) })
  await configure(server, 'Validating', 'a', hook('v'))
  await server.request('POST', `${CONFIG_MAPS}?fieldManager=me&fieldValidation=Strict`, configMap('m'))
  await server.request('PATCH', `${CONFIG_MAPS}/m`, { data: { a: 'b' } }, { 'content-type': 'application/merge-patch+json' })
  const uid = (await server.request('GET', `${CONFIG_MAPS}/m`)).get('metadata.uid')
  await server.request('DELETE', `${CONFIG_MAPS}/m?dryRun=All`)
  await server.request('DELETE', `${CONFIG_MAPS}/m`, { propagationPolicy: 'Foreground', gracePeriodSeconds: 3, preconditions: { uid } })
  const options = (kind: string, more: object = {}): object => ({ kind, apiVersion: 'meta.k8s.io/v1', ...more })
  assert.deepEqual(server.reviews.map((review) => memberOf(review, 'request.options')), [
    options('CreateOptions', { fieldManager: 'me', fieldValidation: 'Strict' }), options('UpdateOptions'), options('DeleteOptions', { dryRun: ['All'] }),
    options('DeleteOptions', { gracePeriodSeconds: 3, propagationPolicy: 'Foreground', preconditions: { uid } }),
  ])
  server.stop()
})

test('selectors choose by namespace and by either state of the object', async () => {
  const server = await withWebhooks({ n: () => ({ allowed: true }), o: () => ({ allowed: true }) })
  await server.request('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'watched', labels: { watch: 'yes' } } })
  await configure(server, 'Validating', 'a', hook('n', { namespaceSelector: { matchLabels: { watch: 'yes' } } }), hook('o', { objectSelector: { matchLabels: { mine: 'yes' } } }))
  await server.request('POST', CONFIG_MAPS, configMap('plain'))
  await server.request('POST', CONFIG_MAPS.replace('default', 'watched'), configMap('there'))
  await server.request('POST', CONFIG_MAPS, configMap('mine', { labels: { mine: 'yes' } }))
  await server.request('PATCH', `${CONFIG_MAPS}/mine`, { metadata: { labels: null } }, { 'content-type': 'application/merge-patch+json' })
  await server.request('DELETE', `${CONFIG_MAPS}/mine`)
  assert.deepEqual(server.asked, ['n CREATE configmaps there', 'o CREATE configmaps mine', 'o UPDATE configmaps mine'])
  server.stop()
})

test('a review shows the object in the version that the rule names', async () => {
  const server = await withWebhooks({ e: (request) => patch({ op: 'replace', path: '/note', value: `${String(memberOf(request, 'object.note'))}!` }) })
  await configure(server, 'Mutating', 'a', hook('e', { rules: [{ apiGroups: ['events.k8s.io'], apiVersions: ['v1'], resources: ['events'], operations: ['CREATE'] }] }))
  const event = { apiVersion: 'v1', kind: 'Event', metadata: { name: 'e', namespace: 'default' }, involvedObject: { namespace: 'default', name: 'x' }, message: 'hello', reason: 'R' }
  const created = await server.request('POST', '/api/v1/namespaces/default/events', event)
  assert.deepEqual([created.status, created.get('message')], [201, 'hello!'], created.text)
  assert.deepEqual([memberOf(server.reviews[0], 'request.kind'), memberOf(server.reviews[0], 'request.requestKind')], [{ group: 'events.k8s.io', version: 'v1', kind: 'Event' }, { group: '', version: 'v1', kind: 'Event' }])
  server.stop()
})

const WORKLOADS = { rules: [{ apiGroups: ['*'], apiVersions: ['v1'], resources: ['deployments/scale', 'pods/*'], operations: ['*'] }] }

test('a scale is shown as one, and what webhooks make of it counts', async () => {
  const server = await withWebhooks({ s: () => patch({ op: 'replace', path: '/spec/replicas', value: 7 }), v: () => ({ allowed: true }) })
  const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
  const labels = { app: 'd' }
  const spec = { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'a' }] } } }
  assert.equal((await server.request('POST', DEPLOYMENTS, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' }, spec })).status, 201)
  await configure(server, 'Mutating', 'a', hook('s', WORKLOADS))
  await configure(server, 'Validating', 'b', hook('v', WORKLOADS))
  const scaled = await server.request('PATCH', `${DEPLOYMENTS}/d/scale`, { spec: { replicas: 3 } }, { 'content-type': 'application/merge-patch+json' })
  assert.deepEqual([scaled.status, scaled.get('spec.replicas'), scaled.get('kind')], [200, 7, 'Scale'], scaled.text)
  assert.equal((await server.request('GET', `${DEPLOYMENTS}/d`)).get('spec.replicas'), 7)
  const [first, last] = [server.reviews[0], server.reviews.at(-1)]
  assert.deepEqual(memberOf(first, 'request.kind'), { group: 'autoscaling', version: 'v1', kind: 'Scale' })
  assert.deepEqual(memberOf(first, 'request.resource'), { group: 'apps', version: 'v1', resource: 'deployments' })
  assert.deepEqual(['subResource', 'object.kind', 'oldObject.spec.replicas'].map((path) => memberOf(first, `request.${path}`)), ['scale', 'Scale', 2])
  assert.deepEqual(['object.spec.replicas', 'oldObject.kind'].map((path) => memberOf(last, `request.${path}`)), [7, 'Scale'])
  server.stop()
})

test('what is asked of a pod is shown', async () => {
  const server = await withWebhooks({ v: () => ({ allowed: false, status: { code: 403, message: 'no shells' } }) }, { routes: podConnectRoutes })
  await server.request('POST', '/api/v1/namespaces/default/pods', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [{ name: 'a', image: 'a' }] } })
  await configure(server, 'Validating', 'b', hook('v', WORKLOADS), hook('v', { ...WORKLOADS, name: 'labelled.example.com', objectSelector: { matchLabels: { a: 'b' } } }))
  const refused = await server.request('POST', '/api/v1/namespaces/default/pods/p/exec?command=sh&command=-c&stdin=true&stdout=true&container=a')
  assert.deepEqual([refused.status, refused.get('message')], [403, 'admission webhook "v.example.com" denied the request: no shells'])
  await server.request('POST', '/api/v1/namespaces/default/pods/p/portforward?ports=80,81')
  assert.deepEqual(server.asked, ['v CONNECT pods p', 'v CONNECT pods p'])
  const [exec, forward] = server.reviews
  assert.deepEqual(memberOf(exec, 'request.object'), { kind: 'PodExecOptions', apiVersion: 'v1', stdin: true, stdout: true, container: 'a', command: ['sh', '-c'] })
  assert.deepEqual(['kind.kind', 'subResource', 'oldObject', 'options'].map((path) => memberOf(exec, `request.${path}`)), ['PodExecOptions', 'exec', null, null])
  assert.deepEqual(memberOf(forward, 'request.object'), { kind: 'PodPortForwardOptions', apiVersion: 'v1', ports: [80, 81] })
  server.stop()
})

test('rules', () => {
  const target = (plural: string, subresource = '', namespace = 'default') => ({ kind: { group: 'apps', version: 'v1', plural }, subresource, operation: 'CREATE' as const, namespace, name: 'a' })
  const rule = (resources: string[], more: object = {}) => ({ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources, ...more })
  const table: [object, ReturnType<typeof target>, boolean][] = [
    [rule(['deployments']), target('deployments'), true],
    [rule(['deployments']), target('deployments', 'scale'), false],
    [rule(['deployments/scale']), target('deployments', 'scale'), true],
    [rule(['deployments/*']), target('deployments'), true],
    [rule(['*/scale']), target('deployments', 'scale'), true],
    [rule(['*/scale']), target('deployments'), false],
    [rule(['*']), target('deployments', 'scale'), false],
    [rule(['*/*']), target('deployments', 'scale'), true],
    [rule(['*'], { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'] }), target('x'), true],
    [rule(['*'], { operations: ['UPDATE'] }), target('x'), false],
    [rule(['*'], { scope: 'Cluster' }), target('x'), false],
    [rule(['*'], { scope: 'Namespaced' }), target('x', '', ''), false],
    [rule(['*'], { resourceNames: ['a'] }), target('x'), true],
    [rule(['*'], { resourceNames: ['b'] }), target('x'), false],
  ]
  for (const [given, of, expected] of table) assert.equal(ruleMatches(given, of), expected, JSON.stringify([given, of]))
  const namespaces = { kind: kinds.Namespace, subresource: '', operation: 'CREATE' as const, namespace: 'default', name: 'default' }
  assert(ruleMatches({ apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['namespaces'], scope: 'Cluster' }, namespaces))
})

test('integers of 64 bits are patched as they are', async () => {
  const operations = '[{"op":"test","path":"/revision","value":9007199254740993},{"op":"replace","path":"/revision","value":9007199254740995}]'
  const seen: unknown[] = []
  const server = await withWebhooks({
    long: (request) => {
      seen.push(memberOf(request, 'object.revision'))
      return { allowed: true, patchType: 'JSONPatch', patch: toBase64(utf8(operations)) }
    },
  })
  await configure(server, 'Mutating', 'a', hook('long', { rules: [{ apiGroups: ['apps'], apiVersions: ['v1'], resources: ['controllerrevisions'], operations: ['*'] }] }))
  const revision = { apiVersion: 'apps/v1', kind: 'ControllerRevision', metadata: { name: 'a' }, revision: 9007199254740993n, data: { x: [-(2n ** 63n)] } }
  const made = await server.request('POST', '/apis/apps/v1/namespaces/default/controllerrevisions', revision)
  assert.deepEqual([made.status, made.get('revision'), made.get('data'), seen], [201, 9007199254740995n, { x: [-(2n ** 63n)] }, [9007199254740993n]], made.text)
  server.stop()
})
