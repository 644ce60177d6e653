import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../objects/json.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import { toBase64, utf8 } from '../../words/bytes.ts'
import { memberOf, startTestServer, testRandom, type TestServer } from '../apiserver.testing.ts'
import { mutatingWebhooks } from './mutating-webhooks.ts'
import { validatingWebhooks } from './validating-webhooks.ts'
import type { WebhookCall } from './webhook-caller.ts'
import { WebhookMetrics } from './webhook-metrics.ts'
import { ruleMatches } from './webhook-rules.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const ADMISSION = '/apis/admissionregistration.k8s.io/v1'

type Respond = (request: JsonObject) => JsonObject | Promise<JsonObject>

/** A server with webhooks at https://NAME/ that answer as told; asked says which were asked, and about what. */
async function withWebhooks(servers: Readonly<Record<string, Respond>>): Promise<TestServer & { asked: string[]; reviews: JsonObject[] }> {
  const asked: string[] = []
  const reviews: JsonObject[] = []
  const caller = {
    async call({ target, body }: WebhookCall): Promise<JsonObject> {
      const request = body['request'] as JsonObject
      asked.push(`${target.serverName} ${String(request['operation'])} ${String(memberOf(request, 'resource.resource'))} ${String(request['name'])}`)
      reviews.push(body)
      const respond = servers[target.serverName]
      if (respond === undefined) throw new Error('connection refused')
      return { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response: { uid: request['uid'], ...await respond(request) } }
    },
  }
  const server = await startTestServer({
    extensions: (core) => {
      const parts = { caller, reader: core.reader, random: testRandom(), matchConditions: () => ({ outcome: 'matches' as const }), equivalents: core.equivalents, decode: core.decode, metrics: new WebhookMetrics(core.clock) }
      return { mutators: [mutatingWebhooks(parts)], validators: [validatingWebhooks(parts)] }
    },
  })
  return Object.assign(server, { asked, reviews })
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

test('validating webhooks refuse in their words', async () => {
  const table: [JsonObject, number, RegExp][] = [
    [{ allowed: true }, 201, /./],
    [{ allowed: false }, 400, /admission webhook \\"v\.example\.com\\" denied the request without explanation/],
    [{ allowed: false, status: { message: 'no' } }, 400, /denied the request: no/],
    [{ allowed: false, status: { code: 403, reason: 'Forbidden', message: 'no', details: { name: 'm', causes: [{ field: 'data', message: 'x' }, 3] } } }, 403, /"reason":"Forbidden","details":\{"name":"m","causes":\[\{.*"field":"data"/],
    [{ allowed: false, status: { code: 422, message: 'no' } }, 422, /denied the request: no/],
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

test('a failure counts as its policy says, and warnings reach the user', async () => {
  const server = await withWebhooks({ warns: () => ({ allowed: true, warnings: ['mind the step'] }), wrong: () => patch({ op: 'replace', path: '/data', value: 3 }) })
  await configure(server, 'Validating', 'a', hook('gone', { failurePolicy: 'Ignore' }), hook('warns'))
  const warned = await server.request('POST', CONFIG_MAPS, configMap('m'))
  assert.deepEqual([warned.status, warned.headers['warning']], [201, '299 - "mind the step"'])
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
