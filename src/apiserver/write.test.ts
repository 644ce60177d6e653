import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle, startTestServer, testUser } from './apiserver.testing.ts'
import type { TestAnswer } from './apiserver.testing.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { AdmissionRequest } from './access.ts'
import { forbiddenRequest } from './forbidden-request.ts'
import { defaultLimits } from './server.ts'

const CONFIG_MAPS = '/api/v1/namespaces/shop/configmaps'
const PODS = '/api/v1/namespaces/shop/pods'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/shop/deployments'
const MERGE = { 'content-type': 'application/merge-patch+json' }
const STRATEGIC = { 'content-type': 'application/strategic-merge-patch+json' }
const JSON_PATCH = { 'content-type': 'application/json-patch+json' }
const APPLY = { 'content-type': 'application/apply-patch+yaml' }

const pod = (name: string, more: object = {}): object => ({
  apiVersion: 'v1', kind: 'Pod', metadata: { name, ...more }, spec: { containers: [{ name: 'web', image: 'web:1' }] },
})
const deployment = (name: string, replicas = 2): object => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name },
  spec: { replicas, selector: { matchLabels: { app: name } }, template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } } },
})

function outcome({ status, get, headers }: TestAnswer): string {
  const warning = headers['warning'] === undefined ? '' : ` [${headers['warning']}]`
  return status < 400 ? `${status}${warning}` : `${status} ${String(get('reason'))}: ${String(get('message'))}`
}

test('what is wrong with a create', async () => {
  const { request } = await startTestServer()
  await request('POST', CONFIG_MAPS, { metadata: { name: 'taken' } })
  const table: [unknown, string, string][] = [
    [{ metadata: { name: 'taken' } }, '', '409 AlreadyExists: configmaps "taken" already exists'],
    [{ metadata: { name: 'taken' } }, '?dryRun=All', '409 AlreadyExists: configmaps "taken" already exists'],
    [{ metadata: { name: 'taken', generateName: 't-' } }, '', '409 AlreadyExists: configmaps "taken" already exists, the server was not able to generate a unique name for the object'],
    [{ metadata: {} }, '', '422 Invalid: ConfigMap "" is invalid: metadata.name: Required value: name or generateName is required'],
    [{ metadata: { name: 'a', namespace: 'other' } }, '', '400 BadRequest: the namespace of the provided object does not match the namespace sent on the request'],
    [{ metadata: { name: 'a', resourceVersion: '1' } }, '', '400 BadRequest: resourceVersion should not be set on objects to be created'],
    [{ kind: 'Secret', apiVersion: 'v1', metadata: { name: 'a' } }, '', '400 BadRequest: the object provided is unrecognized (must be of type ConfigMap): v1, Kind=Secret does not match v1, Kind=ConfigMap'],
    [{ metadata: { name: 'a' }, data: { b: 1 } }, '', '400 BadRequest: ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string'],
    [{ metadata: { name: 'w' }, datum: {} }, '', '201 [299 - "unknown field \\"datum\\""]'],
    [{ metadata: { name: 'i' }, datum: {} }, '?fieldValidation=Ignore', '201'],
    [{ metadata: { name: 's' }, datum: {} }, '?fieldValidation=Strict', '400 BadRequest: ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "datum"'],
    ['{"metadata":{"name":"e"},"data":{"a":"1","a":"2"}}', '?fieldValidation=Warn', '201 [299 - "duplicate field \\"data.a\\""]'],
    ['{"metadata":{"name":"d"},"data":{"a":"1","a":"2"}}', '?fieldValidation=Strict', '400 BadRequest: ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: duplicate field "data.a"'],
    [{ metadata: { name: 'x' } }, '?dryRun=Some', '422 Invalid: CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"'],
    [{ metadata: { name: 'x' } }, '?dryRun=', '422 Invalid: CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: [""]: supported values: "All"'],
    [{ metadata: { name: 'x' } }, '?fieldValidation=No', '422 Invalid: CreateOptions.meta.k8s.io "" is invalid: fieldValidation: Unsupported value: "No": supported values: "", "Ignore", "Strict", "Warn"'],
    [{ metadata: { name: 'x' } }, '?fieldManager=%C3%BC%0Ab', '422 Invalid: CreateOptions.meta.k8s.io "" is invalid: fieldManager: Invalid value: "ü\\nb": invalid character U+000A (at position 2)'],
    ['[]', '', '400 BadRequest: the body must be one object'],
    ['{', '', '400'],
    ['x'.repeat(3 * 1024 * 1024 + 1), '', '413'],
  ]
  for (const [body, query, expected] of table) {
    const answer = await request('POST', CONFIG_MAPS + query, body)
    assert.equal(outcome(answer).slice(0, expected.length === 3 ? 3 : undefined), expected)
    if (answer.status >= 400) assert.equal(answer.get('kind'), 'Status')
  }
  assert.equal(outcome(await request('POST', CONFIG_MAPS, 'a', { 'content-type': 'text/csv' })).slice(0, 3), '415')
  assert.equal(outcome(await request('POST', CONFIG_MAPS, 'metadata: {name: y}', { 'content-type': 'application/yaml' })), '201')
})

test('no object grows beyond what one request may bring, whoever adds to it; one that is deleted can lose its finalizers', async () => {
  const { request } = await startTestServer()
  const merge = { 'content-type': 'application/merge-patch+json' }
  const deployments = '/apis/apps/v1/namespaces/shop/deployments'
  const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i', args: ['x'.repeat(2_000_000)] }] } }
  const large = { metadata: { name: 'large', finalizers: ['a.b/c'] }, spec: { selector: { matchLabels: { a: 'b' } }, template } }
  assert.equal(outcome(await request('POST', deployments, large)), '201')
  const more = { spec: { template: { spec: { initContainers: [{ name: 'i', image: 'i', args: ['x'.repeat(1_500_000)] }] } } } }
  const refused = /^413 RequestEntityTooLarge: Request entity too large: the object would have 35\d{5} bytes, and at most 3145728 are stored$/
  assert.match(outcome(await request('PATCH', `${deployments}/large`, more, merge)), refused)
  const another = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'large' }, ...more }
  assert.match(outcome(await request('PATCH', `${deployments}/large?fieldManager=m&force=true`, another, { 'content-type': 'application/apply-patch+yaml' })), refused)
  assert.equal(outcome(await request('PATCH', `${deployments}/large`, { metadata: { labels: { a: 'b' } } }, merge)), '200')
  assert.equal((await request('GET', `${deployments}/large`)).get('spec.template.spec.initContainers'), undefined)
  assert.equal(outcome(await request('DELETE', `${deployments}/large`)), '200')
  assert.equal(outcome(await request('PATCH', `${deployments}/large`, { metadata: { finalizers: null } }, merge)), '200')
  assert.match(outcome(await request('GET', `${deployments}/large`)), /^404 /)
})

test('what a replacement must say of the state that it replaces', async () => {
  const { request } = await startTestServer()
  const LEASES = '/apis/coordination.k8s.io/v1/namespaces/shop/leases'
  const lease = { metadata: { name: 'a' }, spec: { leaseDurationSeconds: 10 } }
  assert.equal(outcome(await request('PUT', `${LEASES}/a`, lease)), '201')
  const refused = await request('PUT', `${LEASES}/a`, lease)
  assert.equal(outcome(refused),
    '422 Invalid: leases.coordination.k8s.io "a" is invalid: metadata.resourceVersion: Invalid value: 0x0: must be specified for an update')
  assert.equal(refused.get('details.kind'), 'leases')
  assert.equal(outcome(await request('PUT', `${LEASES}/a`, { ...lease, metadata: { name: 'a', resourceVersion: '1' } })), '200')
  await request('POST', CONFIG_MAPS, { metadata: { name: 'a' } })
  assert.equal(outcome(await request('PUT', `${CONFIG_MAPS}/a`, { metadata: { name: 'a' } })), '200')
  const made: [string, object, string][] = [
    ['/api/v1/namespaces/shop/limitranges/a', { spec: { limits: [] } }, '201'],
    ['/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles/a', { rules: [] }, '201'],
    ['/apis/rbac.authorization.k8s.io/v1/clusterroles/a', { rules: [] }, '201'],
    ['/apis/node.k8s.io/v1/runtimeclasses/a', { handler: 'a' }, '201'],
    ['/apis/networking.k8s.io/v1/ingressclasses/a', { spec: { controller: 'a.example.com/b' } }, '404 NotFound: ingressclasses.networking.k8s.io "a" not found'],
  ]
  for (const [path, body, expected] of made) assert.equal(outcome(await request('PUT', path, { metadata: { name: 'a' }, ...body })), expected)
})

test('what a replacement may say of the life of the object', async () => {
  const { request } = await startTestServer()
  const created = await request('POST', CONFIG_MAPS, { metadata: { name: 'a' } })
  const other = '2020-01-01T00:00:00Z'
  const moved = await request('PUT', `${CONFIG_MAPS}/a`, { metadata: { name: 'a', creationTimestamp: other } })
  assert.deepEqual([moved.status, moved.get('metadata.creationTimestamp')], [200, created.get('metadata.creationTimestamp')])
  const table: [object, string][] = [
    [{ deletionTimestamp: other }, `metadata.deletionTimestamp: Invalid value: "${other}": field is immutable`],
    [{ deletionGracePeriodSeconds: 5 }, 'metadata.deletionGracePeriodSeconds: Invalid value: 5: field is immutable'],
  ]
  for (const [metadata, problem] of table) {
    const answer = await request('PUT', `${CONFIG_MAPS}/a`, { metadata: { name: 'a', ...metadata } })
    assert.equal(outcome(answer), `422 Invalid: ConfigMap "a" is invalid: ${problem}`)
  }
})

test('a namespace in the manifest of what has none is let be', async () => {
  const { request } = await startTestServer()
  const ROLES = '/apis/rbac.authorization.k8s.io/v1/clusterroles'
  const role = { metadata: { name: 'a', namespace: 'shop' }, rules: [] }
  const created = await request('POST', ROLES, role)
  assert.deepEqual([created.status, created.get('metadata.namespace')], [201, undefined])
  assert.equal((await request('PUT', `${ROLES}/a`, role)).get('metadata.namespace'), undefined)
})

test('dry runs answer and store nothing', async () => {
  const { request, store } = await startTestServer()
  await request('POST', CONFIG_MAPS, { metadata: { name: 'a' } })
  const created = await request('POST', `${CONFIG_MAPS}?dryRun=All`, { metadata: { generateName: 'b-' } })
  assert.equal(created.status, 201)
  assert.match(String(created.get('metadata.name')), /^b-\w{5}$/)
  assert.deepEqual((await request('PATCH', `${CONFIG_MAPS}/a?dryRun=All`, { data: { x: '1' } }, MERGE)).get('data'), { x: '1' })
  assert.equal((await request('DELETE', `${CONFIG_MAPS}/a?dryRun=All`)).status, 200)
  assert.equal((await request('DELETE', `${CONFIG_MAPS}/a`, { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['All'] })).status, 200)
  assert.equal(await store.latest(), 1)
})

test('patches of every kind', async () => {
  const { request, store } = await startTestServer()
  await request('POST', PODS, pod('a', { labels: { app: 'a' } }))
  const steps: [Record<string, string>, unknown, string, string][] = [
    [STRATEGIC, { spec: { containers: [{ name: 'web', image: 'web:2' }] } }, 'spec.containers.0.image', 'web:2'],
    [MERGE, { metadata: { labels: { tier: 'x' } } }, 'metadata.labels.tier', 'x'],
    [JSON_PATCH, [{ op: 'replace', path: '/metadata/labels/app', value: 'b' }], 'metadata.labels.app', 'b'],
    [JSON_PATCH, [{ op: 'test', path: '/metadata/labels/app', value: 'z' }], 'reason', 'Invalid'],
    [MERGE, { spec: { priority: 'high' } }, 'details.causes.0.field', 'patch'],
    [MERGE, { metadata: { resourceVersion: '1', labels: { app: 'c' } } }, 'reason', 'Conflict'],
    [MERGE, { metadata: { uid: 'other' } }, 'reason', 'Conflict'],
    [MERGE, { metadata: { name: 'other' } }, 'reason', 'BadRequest'],
    [{ 'content-type': 'text/plain' }, {}, 'reason', 'UnsupportedMediaType'],
  ]
  for (const [headers, body, path, expected] of steps) assert.equal((await request('PATCH', `${PODS}/a`, body, headers)).get(path), expected)
  const latest = await store.latest()
  const same = await request('PATCH', `${PODS}/a`, { metadata: { labels: { app: 'b' } } }, MERGE)
  assert.equal(same.get('metadata.resourceVersion'), String(latest), 'a patch that changes nothing writes nothing')
  assert.equal(await store.latest(), latest)
})

test('apply creates, updates, conflicts and takes over', async () => {
  const { request } = await startTestServer()
  const apply = (manager: string, data: Record<string, string>, more = ''): Promise<TestAnswer> =>
    request('PATCH', `${CONFIG_MAPS}/a?fieldManager=${manager}${more}`, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data }, APPLY)
  assert.equal((await apply('one', { x: '1', y: '1' })).status, 201)
  assert.equal((await apply('one', { x: '1' })).get('data.y'), undefined)
  const refused = await apply('two', { x: '2' })
  assert.equal(refused.status, 409)
  assert.equal(refused.get('details.causes.0.reason'), 'FieldManagerConflict')
  assert.equal((await apply('two', { x: '2' }, '&force=true')).get('data.x'), '2')
  const noManager = await request('PATCH', `${CONFIG_MAPS}/a`, {}, APPLY)
  assert.equal(outcome(noManager), '422 Invalid: PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch')
  const yaml = await request('PATCH', `${CONFIG_MAPS}/b?fieldManager=x`, 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n', APPLY)
  assert.equal(yaml.status, 201)
})

test('managed fields say who wrote what', async () => {
  const { request } = await startTestServer()
  await request('POST', CONFIG_MAPS, { metadata: { name: 'a' }, data: { x: '1' } }, { 'user-agent': 'kubectl/v1.35.2 (linux/amd64)' })
  const answer = await request('PATCH', `${CONFIG_MAPS}/a?fieldManager=tuner`, { data: { y: '1' } }, MERGE)
  const entries = answer.get('metadata.managedFields') as { manager: string; operation: string; fieldsV1: object }[]
  assert.deepEqual(entries.map(({ manager, operation, fieldsV1 }) => [manager, operation, JSON.stringify(fieldsV1)]), [
    ['kubectl', 'Update', '{"f:data":{".":{},"f:x":{}}}'], ['tuner', 'Update', '{"f:data":{"f:y":{}}}'],
  ])
})

test('what a client may write of who wrote what', async () => {
  const { request } = await startTestServer()
  await request('POST', CONFIG_MAPS, { metadata: { name: 'a' }, data: { x: '1' } })
  const entry = { manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:data': { 'f:x': {} } } }
  const owners = async (managedFields: unknown): Promise<unknown> => {
    const answer = await request('PATCH', `${CONFIG_MAPS}/a`, { metadata: { managedFields } }, MERGE)
    const entries = answer.get('metadata.managedFields') as { manager: string }[] | undefined
    return answer.status === 200 ? (entries ?? []).map(({ manager }) => manager) : outcome(answer)
  }
  const creator = await owners(undefined)
  assert.deepEqual(await owners([{ manager: 'a', operation: 'Other' }]), creator, 'nobody can read that')
  assert.deepEqual(await owners([entry]), ['m'])
  assert.match(String(await owners([{ ...entry, manager: 'm'.repeat(129) }])), /^422 Invalid: .*metadata\.managedFields\[0\]\.manager: Too long: may not be more than 128 bytes/)
  assert.deepEqual(await owners([{}]), [], 'all are forgotten')
  assert.equal((await request('POST', CONFIG_MAPS, { metadata: { name: 'b', managedFields: [{}] }, data: { x: '1' } })).status, 201)
})

test('status, scale and generation', async () => {
  const { request } = await startTestServer()
  const created = await request('POST', DEPLOYMENTS, { ...deployment('web'), status: { replicas: 9 } })
  assert.equal(created.status, 201, created.text)
  assert.equal(created.get('metadata.generation'), 1)
  assert.equal(created.get('status.replicas'), undefined)
  const status = await request('PATCH', `${DEPLOYMENTS}/web/status`, { metadata: { annotations: { a: 'b' } }, status: { replicas: 2 }, spec: { replicas: 7 } }, MERGE)
  assert.deepEqual(status.get('metadata.annotations'), { a: 'b' }, 'as the revision of a Deployment is written')
  assert.deepEqual([status.get('status.replicas'), status.get('spec.replicas'), status.get('metadata.generation')], [2, 2, 1])
  assert.equal((await request('PATCH', `${DEPLOYMENTS}/web`, { metadata: { annotations: null } }, MERGE)).get('metadata.generation'), 2)
  const scale = await request('GET', `${DEPLOYMENTS}/web/scale`)
  assert.deepEqual([scale.get('kind'), scale.get('spec.replicas'), scale.get('status')], ['Scale', 2, { replicas: 2, selector: 'app=web' }])
  const scaled = await request('PATCH', `${DEPLOYMENTS}/web/scale`, { spec: { replicas: 5 } }, MERGE)
  assert.equal(scaled.get('spec.replicas'), 5)
  assert.equal((await request('PUT', `${DEPLOYMENTS}/web/scale`, { ...scale.body })).get('reason'), 'Conflict')
  const after = await request('GET', `${DEPLOYMENTS}/web`)
  assert.deepEqual([after.get('spec.replicas'), after.get('metadata.generation'), after.get('status.replicas')], [5, 3, 2])
  assert.equal(outcome(await request('PUT', `${DEPLOYMENTS}/web/scale`, { spec: { replicas: -1 } })),
    '422 Invalid: Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0')
  assert.equal((await request('GET', `${CONFIG_MAPS}/web/scale`)).status, 404)
})

test('what is applied has the fields of its kind only, whatever is said of their validation', async () => {
  const { request } = await startTestServer()
  const container = { name: 'web', image: 'web:1', imagee: 'x' }
  const odd = { ...pod('a', { namespace: 'shop' }), spec: { containers: [container], tolerations: [{ keyy: 'a' }], hostt: 'b' } }
  for (const validation of ['', '&fieldValidation=Ignore', '&fieldValidation=Strict']) {
    assert.equal(outcome(await request('PATCH', `${PODS}/a?fieldManager=m${validation}`, odd, APPLY)),
      '400 BadRequest: failed to create typed patch object (shop/a; /v1, Kind=Pod): errors:\n  .spec.containers[name="web"].imagee: field not declared in schema\n'
      + '  .spec.tolerations[0].keyy: field not declared in schema\n  .spec.hostt: field not declared in schema')
  }
  const one = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, datum: {} }
  assert.equal(outcome(await request('PATCH', `${CONFIG_MAPS}/a?fieldManager=m`, one, APPLY)),
    '400 BadRequest: failed to create typed patch object (/a; /v1, Kind=ConfigMap): .datum: field not declared in schema')
})

test('deletes: preconditions, finalizers, propagation, grace', async () => {
  const { request } = await startTestServer()
  const create = (name: string, finalizers: string[] = []): Promise<TestAnswer> => request('POST', CONFIG_MAPS, { metadata: { name, finalizers } })
  const a = await create('a')
  assert.match(outcome(await request('DELETE', `${CONFIG_MAPS}/a`, { preconditions: { uid: 'other' } })), /^409 Conflict: Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition \(other\) does not match the UID in record \(/)
  assert.equal((await request('DELETE', `${CONFIG_MAPS}/a`, { preconditions: { uid: a.get('metadata.uid') } })).get('details.kind'), 'configmaps')

  const odd = 'metadata.finalizers[0]: Invalid value: "hold": name is neither a standard finalizer name nor is it fully qualified'
  assert.match(outcome(await create('odd', ['hold'])), new RegExp(`^422 Invalid: .*${odd.replaceAll(/[[\]]/g, '\\$&')}$`))
  await create('held', ['example.com/hold'])
  const held = await request('DELETE', `${CONFIG_MAPS}/held`)
  assert.equal(held.get('metadata.deletionTimestamp'), '2026-01-01T00:00:00Z')
  assert.match(outcome(await request('PATCH', `${CONFIG_MAPS}/held`, { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } }, MERGE)), /^422 .*no new finalizers can be added/)
  assert.equal((await request('PATCH', `${CONFIG_MAPS}/held`, { metadata: { finalizers: null } }, MERGE)).status, 200)
  assert.equal((await request('GET', `${CONFIG_MAPS}/held`)).status, 404)

  for (const [query, finalizer] of [['propagationPolicy=Foreground', 'foregroundDeletion'], ['propagationPolicy=Orphan', 'orphan'], ['orphanDependents=true', 'orphan']]) {
    await create('owner')
    assert.deepEqual((await request('DELETE', `${CONFIG_MAPS}/owner?${query}`)).get('metadata.finalizers'), [finalizer])
    assert.equal((await request('DELETE', `${CONFIG_MAPS}/owner?propagationPolicy=Background`)).get('status'), 'Success')
  }
  assert.equal((await request('DELETE', `${CONFIG_MAPS}/x?propagationPolicy=Sideways`)).status, 422)
})

test('pods end gracefully, sooner when asked, and at once when their node says so', async () => {
  const { request } = await startTestServer()
  await request('POST', PODS, pod('a'))
  assert.equal((await request('DELETE', `${PODS}/a`)).get('kind'), 'Pod', 'a pod without a node goes at once, and is shown')
  assert.equal((await request('GET', `${PODS}/a`)).status, 404)
  await request('POST', PODS, { ...pod('b'), spec: { nodeName: 'one', containers: [{ name: 'web', image: 'web:1' }] } })
  const marked = await request('DELETE', `${PODS}/b`)
  assert.deepEqual([marked.get('metadata.deletionTimestamp'), marked.get('metadata.deletionGracePeriodSeconds')], ['2026-01-01T00:00:30Z', 30])
  assert.equal((await request('DELETE', `${PODS}/b`)).get('metadata.resourceVersion'), marked.get('metadata.resourceVersion'))
  const sooner = await request('DELETE', `${PODS}/b`, { gracePeriodSeconds: 5 })
  assert.deepEqual([sooner.get('metadata.deletionTimestamp'), sooner.get('metadata.deletionGracePeriodSeconds')], ['2026-01-01T00:00:05Z', 5])
  assert.equal((await request('DELETE', `${PODS}/b`, { gracePeriodSeconds: 60 })).get('metadata.deletionGracePeriodSeconds'), 5)
  assert.equal((await request('DELETE', `${PODS}/b?gracePeriodSeconds=0`)).status, 200)
  assert.equal((await request('GET', `${PODS}/b`)).status, 404)
})

test('grace periods without end: the time that can be written last, and the period as it was', async () => {
  const { request } = await startTestServer()
  const long = 9007199254740993n
  await request('POST', PODS, { metadata: { name: 'a' }, spec: { nodeName: 'n', terminationGracePeriodSeconds: long, containers: [{ name: 'c', image: 'i' }] } })
  const shown = ({ status, get }: { status: number; get: (path: string) => unknown }): unknown[] => [status, get('metadata.deletionTimestamp'), get('metadata.deletionGracePeriodSeconds')]
  assert.deepEqual(shown(await request('DELETE', `${PODS}/a`)), [200, '9999-12-31T23:59:59Z', long])
  assert.deepEqual(shown(await request('DELETE', `${PODS}/a`, { gracePeriodSeconds: long + 1n })), [200, '9999-12-31T23:59:59Z', long])
  assert.deepEqual(shown(await request('DELETE', `${PODS}/a`, { gracePeriodSeconds: 5 })), [200, '2026-01-01T00:00:05Z', 5])
  assert.equal((await request('DELETE', `${PODS}/a`, { gracePeriodSeconds: '5' })).status, 400)
})

test('a namespace stays until its finalizers are gone', async () => {
  const { request } = await startTestServer()
  const created = await request('POST', '/api/v1/namespaces', { metadata: { name: 'shop' } })
  assert.equal(created.get('status.phase'), 'Active')
  const deleted = await request('DELETE', '/api/v1/namespaces/shop')
  assert.deepEqual([deleted.get('status.phase'), deleted.get('metadata.deletionTimestamp')], ['Terminating', '2026-01-01T00:00:00Z'])
  assert.equal((await request('GET', '/api/v1/namespaces/shop')).status, 200)
})

test('deletecollection deletes what is selected', async () => {
  const { request } = await startTestServer()
  for (const name of ['a', 'b', 'c']) await request('POST', CONFIG_MAPS, { metadata: { name, labels: { keep: String(name === 'b') } } })
  assert.equal((await request('DELETE', `${CONFIG_MAPS}?labelSelector=keep%3Dfalse`)).get('kind'), 'ConfigMapList')
  const left = await request('GET', CONFIG_MAPS)
  assert.deepEqual((left.get('items') as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name), ['b'])
})

test('events of both groups are the same objects', async () => {
  const { request } = await startTestServer()
  const event = {
    metadata: { name: 'e', namespace: 'shop' }, regarding: { kind: 'Pod', name: 'a', namespace: 'shop' }, reason: 'Started', note: 'it runs', type: 'Normal',
    eventTime: '2026-01-01T00:00:00.000000Z', reportingController: 'example.com/x', reportingInstance: 'x-1', action: 'Start',
  }
  const created = await request('POST', '/apis/events.k8s.io/v1/namespaces/shop/events', event)
  assert.equal(created.status, 201, created.text)
  assert.equal(created.get('note'), 'it runs')
  const core = await request('GET', '/api/v1/namespaces/shop/events/e')
  assert.deepEqual([core.get('apiVersion'), core.get('message'), core.get('involvedObject.name')], ['v1', 'it runs', 'a'])
  const list = await request('GET', '/apis/events.k8s.io/v1/namespaces/shop/events')
  assert.deepEqual([list.get('items.0.note'), list.get('items.0.metadata.resourceVersion')], ['it runs', '1'])
})

test('many writers of one object lose no update', async () => {
  const { request, server } = await startTestServer()
  await request('POST', CONFIG_MAPS, { metadata: { name: 'a' }, data: {} })
  const writers = Array.from({ length: 60 }, (_, index) => index)
  const answers = await Promise.all(writers.map((index) => request('PATCH', `${CONFIG_MAPS}/a`, { data: { [`k${index}`]: 'x' } }, MERGE)))
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
  assert.equal(Object.keys(server.reader.get(kinds.ConfigMap, { namespace: 'shop', name: 'a' })?.data ?? {}).length, 60)
  assert.equal(new Set(answers.map(({ get }) => get('metadata.resourceVersion'))).size, 60)
})

test('mutators change the draft, validators refuse, observers hear how it ended', async () => {
  const log: string[] = []
  const isConfigMap = ({ kind }: AdmissionRequest): boolean => kind.kind === 'ConfigMap'
  const { request, client } = await startTestServer({ extensions: {
    mutators: [{ name: 'label', matches: isConfigMap, admit: ({ object }) => {
      if (object !== undefined) object.metadata.labels = { ...object.metadata.labels, seen: 'yes' }
    } }],
    validators: [{ name: 'no-x', matches: isConfigMap, review: ({ key }) => (key.name === 'x'
      ? { allowed: false, code: 403, message: 'x is not wanted' } : { allowed: true, warnings: key.name === 'w' ? ['careful'] : [] }) }],
    observers: [{ settled: ({ operation, key }, how) => void log.push(`${operation} ${key.name} ${how}`) }],
  } })
  assert.equal(outcome(await request('POST', CONFIG_MAPS, { metadata: { name: 'x' } })), '403 Forbidden: configmaps "x" is forbidden: x is not wanted')
  assert.equal(outcome(await request('POST', CONFIG_MAPS, { metadata: { name: 'w' } })), '201 [299 - "careful"]')
  assert.equal((await request('POST', `${CONFIG_MAPS}?dryRun=All`, { metadata: { name: 'd' } })).get('metadata.labels.seen'), 'yes')
  await client.delete(kinds.ConfigMap, { namespace: 'shop', name: 'w' })
  assert.deepEqual(log, ['CREATE x not-stored', 'CREATE w stored', 'CREATE d not-stored', 'DELETE w stored'])
})

test('who changes a draft sees no name that is made up yet, and the server decides after them; who judges it sees all', async () => {
  const seen: unknown[] = []
  const isPod = ({ kind }: AdmissionRequest): boolean => kind.kind === 'Pod'
  const show = (stage: string, { key, object }: AdmissionRequest): void => {
    const { name, uid, creationTimestamp, generation } = object?.metadata ?? {}
    seen.push([stage, key.name.replace(/\w{5}$/, '<id>'), name?.replace(/\w{5}$/, '<id>'), uid !== undefined, creationTimestamp !== undefined, generation])
  }
  const { request } = await startTestServer({ extensions: {
    mutators: [{ name: 'status', matches: isPod, admit: (asked) => {
      show('mutate', asked)
      if (asked.object !== undefined) Object.assign(asked.object, { status: { phase: 'Failed', podIP: '192.0.2.9' } })
      if (asked.object?.metadata.labels?.['app'] === 'no') throw forbiddenRequest(asked, 'not this one')
    } }],
    validators: [{ name: 'none', matches: isPod, review: (asked) => {
      show('validate', asked)
      return { allowed: true, warnings: [] }
    } }],
  } })
  const generated = { ...pod(''), metadata: { generateName: 'web-', uid: 'mine', creationTimestamp: '2020-01-01T00:00:00Z', generation: 7 } }
  const created = await request('POST', PODS, generated)
  assert.deepEqual(seen, [['mutate', '', undefined, false, false, undefined], ['validate', 'web-<id>', 'web-<id>', true, true, undefined]])
  assert.deepEqual(created.get('status'), { phase: 'Pending', qosClass: 'BestEffort' }, 'not what the mutator said')
  const name = String(created.get('metadata.name'))
  assert.deepEqual((await request('PATCH', `${PODS}/${name}`, { metadata: { labels: { a: 'b' } } }, MERGE)).get('status'), { phase: 'Pending', qosClass: 'BestEffort' })
  const refused = (metadata: object): Promise<string> => request('POST', PODS, { ...pod(''), metadata: { ...metadata, labels: { app: 'no' } } }).then(outcome)
  assert.equal(await refused({ generateName: 'web-' }), '403 Forbidden: pods "web-" is forbidden: not this one')
  assert.equal(await refused({ name: 'web-12345', generateName: 'web-' }), '403 Forbidden: pods "web-" is forbidden: not this one')
  assert.equal(await refused({ name: 'one' }), '403 Forbidden: pods "one" is forbidden: not this one')
  assert.equal(await refused({}), '403 Forbidden: pods "Unknown" is forbidden: not this one')
})

test('the in-process client goes the same way', async () => {
  const { client, server } = await startTestServer()
  const created = await client.create(kinds.ConfigMap, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop' }, data: { x: '1' } })
  assert.equal(created.metadata.resourceVersion, '1')
  assert.equal(created.metadata.managedFields?.[0]?.manager, testUser.name)
  assert.equal(created, server.reader.get(kinds.ConfigMap, { namespace: 'shop', name: 'a' }), 'shared, not copied')
  const updated = await client.update(kinds.ConfigMap, { ...created, data: { x: '2' } })
  await assert.rejects(client.update(kinds.ConfigMap, { ...created, data: { x: '3' } }), { reason: 'Conflict' })
  assert.deepEqual(created.data, { x: '1' })
  const patched = await client.patch(kinds.ConfigMap, { namespace: 'shop', name: 'a' }, { type: 'merge', body: { data: { y: '1' } } })
  assert.deepEqual(patched.data, { ...updated.data, y: '1' })
  assert.equal((await client.list(kinds.ConfigMap, { namespace: 'shop' })).items[0], patched)
  await client.delete(kinds.ConfigMap, { namespace: 'shop', name: 'a' })
  await assert.rejects(client.get(kinds.ConfigMap, { namespace: 'shop', name: 'a' }), { code: 404 })
})

test('whatever goes wrong is a Status', async () => {
  const logged: string[] = []
  const { request } = await startTestServer({
    log: { debug() {}, info() {}, warn() {}, error: (_, fields) => void logged.push(String(fields?.['id'])), with() { return this } },
    extensions: { validators: [{ name: 'broken', matches: () => true, review: () => { throw new TypeError('boom') } }] },
  })
  const broken = await request('POST', CONFIG_MAPS, { metadata: { name: 'a' } })
  assert.equal(broken.status, 500)
  assert.match(String(broken.get('message')), new RegExp(`^Internal error occurred: .*${logged[0]}$`))
  assert.doesNotMatch(broken.text, /boom/)
  const table: [string, string, number][] = [
    ['GET', '/nowhere', 404], ['GET', '/api/v1/widgets', 404], ['GET', '/apis/none/v1/widgets', 404], ['POST', `${CONFIG_MAPS}/a`, 405], ['PUT', CONFIG_MAPS, 405],
    ['GET', '/api/v1/namespaces/shop/nodes', 404], ['GET', '/api/v1/configmaps/a', 404], ['POST', '/api/v1/configmaps', 405], ['GET', `${CONFIG_MAPS}/a/nonsense`, 404],
    ['DELETE', '/api/v1/namespaces', 405], ['TRACE', CONFIG_MAPS, 405],
  ]
  for (const [method, path, status] of table) {
    const answer = await request(method, path)
    assert.deepEqual([answer.status, answer.get('kind')], [status, 'Status'], `${method} ${path}`)
  }
  const asleep = await startTestServer({ started: false })
  assert.equal((await asleep.request('GET', CONFIG_MAPS)).status, 503)
})

test('who may not gets 403 with what is missing; too much at once gets 429; too slow gets 504', async () => {
  const denied = await startTestServer({ extensions: { authorizer: { authorize: () => ({ allowed: false, reason: '' }) } } })
  assert.equal(outcome(await denied.request('GET', PODS)),
    '403 Forbidden: pods is forbidden: User "alice" cannot list resource "pods" in API group "" in the namespace "shop"')
  await assert.rejects(denied.client.list(kinds.Pod), { code: 403 })

  let release: () => void = () => {}
  const held = new Promise<void>((resolve) => { release = resolve })
  const server = await startTestServer({
    limits: { ...defaultLimits, bodyBytes: 1e6, readsInFlight: 0, writesInFlight: 1, watchers: 0, requestTimeoutMs: 5_000, watchBacklogBytes: 1e6, bookmarkEveryMs: 60_000 },
    extensions: {
      mutators: [{ name: 'slow', matches: () => true, admit: () => held }],
      // Of nobody's priority: requests of system:masters are never refused.
      authenticators: [{ authenticate: () => ({ ...testUser, groups: ['system:authenticated'] }) }],
    },
  })
  const first = server.request('POST', CONFIG_MAPS, { metadata: { name: 'a' } })
  await settle()
  const second = await server.request('POST', CONFIG_MAPS, { metadata: { name: 'b' } })
  assert.deepEqual([second.status, second.headers['retry-after']], [429, '1'])
  assert.equal((await server.request('GET', `${CONFIG_MAPS}?watch=1`)).status, 429)
  await server.clock.advance(7_000)
  assert.equal((await first).status, 504)
  release()
})

test('who may patch or replace, but not create, makes nothing', async () => {
  const server = await startTestServer({
    extensions: { authorizer: { authorize: (_user, { verb }) => ({ allowed: verb !== 'create', reason: '' }) } },
  })
  const lease = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'l' }, spec: {} }
  const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases/l'
  const applied = await server.request('PATCH', `${path}?fieldManager=me`, lease, { 'content-type': 'application/apply-patch+yaml' })
  const replaced = await server.request('PUT', path, lease)
  for (const answer of [applied, replaced]) {
    assert.equal(answer.status, 403, answer.text)
    assert.match(String(answer.get('message')), /User "alice" cannot create resource "leases" in API group "coordination\.k8s\.io" in the namespace "default"/)
  }
  server.stop()
})

test('an apply of all that another object has, over a part of it', async () => {
  const server = await startTestServer()
  const events = '/api/v1/namespaces/default/events'
  const event = (name: string): object => ({
    apiVersion: 'v1', kind: 'Event', metadata: { name }, involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' }, reason: 'Started', source: { component: 'kubelet', host: 'h' },
  })
  await server.request('POST', events, { ...event('whole'), type: 'Normal' })
  await server.request('POST', events, event('part'))
  // Equal sets of fields are kept once for all objects: here the set of "whole" meets that of "part", and nobody may change it.
  const applied = await server.request('PATCH', `${events}/part?fieldManager=me`, { ...event('part'), type: 'Normal' }, { 'content-type': 'application/apply-patch+yaml' })
  assert.equal(applied.status, 200, applied.text)
  server.stop()
})
