import assert from 'node:assert/strict'
import { test } from 'node:test'
import { objectWarnings } from '../admission/object-warnings.ts'
import type { KindRef } from '../../objects/kind.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import { settle, startTestServer, type TestServer } from '../apiserver.testing.ts'
import { textOf } from '../../words/bytes.ts'

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const MERGE = { 'content-type': 'application/merge-patch+json' }
const WIDGETS = '/apis/example.com/v1/namespaces/default/widgets'

const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object', required: ['size'],
      properties: { size: { type: 'integer', minimum: 1 }, color: { type: 'string', default: 'red' }, parts: { type: 'array', items: { type: 'string' } } },
    },
    status: { type: 'object', properties: { phase: { type: 'string' }, ready: { type: 'integer' } } },
  },
}

function widgetCrd(change: { spec?: object; version?: object; versions?: object[]; names?: object } = {}): object {
  const version = {
    name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.ready' } },
    additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }, { name: 'Phase', type: 'string', jsonPath: '.status.phase' }],
    selectableFields: [{ jsonPath: '.spec.color' }], ...change.version,
  }
  return {
    apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'widgets.example.com' },
    spec: { group: 'example.com', scope: 'Namespaced', names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], ...change.names }, versions: change.versions ?? [version], ...change.spec },
  }
}

function widget(name: string, spec: object = { size: 1 }, more: object = {}): object {
  return { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name }, spec, ...more }
}

async function withCrd(crd: object = widgetCrd()): Promise<TestServer> {
  const server = await startTestServer()
  const created = await server.request('POST', CRDS, crd)
  assert.equal(created.status, 201, created.text)
  await settle()
  return server
}

function conditions(body: unknown): string[] {
  const { status } = body as { status: { conditions: { type: string; status: string; reason: string }[] } }
  return status.conditions.map(({ type, status: value, reason }) => `${type}=${value} ${reason}`)
}

test('a definition is established, and its kind is served', async () => {
  const server = await withCrd()
  const crd = await server.request('GET', `${CRDS}/widgets.example.com`)
  assert.deepEqual(conditions(crd.body), ['NamesAccepted=True NoConflicts', 'Established=True InitialNamesAccepted'])
  assert.deepEqual(crd.get('status.acceptedNames'), { plural: 'widgets', singular: 'widget', shortNames: ['wd'], kind: 'Widget', listKind: 'WidgetList' })

  const created = await server.request('POST', WIDGETS, widget('a', { size: 2, unknown: 1 }, { status: { phase: 'Made up' } }))
  assert.equal(created.status, 201, created.text)
  assert.match(created.headers['warning'] ?? '', /unknown field \\"spec.unknown\\"/)
  assert.deepEqual([created.get('spec'), created.get('status'), created.get('metadata.generation')], [{ size: 2, color: 'red' }, undefined, 1])
  const list = await server.request('GET', WIDGETS)
  assert.deepEqual([list.get('kind'), list.get('apiVersion'), list.get('items.0.metadata.name')], ['WidgetList', 'example.com/v1', 'a'])
  server.stop()
})

test('lists have the kind that the definition names', async () => {
  const server = await startTestServer()
  await server.request('POST', CRDS, widgetCrd({ names: { listKind: 'WidgetCollection' } }))
  await settle()
  for (const accept of ['application/json', 'application/yaml']) {
    const response = await server.raw('GET', WIDGETS, undefined, { accept })
    assert(response.type === 'whole')
    assert.match(response.body.map((part) => textOf(part)).join(''), /kind"?: ?"?WidgetCollection/, accept)
  }
})

test('what the schema says is held', async () => {
  const server = await withCrd()
  const table: [object, number, RegExp][] = [
    [widget('a', { size: 0 }), 422, /Widget\.example\.com \\"a\\" is invalid: spec\.size: Invalid value: 0: spec\.size in body should be greater than or equal to 1/],
    [widget('a', {}), 422, /spec\.size: Required value/],
    [widget('a', { size: 'x' }), 422, /spec\.size: Invalid value: \\"string\\": spec\.size in body must be of type integer: \\"string\\"/],
    [widget('A b'), 422, /metadata\.name: Invalid value/],
    [{ ...widget('a'), metadata: { name: 'a', labels: { a: 1 } } }, 400, /labels/],
    [{ ...widget('a'), kind: 'Gadget' }, 400, /Gadget/],
  ]
  for (const [body, status, message] of table) {
    const answer = await server.request('POST', WIDGETS, body)
    assert.equal(answer.status, status, answer.text)
    assert.match(answer.text, message)
  }
  const strict = await server.request('POST', `${WIDGETS}?fieldValidation=Strict`, widget('a', { size: 1, unknown: 1 }))
  assert.equal(strict.status, 400)
  assert.match(strict.text, /strict decoding error: unknown field \\"spec.unknown\\"/)
  server.stop()
})

test('rules are asked of what has the right form', async () => {
  const rules = (part: object, ...texts: string[]): object => ({ ...part, 'x-kubernetes-validations': texts.map((rule) => ({ rule })) })
  const spec = rules({ type: 'object', properties: { size: { type: 'integer' }, max: { type: 'integer' } } }, 'self.size <= self.max', 'self.max >= oldSelf.max')
  const server = await withCrd(widgetCrd({ version: { selectableFields: [], schema: { openAPIV3Schema: { type: 'object', properties: { spec } } } } }))
  const refused = async (method: string, path: string, body: unknown): Promise<string> => {
    const answer = await server.request(method, path, body, method === 'PATCH' ? { 'content-type': 'application/merge-patch+json' } : {})
    return answer.status === 422 ? String(answer.get('message')) : String(answer.status)
  }
  const table: [string, string, unknown, string][] = [
    ['POST', WIDGETS, widget('a', { size: 3, max: 2 }), 'Widget.example.com "a" is invalid: spec: Invalid value: "object": failed rule: self.size <= self.max'],
    ['POST', WIDGETS, widget('a', { size: 'x', max: 2 }), 'Widget.example.com "a" is invalid: [spec.size: Invalid value: "string": spec.size in body must be of type'
      + ' integer: "string", .spec.size: Invalid value: 0: .spec.size accessor error: x is of the type string, expected int64, <nil>: Invalid value: "null": some validation rules were'
      + ' not checked because the object was invalid; correct the existing errors to complete validation]'],
    ['POST', WIDGETS, widget('a', { size: 1, max: 2 }), '201'],
    ['PATCH', `${WIDGETS}/a`, { spec: { max: 1 } }, 'Widget.example.com "a" is invalid: spec: Invalid value: "object": failed rule: self.max >= oldSelf.max'],
    ['PATCH', `${WIDGETS}/a`, { spec: { max: 3 } }, '200'],
  ]
  for (const [method, path, body, expected] of table) assert.equal(await refused(method, path, body), expected)
  server.stop()
})

test('a stricter rule lets stand what was there, and says so', async () => {
  const ruled = (...rules: string[]): object => widgetCrd({ version: { selectableFields: [], schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: {
    size: { type: 'integer', 'x-kubernetes-validations': rules.map((rule) => ({ rule })) }, max: { type: 'integer' } } } } } } } })
  const server = await startTestServer({ extensions: (core) => ({ validators: [objectWarnings(() => core.served())] }) })
  await server.request('POST', CRDS, ruled('true'))
  await settle()
  await server.request('POST', WIDGETS, widget('a', { size: 1 }))
  const stricter = ruled('self > 5') as { spec: object }
  assert.equal((await server.request('PATCH', `${CRDS}/widgets.example.com`, { spec: stricter.spec }, MERGE)).status, 200)
  await settle()
  const kept = await server.request('PATCH', `${WIDGETS}/a`, { spec: { max: 3 } }, MERGE)
  assert.deepEqual([kept.status, kept.headers['warning']], [200, '299 - "spec.size: Invalid value: \\"integer\\": failed rule: self > 5"'])
  assert.equal((await server.request('PATCH', `${WIDGETS}/a`, { spec: { size: 2 } }, MERGE)).status, 422)
  server.stop()
})

test('a status is written whatever has become of the rest', async () => {
  const server = await withCrd(widgetCrd({ version: { subresources: { status: {} } } }))
  await server.request('POST', WIDGETS, widget('a', { size: 1 }))
  const embedded = { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true }
  const stricter = widgetCrd({ version: { schema: { openAPIV3Schema: { ...schema, required: ['more'], properties: { ...schema.properties, more: embedded } } } } })
  assert.equal((await server.request('PUT', `${CRDS}/widgets.example.com`, {
    ...stricter, metadata: { name: 'widgets.example.com', resourceVersion: (await server.request('GET', `${CRDS}/widgets.example.com`)).get('metadata.resourceVersion') },
  })).status, 200)
  await settle()
  const patch = async (path: string, body: object): Promise<unknown> => {
    const answer = await server.request('PATCH', `${WIDGETS}/a${path}`, body, MERGE)
    return answer.status === 200 ? 200 : answer.get('message')
  }
  assert.equal(await patch('/status', { status: { phase: 'Ready' } }), 200)
  assert.equal(await patch('/status', { status: { ready: -1 } }), 'Widget.example.com "a" is invalid: .status.ready: Invalid value: -1: should be a non-negative integer')
  assert.equal(await patch('/status', { status: { phase: 1 } }),
    'Widget.example.com "a" is invalid: status.phase: Invalid value: "integer": status.phase in body must be of type string: "integer"')
  assert.equal(await patch('', { spec: { size: 2 } }), 'Widget.example.com "a" is invalid: more: Required value')
  server.stop()
})

test('objects in objects are objects', async () => {
  const embedded = { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true }
  const spec = { type: 'object', properties: { one: embedded, more: { type: 'array', items: embedded } } }
  const server = await withCrd(widgetCrd({ version: { subresources: {}, selectableFields: [], schema: { openAPIV3Schema: { type: 'object', properties: { spec } } } } }))
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { generateName: 'a-', labels: { a: 'b' } }, spec: { x: 1 } }
  const said = async (body: object): Promise<unknown> => {
    const answer = await server.request('POST', WIDGETS, widget('a', body))
    return answer.status === 201 ? answer.get('spec') : answer.get('message')
  }
  const wrong = (text: string): string => `Widget.example.com "a" is invalid: ${text}`
  assert.equal(await said({ one: { kind: 'Pod' } }), wrong('spec.one.apiVersion: Required value: must not be empty'))
  assert.equal(await said({ more: [pod, { ...pod, apiVersion: 'a/b/c' }] }), wrong('spec.more[1].apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c'))
  assert.match(String(await said({ one: { ...pod, kind: 'No Kind' } })), /spec\.one\.kind: Invalid value: "No Kind": may have mixed case, but should otherwise match: a DNS-1035/)
  assert.match(String(await said({ one: { ...pod, metadata: { labels: { '-': 'b' } } } })), /spec\.one\.metadata\.labels: Invalid value: "-"/)
  assert.match(String(await said({ one: { ...pod, metadata: { labels: { a: 1 } } } })), /labels/)
  assert.deepEqual(await said({ one: { ...pod, metadata: { ...pod.metadata, odd: 1 } } }), { one: pod })
  server.stop()
})

test('patches, status and scale', async () => {
  const server = await withCrd()
  await server.request('POST', WIDGETS, widget('a', { size: 1, parts: ['x'] }))
  const patch = (path: string, type: string, body: unknown) => server.request('PATCH', `${WIDGETS}/a${path}`, body, { 'content-type': type })
  const merged = await patch('', 'application/merge-patch+json', { spec: { size: 3 }, status: { phase: 'ignored' } })
  assert.deepEqual([merged.status, merged.get('spec.size'), merged.get('status'), merged.get('metadata.generation')], [200, 3, undefined, 2])
  const strategic = await patch('', 'application/strategic-merge-patch+json', { spec: { size: 4 } })
  assert.equal(strategic.status, 415)
  const status = await patch('/status', 'application/merge-patch+json', { spec: { size: 9 }, status: { phase: 'Ready' }, metadata: { labels: { not: 'here' } } })
  assert.deepEqual([status.get('spec.size'), status.get('status.phase'), status.get('metadata.labels'), status.get('metadata.generation')], [3, 'Ready', undefined, 2])
  const scaled = await patch('/scale', 'application/merge-patch+json', { spec: { replicas: 7 } })
  assert.deepEqual([scaled.get('kind'), scaled.get('spec.replicas')], ['Scale', 7])
  assert.equal((await server.request('GET', `${WIDGETS}/a`)).get('spec.size'), 7)
  const applied = await patch('?fieldManager=me', 'application/apply-patch+yaml', widget('a', { color: 'blue' }))
  assert.equal(applied.status, 409, 'who made it set the color by default')
  const forced = await patch('?fieldManager=me&force=true', 'application/apply-patch+yaml', widget('a', { color: 'blue' }))
  assert.deepEqual([forced.status, forced.get('spec')], [200, { size: 7, color: 'blue', parts: ['x'] }], forced.text)
  server.stop()
})

test('tables, selectors and watches', async () => {
  const server = await withCrd()
  const watch = await server.watch(`${WIDGETS}?watch=true`)
  await server.request('POST', WIDGETS, widget('a', { size: 1, color: 'blue' }))
  await server.request('POST', WIDGETS, widget('b', { size: 2 }))
  const blue = await server.request('GET', `${WIDGETS}?fieldSelector=spec.color%3Dblue`)
  assert.deepEqual((blue.get('items') as { metadata: { name: string } }[]).map((item) => item.metadata.name), ['a'])
  const other = await server.request('GET', `${WIDGETS}?fieldSelector=spec.size%3D1`)
  assert.equal(other.status, 400)
  const table = await server.request('GET', WIDGETS, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })
  assert.deepEqual((table.get('columnDefinitions') as { name: string }[]).map(({ name }) => name), ['Name', 'Size', 'Phase'])
  assert.deepEqual((table.get('rows') as { cells: unknown[] }[]).map(({ cells }) => cells), [['a', 1, null], ['b', 2, null]])
  assert.deepEqual((await watch.news()).map((line) => line.split('@')[0]), ['ADDED a', 'ADDED b'])
  server.stop()
})

test('several versions that differ in their names', async () => {
  const version = (name: string, storage: boolean) => ({ name, served: true, storage, schema: { openAPIV3Schema: schema } })
  const server = await withCrd(widgetCrd({ versions: [version('v1', true), version('v2', false)] }))
  await server.request('POST', WIDGETS.replace('v1', 'v2'), { ...widget('a'), apiVersion: 'example.com/v2' })
  assert.equal((await server.request('GET', `${WIDGETS}/a`)).get('apiVersion'), 'example.com/v1')
  assert.equal((await server.request('GET', `${WIDGETS.replace('v1', 'v2')}/a`)).get('apiVersion'), 'example.com/v2')
  server.stop()
})

test('objects of a version that has vanished are not shown as another, and are back when it is', async () => {
  const kind = (spec: object): object => ({ openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties: spec } } } })
  const v1 = { name: 'v1', served: true, storage: true, schema: kind({ size: { type: 'integer' }, old: { type: 'string' } }) }
  const v2 = { name: 'v2', served: true, storage: true, schema: kind({ size: { type: 'integer' } }) }
  const server = await withCrd(widgetCrd({ versions: [v1] }))
  const path = `${CRDS}/widgets.example.com`
  const patch = async (body: object, subresource = ''): Promise<void> => {
    const answer = await server.request('PATCH', path + subresource, body, MERGE)
    assert.equal(answer.status, 200, answer.text)
    await settle()
  }
  await server.request('POST', WIDGETS, widget('a', { size: 1, old: 'x' }))
  await patch({ spec: { versions: [{ ...v1, storage: false }, v2] } })
  await server.request('POST', WIDGETS.replace('v1', 'v2'), { ...widget('b'), apiVersion: 'example.com/v2' })
  // Who says so without having written the objects anew has lost sight of them.
  await patch({ status: { storedVersions: ['v2'] } }, '/status')
  await patch({ spec: { versions: [v2] } })

  const widgets = WIDGETS.replace('v1', 'v2')
  const refusal = { code: 500, message: 'request to convert CR from an invalid group/version: example.com/v1' }
  for (const [method, at, body] of [
    ['GET', `${widgets}/a`], ['GET', widgets], ['GET', `${widgets}?resourceVersion=0`], ['PATCH', `${widgets}/a`, { spec: { size: 2 } }], ['DELETE', `${widgets}/a`],
  ] as const) {
    const answer = await server.request(method, at, body, body === undefined ? {} : MERGE)
    assert.deepEqual({ code: answer.status, message: answer.get('message') }, refusal, `${method} ${at}`)
  }
  assert.equal((await server.request('GET', `${widgets}/b`)).status, 200)
  const restarted = await startTestServer({ store: server.store })
  assert.equal((await restarted.request('GET', `${widgets}/a`)).get('message'), refusal.message)
  restarted.stop()

  await patch({ spec: { versions: [{ ...v1, storage: false }, v2] } })
  const back = await server.request('GET', `${WIDGETS}/a`)
  assert.deepEqual(back.get('spec'), { size: 1, old: 'x' })

  await patch({ spec: { versions: [v2] } })
  await server.request('DELETE', path)
  await server.clock.advance(2_000)
  const terminating = (await server.request('GET', path)).get('status.conditions.2') as { reason: string; message: string }
  assert.deepEqual([terminating.reason, terminating.message], ['InstanceDeletionFailed', `could not issue all deletes: ${refusal.message}`])
  await patch({ spec: { versions: [{ ...v1, storage: false }, v2] } })
  await server.clock.advance(10_000)
  assert.equal((await server.request('GET', path)).status, 404)
  server.stop()
})

test('a name has one owner; who comes later is not served until it is free', async () => {
  const server = await withCrd()
  const late = { ...widgetCrd({ names: { plural: 'others', kind: 'Other', shortNames: ['wd'] } }), metadata: { name: 'others.example.com' } }
  await server.request('POST', CRDS, late)
  await settle()
  assert.deepEqual(conditions((await server.request('GET', `${CRDS}/others.example.com`)).body), ['NamesAccepted=False ShortNamesConflict', 'Established=False NotAccepted'])
  assert.equal((await server.request('GET', '/apis/example.com/v1/others')).status, 404)
  server.stop()
})

test('names that are taken: the last conflict is told, and all that is free is granted', async () => {
  const server = await withCrd()
  const late = { ...widgetCrd({ names: { plural: 'others', kind: 'Widget', singular: 'widget', shortNames: ['wd', 'widgets', 'ot'], categories: ['all'] } }), metadata: { name: 'others.example.com' } }
  await server.request('POST', CRDS, late)
  await settle()
  const told = async (): Promise<unknown[]> => {
    const { body, get } = await server.request('GET', `${CRDS}/others.example.com`)
    return [...conditions(body), get('status.conditions.0.message'), get('status.acceptedNames')]
  }
  assert.deepEqual(await told(), ['NamesAccepted=False ListKindConflict', 'Established=False NotAccepted', '"WidgetList" is already in use',
    { plural: 'others', singular: '', kind: '', listKind: '', categories: ['all'] }])
  await server.request('PATCH', `${CRDS}/others.example.com`, { spec: { names: { kind: 'Other', singular: 'other', listKind: 'OtherList' } } }, MERGE)
  await settle()
  assert.deepEqual(await told(), ['NamesAccepted=False ShortNamesConflict', 'Established=False NotAccepted', '["wd" is already in use, "widgets" is already in use]',
    { plural: 'others', singular: 'other', kind: 'Other', listKind: 'OtherList', categories: ['all'] }])
  await server.request('DELETE', `${CRDS}/others.example.com`)
  await settle()
  assert.equal((await server.request('GET', `${CRDS}/others.example.com`)).status, 404, 'what was never established has nothing to clean up')
  server.stop()
})

test('groups of Kubernetes\' own say who approved them', async () => {
  const server = await startTestServer()
  const table: [string, string][] = [
    ['https://github.com/kubernetes/kubernetes/pull/1', 'KubernetesAPIApprovalPolicyConformant=True ApprovedAnnotation'],
    ['unapproved, a test', 'KubernetesAPIApprovalPolicyConformant=False UnapprovedAnnotation'],
  ]
  for (const [annotation, expected] of table) {
    const crd = { ...widgetCrd({ spec: { group: 'x.k8s.io' } }), metadata: { name: 'widgets.x.k8s.io', annotations: { 'api-approved.kubernetes.io': annotation } } }
    assert.equal((await server.request('POST', CRDS, crd)).status, 201)
    await settle()
    assert.equal(conditions((await server.request('GET', `${CRDS}/widgets.x.k8s.io`)).body).at(-1), expected)
    await server.request('DELETE', `${CRDS}/widgets.x.k8s.io`)
    await settle()
  }
  server.stop()
})

test('warnings: versions that go, and finalizers that are everybody\'s', async () => {
  const version = (name: string, more: object): object => ({ name, served: true, storage: name === 'v1', schema: { openAPIV3Schema: schema }, ...more })
  const versions = [version('v1', { deprecated: true }), version('v2', {}), version('v3alpha1', {}), version('v1beta1', { deprecated: true, deprecationWarning: 'old "one"' })]
  const server = await startTestServer({ extensions: (core) => ({ validators: [objectWarnings(() => core.served())] }) })
  await server.request('POST', CRDS, widgetCrd({ versions }))
  await settle()
  const warning = async (method: string, path: string, body?: unknown, headers = {}): Promise<string | undefined> => (await server.request(method, path, body, headers)).headers['warning']
  const deprecated = '299 - "example.com/v1 Widget is deprecated; use example.com/v2 Widget"'
  const advice = (name: string): string => `299 - "metadata.finalizers: \\"${name}\\": prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers"`
  assert.equal(await warning('GET', WIDGETS), deprecated)
  assert.equal(await warning('GET', WIDGETS.replace('v1', 'v2')), undefined)
  assert.equal(await warning('GET', WIDGETS.replace('v1', 'v1beta1')), '299 - "old \\"one\\""')
  const held = { ...widget('a'), apiVersion: 'example.com/v2', metadata: { name: 'a', finalizers: ['mine', 'example.com/hold', 'orphan'] } }
  assert.equal(await warning('POST', WIDGETS.replace('v1', 'v2'), held), advice('mine'))
  assert.equal(await warning('PATCH', `${WIDGETS.replace('v1', 'v2')}/a`, { metadata: { finalizers: ['mine', 'yours.io'] } }, MERGE), advice('yours.io'))
  server.stop()
})

test('a scale needs its numbers', async () => {
  const scale = { specReplicasPath: '.spec.size', statusReplicasPath: '.status.ready', labelSelectorPath: '.status.selector' }
  const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  const version = { subresources: { scale }, selectableFields: [], schema: { openAPIV3Schema: { type: 'object', properties: { spec: open, status: open } } } }
  const server = await withCrd(widgetCrd({ version }))
  const said = async (spec: object, status: object): Promise<unknown> => (await server.request('POST', WIDGETS, widget('a', spec, { status }))).get('message')
  const wrong = (text: string): string => `Widget.example.com "a" is invalid: ${text}`
  assert.equal(await said({ size: -1 }, {}), wrong('.spec.size: Invalid value: -1: should be a non-negative integer'))
  assert.equal(await said({ size: 2 ** 31 }, {}), wrong('.spec.size: Invalid value: 2147483648: should be less than or equal to 2147483647'))
  assert.equal(await said({ size: 'x' }, {}), wrong('.spec.size: Invalid value: 0: .spec.size accessor error: x is of the type string, expected int64'))
  assert.equal(await said({}, { ready: 1.5 }), wrong('.status.ready: Invalid value: 1.5: .status.ready accessor error: 1.5 is of the type float64, expected int64'))
  assert.equal(await said({}, { selector: {} }), wrong('.status.selector: Invalid value: "": .status.selector accessor error: {} is of the type map[string]interface {}, expected string'))
  await server.request('POST', WIDGETS, widget('a', {}, { status: { ready: 2, selector: 'a=b' } }))
  const path = `${WIDGETS}/a/scale`
  assert.equal((await server.request('GET', path)).get('message'), 'Internal error occurred: the spec replicas field ".spec.size" does not exist')
  const empty = await server.request('PATCH', path, { metadata: { labels: {} } }, MERGE)
  assert.deepEqual([empty.status, empty.get('message')], [400, 'the spec replicas field ".spec.size" cannot be empty'])
  const scaled = await server.request('PATCH', path, { spec: { replicas: 3 } }, MERGE)
  assert.deepEqual([scaled.get('spec'), scaled.get('status')], [{ replicas: 3 }, { replicas: 2, selector: 'a=b' }])
  server.stop()
})

test('a definition that goes takes its objects along, and nobody makes new ones', async () => {
  const server = await withCrd()
  await server.request('POST', WIDGETS, widget('a'))
  await server.request('POST', WIDGETS, { ...widget('held'), metadata: { name: 'held', finalizers: ['example.com/hold'] } })
  const deleted = await server.request('DELETE', `${CRDS}/widgets.example.com`)
  assert.equal(deleted.status, 200)
  const late = await server.request('POST', WIDGETS, widget('late'))
  assert.deepEqual([late.status, late.get('message')], [405, 'create not allowed while custom resource definition is terminating'])
  await server.clock.advance(2_000)
  const left = await server.request('GET', WIDGETS)
  assert.deepEqual((left.get('items') as { metadata: { name: string } }[]).map((item) => item.metadata.name), ['held'])
  assert(conditions((await server.request('GET', `${CRDS}/widgets.example.com`)).body).includes('Terminating=True InstanceDeletionInProgress'))
  await server.request('PATCH', `${WIDGETS}/held`, { metadata: { finalizers: null } }, { 'content-type': 'application/merge-patch+json' })
  await server.clock.advance(2_000)
  assert.equal((await server.request('GET', `${CRDS}/widgets.example.com`)).status, 404)
  assert.equal((await server.request('GET', WIDGETS)).status, 404)
  server.stop()
})

test('a server that starts serves what was defined before', async () => {
  const first = await withCrd()
  await first.request('POST', WIDGETS, widget('a'))
  const second = await startTestServer({ store: first.store })
  assert.equal((await second.request('GET', `${WIDGETS}/a`)).status, 200)
  first.stop()
  second.stop()
})

test('who follows a kind within the server is told as over HTTP that it is gone', async () => {
  const server = await withCrd()
  const kind: KindRef = { ...kinds.ConfigMap, group: 'example.com', kind: 'Widget', plural: 'widgets' }
  assert.deepEqual((await server.client.list(kind)).items, [])
  assert.equal((await server.request('DELETE', `${CRDS}/widgets.example.com`)).status, 200)
  await settle()
  const gone = { code: 404, message: 'the server could not find the requested resource' }
  await assert.rejects(async () => server.client.list(kind), gone)
  await assert.rejects(async () => server.client.get(kind, { namespace: 'default', name: 'a' }), gone)
  await assert.rejects(async () => { for await (const _ of server.client.watch(kind, { signal: new AbortController().signal })) assert.fail('there is nothing to tell') }, gone)
  server.stop()
})
