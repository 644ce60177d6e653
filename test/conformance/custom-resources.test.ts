/** What upstream's conformance tests ask of custom resources, beyond the life of a kind (docs/conformance.md). */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { memberOf, settle, type TestAnswer } from '../../src/apiserver/apiserver.testing.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { startWholeServer, type WholeServer } from '../fuzz/whole-server.testing.ts'

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const MERGE = 'application/merge-patch+json'

let server: WholeServer
before(async () => {
  server = await startWholeServer(createMemoryStore())
  await ok(server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } }))
})

async function ok(answered: Promise<TestAnswer>): Promise<TestAnswer> {
  const answer = await answered
  assert.ok(answer.status < 300, answer.text)
  await settle()
  return answer
}

const patch = (path: string, body: object): Promise<TestAnswer> => server.ask('PATCH', path, body, MERGE)

function version(name: string, properties: object, more: object = {}): object {
  return { name, served: true, storage: name === 'v1', schema: { openAPIV3Schema: { type: 'object', properties, ...more } }, subresources: { status: {} } }
}

async function define(kind: string, versions: readonly object[], labels: object = {}): Promise<string> {
  const plural = `${kind.toLowerCase()}s`
  const metadata = { name: `${plural}.conformance.example.com`, labels }
  await ok(server.ask('POST', CRDS, { metadata, spec: { group: 'conformance.example.com', scope: 'Namespaced', names: { plural, kind }, versions } }))
  return `/apis/conformance.example.com/v1/namespaces/default/${plural}`
}

async function openApi(path: string): Promise<string> {
  return (await ok(server.ask('GET', path))).text
}

test('fields of custom objects: unknown ones where they are kept, wrong ones where they are not, duplicates and metadata always', async () => {
  const embedded = { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true }
  const free = await define('Free', [version('v1', { template: embedded }, { 'x-kubernetes-preserve-unknown-fields': true })])
  const strict = await define('Strict', [version('v1', { spec: { type: 'object', properties: { size: { type: 'integer' } } } })])
  const asked = async (path: string, body: object | string): Promise<string> => {
    const answer = await server.ask('POST', `${path}?fieldValidation=Strict`, body)
    return answer.status < 300 ? String(answer.status) : `${answer.status} ${/strict decoding error: .*/.exec(String(answer.get('message')))?.[0]}`
  }
  const inner = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'inner', odd: 1 } }
  const head = '"apiVersion":"conformance.example.com/v1","kind":"Free"'
  const table: [string, object | string, string][] = [
    [free, { metadata: { name: 'a' }, anything: { goes: true } }, '201'],
    [strict, { metadata: { name: 'a' }, spec: { size: 1 } }, '201'],
    [strict, { metadata: { name: 'b' }, spec: { size: 1, odd: 1 } }, '400 strict decoding error: unknown field "spec.odd"'],
    [free, `{${head},"metadata":{"name":"c"},"twice":1,"twice":2}`, '400 strict decoding error: duplicate field "twice"'],
    [free, { metadata: { name: 'd', odd: 1 } }, '400 strict decoding error: unknown field "metadata.odd"'],
    [free, { metadata: { name: 'e' }, template: inner }, '400 strict decoding error: unknown field "template.metadata.odd"'],
  ]
  for (const [path, body, expected] of table) {
    const kind = path === free ? 'Free' : 'Strict'
    assert.equal(await asked(path, typeof body === 'string' ? body : { apiVersion: 'conformance.example.com/v1', kind, ...body }), expected)
  }
})

test('defaults: what was stored without them is shown with them; a default that goes leaves what it gave to what was written since', async () => {
  const properties = (a: object, b: object): object => ({ a: { type: 'string', ...a }, b: { type: 'string', ...b } })
  const path = await define('Given', [version('v1', properties({}, {}))])
  const redefine = (a: object, b: object): Promise<TestAnswer> =>
    ok(patch(`${CRDS}/givens.conformance.example.com`, { spec: { versions: [version('v1', properties(a, b))] } }))
  const make = (name: string): Promise<TestAnswer> => ok(server.ask('POST', path, { apiVersion: 'conformance.example.com/v1', kind: 'Given', metadata: { name } }))
  const shown = async (name: string): Promise<unknown[]> => {
    const { get } = await ok(server.ask('GET', `${path}/${name}`))
    return [get('a'), get('b')]
  }
  await make('first')
  await redefine({ default: 'A' }, {})
  assert.deepEqual(await shown('first'), ['A', undefined])
  await make('second')
  await redefine({}, { default: 'B' })
  assert.deepEqual([await shown('first'), await shown('second')], [[undefined, 'B'], ['A', 'B']])
})

test('OpenAPI tells the versions that are served, by their present names', async () => {
  const spec = { spec: { type: 'object', properties: { depth: { type: 'integer' } } } }
  await define('Deep', [version('v1', spec), version('v2', spec)])
  const told = async (): Promise<string[]> => [...new Set((await openApi('/openapi/v2')).match(/com\.example\.conformance\.v\d+\.Deep(?=")/g))].sort()
  assert.deepEqual(await told(), ['com.example.conformance.v1.Deep', 'com.example.conformance.v2.Deep'])
  const redefine = (...versions: object[]): Promise<TestAnswer> => ok(patch(`${CRDS}/deeps.conformance.example.com`, { spec: { versions } }))
  await redefine(version('v1', spec), version('v4', spec))
  assert.deepEqual(await told(), ['com.example.conformance.v1.Deep', 'com.example.conformance.v4.Deep'])
  assert.match(await openApi('/openapi/v3/apis/conformance.example.com/v4'), /com\.example\.conformance\.v4\.Deep"/)
  await redefine(version('v1', spec), { ...version('v4', spec), served: false })
  assert.deepEqual(await told(), ['com.example.conformance.v1.Deep'])
  assert.equal((await server.ask('GET', '/openapi/v3/apis/conformance.example.com/v4')).status, 404)
})

test('definitions are found by label, their status is read, written and patched, and they go as a collection', async () => {
  for (const kind of ['Northern', 'Southern', 'Eastern']) await define(kind, [version('v1', {})], { side: kind === 'Eastern' ? 'other' : 'this' })
  const names = async (): Promise<unknown[]> => {
    const { body } = await ok(server.ask('GET', `${CRDS}?labelSelector=side`))
    return (memberOf(body, 'items') as object[]).map((item) => memberOf(item, 'spec.names.kind'))
  }
  assert.deepEqual(await names(), ['Eastern', 'Northern', 'Southern'])
  const status = `${CRDS}/easterns.conformance.example.com/status`
  const condition = (reason: string): object => ({ type: 'Seen', status: 'True', reason, message: '', lastTransitionTime: '2026-01-01T00:00:00Z' })
  const reasons = ({ body }: TestAnswer): unknown[] => (memberOf(body, 'status.conditions') as object[]).filter((one) => memberOf(one, 'type') === 'Seen').map((one) => memberOf(one, 'reason'))
  const current = await ok(server.ask('GET', status))
  const conditions = memberOf(current.body, 'status.conditions') as object[]
  await ok(server.ask('PUT', status, { ...current.body, status: { ...(memberOf(current.body, 'status') as object), conditions: [...conditions, condition('Updated')] } }))
  assert.deepEqual(reasons(await ok(server.ask('GET', status))), ['Updated'])
  await ok(patch(status, { status: { conditions: [...conditions, condition('Patched')] } }))
  assert.deepEqual(reasons(await ok(server.ask('GET', status))), ['Patched'])
  await ok(server.ask('DELETE', `${CRDS}?labelSelector=side%3Dthis`))
  for (let wait = 0; wait < 50 && (await names()).length > 1; wait++) await server.clock.advance(1_000)
  assert.deepEqual(await names(), ['Eastern'])
})
