import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { integerFrom, jsonText, parseJson } from '../../objects/json-text.ts'
import type { JsonObject } from '../../objects/json.ts'
import { settle, startTestServer, type TestServer } from '../apiserver.testing.ts'

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const CLOCKS = '/apis/example.com/v1/namespaces/default/clocks'
const MERGE = { 'content-type': 'application/merge-patch+json' }
const JSON_PATCH = { 'content-type': 'application/json-patch+json' }
const APPLY = { 'content-type': 'application/apply-patch+yaml' }
const LONG = 9007199254740993n
const MIN = -(2n ** 63n)

const whole = { type: 'integer' }
const spec = {
  type: 'object',
  properties: {
    nanos: { ...whole, format: 'int64', 'x-kubernetes-validations': [{ rule: 'self != 9007199254740995', message: 'CEL is exact' }] },
    small: { ...whole, format: 'int32' }, most: { ...whole, maximum: 2 ** 60 }, least: { ...whole, minimum: -(2 ** 60), exclusiveMinimum: true }, even: { ...whole, multipleOf: 2 },
    choice: { ...whole, enum: [LONG, 7] }, born: { ...whole, default: LONG }, amount: { type: 'number' }, text: { type: 'string' },
    port: { 'x-kubernetes-int-or-string': true }, free: { 'x-kubernetes-preserve-unknown-fields': true },
    set: { type: 'array', items: whole, 'x-kubernetes-list-type': 'set' },
    list: { type: 'array', items: { type: 'object', required: ['id'], properties: { id: whole, v: { type: 'string' } } }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['id'] },
    replicas: whole,
  },
}
const crd = {
  apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: 'clocks.example.com' },
  spec: {
    group: 'example.com', scope: 'Namespaced', names: { plural: 'clocks', kind: 'Clock' },
    versions: [{
      name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object', properties: { spec, status: { type: 'object', properties: { replicas: whole } } } } },
      subresources: { scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' } },
      additionalPrinterColumns: [
        { name: 'Nanos', type: 'integer', jsonPath: '.spec.nanos' }, { name: 'Amount', type: 'number', jsonPath: '.spec.amount' }, { name: 'Text', type: 'string', jsonPath: '.spec.nanos' },
        { name: 'List', type: 'string', jsonPath: '.spec.set' },
      ],
      selectableFields: [{ jsonPath: '.spec.nanos' }],
    }],
  },
}

function clock(fields: JsonObject, name = 'a'): JsonObject {
  return { apiVersion: 'example.com/v1', kind: 'Clock', metadata: { name }, spec: fields }
}

async function bed(): Promise<TestServer> {
  const server = await startTestServer()
  const made = await server.request('POST', CRDS, crd)
  assert.equal(made.status, 201, made.text)
  await settle()
  return server
}

test('written, stored, patched and read as they are', async () => {
  const server = await bed()
  const fields = { nanos: LONG, least: -(2n ** 59n) - 1n, amount: 2 ** 53, port: LONG, free: { deep: [MIN, 2n ** 63n - 1n] }, set: [LONG, MIN], list: [{ id: LONG, v: 'x' }] }
  const watch = await server.watch(`${CLOCKS}?watch=true`)
  const created = await server.request('POST', CLOCKS, clock(fields))
  assert.deepEqual([created.status, created.get('spec')], [201, { ...fields, amount: 2n ** 53n, born: LONG }])
  const read = async (headers: Record<string, string> = {}, query = ''): Promise<string> => (await server.request('GET', `${CLOCKS}/a${query}`, undefined, headers)).text
  assert.match(await read(), /"nanos":9007199254740993,.*"deep":\[-9223372036854775808,9223372036854775807\]/)
  assert.match(await read({}, '?pretty=true'), /"nanos": 9007199254740993,/)
  assert.match(await read({ accept: 'application/yaml' }), /\n {2}nanos: 9007199254740993\n/)

  const steps: [type: Record<string, string>, patch: unknown, status: number][] = [
    [MERGE, { metadata: { labels: { a: 'b' } } }, 200],
    [JSON_PATCH, [{ op: 'test', path: '/spec/nanos', value: 9007199254740992n }, { op: 'replace', path: '/spec/nanos', value: 1 }], 422],
    [JSON_PATCH, [{ op: 'test', path: '/spec/nanos', value: LONG }, { op: 'copy', from: '/spec/nanos', path: '/spec/free/copy' }, { op: 'add', path: '/spec/set/-', value: 7 }], 200],
    [MERGE, { spec: { free: { merged: MIN } } }, 200],
  ]
  for (const [type, patch, status] of steps) {
    const answer = await server.request('PATCH', `${CLOCKS}/a`, patch, type)
    assert.equal(answer.status, status, answer.text)
  }
  const patched = await server.request('GET', `${CLOCKS}/a`)
  assert.deepEqual(patched.get('spec'), { ...fields, amount: 2n ** 53n, born: LONG, set: [LONG, MIN, 7], free: { ...fields.free, copy: LONG, merged: MIN } })
  const again = await server.request('PUT', `${CLOCKS}/a`, patched.text)
  assert.equal(again.get('metadata.resourceVersion'), patched.get('metadata.resourceVersion'), 'the same object is no change')
  await watch.news()
  assert.deepEqual(watch.events.map(({ object }) => (object['spec'] as JsonObject)['nanos']), [LONG, LONG, LONG, LONG])
  await watch.close()

  const fresh = await startTestServer({ store: server.store })
  await settle()
  assert.deepEqual((await fresh.request('GET', `${CLOCKS}/a`)).body, patched.body, 'what was stored is read by the next server')
  fresh.stop()
  server.stop()
})

test('what the schema says of them, and how errors show them', async () => {
  const server = await bed()
  const table: [fields: JsonObject, message: string][] = [
    [{ nanos: 2 ** 63 }, 'spec.nanos: Invalid value: "number": spec.nanos in body must be of type integer: "number"'],
    [{ nanos: 9007199254740995n }, 'spec.nanos: Invalid value: "integer": CEL is exact'],
    [{ nanos: 9007199254740996n }, ''],
    [{ small: LONG }, 'spec.small: Invalid value: 9007199254740993: spec.small in body must be of type int32: "9007199254740993"'],
    [{ small: 2 ** 31 }, 'spec.small: Invalid value: 2147483648: spec.small in body must be of type int32: "2147483648"'],
    [{ most: 2n ** 60n }, ''],
    [{ most: 2n ** 60n + 1n }, 'spec.most: Invalid value: 1152921504606846977: spec.most in body should be less than or equal to 1152921504606846976'],
    [{ least: -(2n ** 60n) + 1n }, ''],
    [{ least: -(2n ** 60n) }, 'spec.least: Invalid value: -1152921504606846976: spec.least in body should be greater than -1152921504606846976'],
    [{ even: 9007199254740994n }, ''], [{ even: LONG }, 'spec.even: Invalid value: 9007199254740993: spec.even in body should be a multiple of 2'],
    [{ choice: LONG }, ''], [{ choice: 9007199254740992n }, 'spec.choice: Unsupported value: 9007199254740992: supported values: "9007199254740993", "7"'],
    [{ text: LONG }, 'spec.text: Invalid value: "integer": spec.text in body must be of type string: "integer"'],
    [{ set: [LONG, 9007199254740992n] }, ''], [{ set: [LONG, LONG] }, 'spec.set[1]: Duplicate value: 9007199254740993'],
    [{ list: [{ id: LONG }, { id: LONG }] }, 'spec.list[1]: Duplicate value: {"id":9007199254740993}'],
    [{ replicas: LONG }, 'spec.replicas: Invalid value: 9007199254740993: should be less than or equal to 2147483647'],
  ]
  for (const [fields, message] of table) {
    const { status, body } = await server.request('POST', `${CLOCKS}?dryRun=All`, clock(fields))
    const said = String(body['message']).replace(/^Clock.example.com "a" is invalid: \[?/, '').replace(/, <nil>: Invalid value: "null": some validation rules.*/, '')
    assert.equal(status === 201 ? '' : said.replace(/^\.spec/, 'spec'), message)
  }
  server.stop()
})

test('field selectors, columns, the scale', async () => {
  const server = await bed()
  for (const [name, nanos] of [['a', LONG], ['b', 9007199254740992n], ['c', 7]] as const) await server.request('POST', CLOCKS, clock({ nanos, amount: LONG, set: [LONG], replicas: 1 }, name))
  const selected = async (selector: string): Promise<unknown> => (await server.request('GET', `${CLOCKS}?fieldSelector=${selector}`)).body['items']
  assert.deepEqual((await selected('spec.nanos=9007199254740993') as JsonObject[]).map(({ spec: found }) => (found as JsonObject)['nanos']), [LONG])
  assert.equal((await selected('spec.nanos!=9007199254740993') as JsonObject[]).length, 2)
  const table = await server.request('GET', CLOCKS, undefined, { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' })
  assert.deepEqual((table.body['rows'] as JsonObject[]).map(({ cells }) => (cells as unknown[]).slice(1)), [
    [LONG, 2n ** 53n, '9007199254740993', '[9007199254740993]'], [9007199254740992n, 2n ** 53n, '9007199254740992', '[9007199254740993]'], [7, 2n ** 53n, '7', '[9007199254740993]'],
  ])
  const scaled = await server.request('PATCH', `${CLOCKS}/a/scale`, { spec: { replicas: LONG } }, MERGE)
  assert.deepEqual([scaled.status, scaled.get('message')], [400, 'Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal number 9007199254740993 into'
    + ' Go struct field ScaleSpec.spec.replicas of type int32'])
  assert.equal((await server.request('PATCH', `${CLOCKS}/a/scale`, { spec: { replicas: 3 } }, MERGE)).status, 200)
  assert.match((await server.request('GET', `${CLOCKS}/a`)).text, /"nanos":9007199254740993/)
  server.stop()
})

test('the definition itself', async () => {
  const server = await bed()
  const read = await server.request('GET', `${CRDS}/clocks.example.com`)
  assert.match(read.text, /"choice":\{"type":"integer","enum":\[9007199254740993,7\]\}/)
  assert.equal((await server.request('PUT', `${CRDS}/clocks.example.com`, read.text)).get('metadata.generation'), 1)
  server.stop()
})

test('server-side apply: elements of sets and keys of lists', async () => {
  const server = await bed()
  const applied = (manager: string, fields: JsonObject, query = ''): ReturnType<TestServer['request']> => (
    server.request('PATCH', `${CLOCKS}/a?fieldManager=${manager}${query}`, jsonText(clock(fields)), APPLY))
  await applied('one', { nanos: LONG, set: [LONG, 9007199254740995n], list: [{ id: LONG, v: 'x' }, { id: 9007199254740995n, v: 'y' }] })
  const second = await applied('two', { set: [9007199254740992n], list: [{ id: 9007199254740992n, v: 'z' }] })
  assert.deepEqual([second.get('spec.set'), second.get('spec.list.2.id')], [[LONG, 9007199254740995n, 9007199254740992n], 9007199254740992n])
  const owned = (second.get('metadata.managedFields') as JsonObject[]).map(({ fieldsV1 }) => Object.keys((fieldsV1 as { 'f:spec': { 'f:set': object } })['f:spec']['f:set']))
  assert.deepEqual(owned, [['v:9007199254740993', 'v:9007199254740995'], ['v:9007199254740992']])
  const conflict = await applied('two', { nanos: 9007199254740992n, list: [{ id: LONG, v: 'mine' }] })
  assert.deepEqual([conflict.status, conflict.get('message')], [409, 'Apply failed with 2 conflicts: conflicts with "one":\n- .spec.nanos\n- .spec.list[id=9007199254740993].v'])
  const less = await applied('one', { nanos: LONG, set: [LONG], list: [{ id: LONG, v: 'x' }] })
  assert.deepEqual([less.get('spec.set'), less.get('spec.list')], [[LONG, 9007199254740992n], [{ id: LONG, v: 'x' }, { id: 9007199254740992n, v: 'z' }]])
  const same = await applied('one', { nanos: LONG, set: [LONG], list: [{ id: LONG, v: 'x' }] })
  assert.equal(same.get('metadata.resourceVersion'), less.get('metadata.resourceVersion'))
  server.stop()
})

test('property: written, patched beside and read, any integer of 64 bits is what it was', async () => {
  const server = await bed()
  const int64 = fc.bigInt({ min: MIN, max: 2n ** 63n - 1n }).map(integerFrom)
  let count = 0
  await fc.assert(fc.asyncProperty(fc.record({ nanos: int64, free: fc.dictionary(fc.constantFrom('a', 'b'), fc.array(int64, { maxLength: 2 }), { noNullPrototype: true }) }), async (fields) => {
    if (fields.nanos === 9007199254740995n) return
    const path = `${CLOCKS}/p-${++count}`
    assert.equal((await server.request('POST', CLOCKS, clock(fields, `p-${count}`))).status, 201)
    await server.request('PATCH', path, { metadata: { labels: { beside: 'x' } } }, MERGE)
    await server.request('PATCH', path, [{ op: 'test', path: '/spec/nanos', value: fields.nanos }, { op: 'add', path: '/spec/text', value: 't' }], JSON_PATCH)
    const applied = await server.request('PATCH', `${path}?fieldManager=m`, jsonText(clock({ nanos: fields.nanos }, `p-${count}`)), APPLY)
    assert.deepEqual([applied.status, applied.get('spec')], [200, { ...fields, text: 't', born: LONG }])
    assert.deepEqual(parseJson((await server.request('GET', path)).text), applied.body)
  }), { numRuns: 40 })
  server.stop()
})
