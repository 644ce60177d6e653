import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { JsonObject } from '../../objects/json.ts'
import type { ObjectSchema, Schema } from '../../objects/schema.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import { SchemaCatalog } from '../../resources/schema.ts'
import { ProtobufDecoder } from './decode-object.ts'
import { ProtobufEncoder } from './encode-object.ts'
import { schemaNameOf } from './envelope.ts'

const catalog = new SchemaCatalog()
const encoder = new ProtobufEncoder(catalog.lookup)
const decoder = new ProtobufDecoder(catalog.lookup)

function hex(object: JsonObject): string {
  const bytes = encoder.encode(object)
  assert(bytes !== undefined)
  return Buffer.from(bytes).toString('latin1').replace(/[^\x20-\x7e]/g, (byte) => `<${byte.charCodeAt(0).toString(16)}>`)
}

test('bytes', () => {
  const table: [JsonObject, string][] = [
    [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } }, 'k8s<0><a><f><a><2>v1<12><9>Namespace<12><5><a><3><a><1>n<1a><0>"<0>'],
    // A map is sorted by its keys, a negative number takes ten bytes, times count seconds.
    [{ apiVersion: 'v1', kind: 'ConfigMap', data: { b: '2', a: 'é' } }, 'k8s<0><a><f><a><2>v1<12><9>ConfigMap<12><11><12><7><a><1>a<12><2><c3><a9><12><6><a><1>b<12><1>2<1a><0>"<0>'],
    [{ apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: -1 } },
      'k8s<0><a><15><a><7>apps/v1<12><a>Deployment<12><d><12><b><8><ff><ff><ff><ff><ff><ff><ff><ff><ff><1><1a><0>"<0>'],
    [{ apiVersion: 'v1', kind: 'Pod', spec: { terminationGracePeriodSeconds: 9007199254740993n } },
      'k8s<0><a><9><a><2>v1<12><3>Pod<12><b><12><9> <81><80><80><80><80><80><80><10><1a><0>"<0>'],
    [{ apiVersion: 'v1', kind: 'Status', code: 404 }, 'k8s<0><a><c><a><2>v1<12><6>Status<12><3>0<94><3><1a><0>"<0>'],
    [{ apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata', metadata: { name: 'n' } },
      'k8s<0><a>\'<a><e>meta.k8s.io/v1<12><15>PartialObjectMetadata<12><5><a><3><a><1>n<1a><0>"<0>'],
  ]
  for (const [object, expected] of table) assert.equal(hex(object), expected)
})

test('what has no form on the wire has none', () => {
  for (const [apiVersion, kind] of [['meta.k8s.io/v1', 'Table'], ['example.com/v1', 'Widget']]) assert.equal(encoder.encode({ apiVersion, kind }), undefined)
})

/** An object with something in every field, down to a depth at which messages that contain themselves stop. */
function full(schema: ObjectSchema, depth: number): JsonObject {
  const object: JsonObject = {}
  for (const [name, field] of schema.fields) {
    // An object's own kind stands in the envelope, or is known from the list that it is in.
    const isTyped = field.number === 0 && (name === 'apiVersion' || name === 'kind')
    if (depth < 5 && !isTyped) object[name] = valueFor(field.schema, `${name}-${depth}`, depth)
  }
  return object
}

function valueFor(schema: Schema, text: string, depth: number): unknown {
  switch (schema.type) {
    case 'int32': return depth % 2 === 0 ? -7 : 70_000
    case 'int64': return [-(2 ** 40), 2n ** 53n + 1n, -(2n ** 63n), 2n ** 63n - 1n, 2 ** 52 + 1][depth % 5]
    case 'boolean': return true
    case 'double': return 0.25
    case 'string': return `${text} ü 日本`
    case 'bytes': return 'AP8='
    case 'quantity': return '100m'
    case 'int-or-string': return depth % 2 === 0 ? 8080 : 'web'
    case 'time': return '2026-01-02T03:04:05Z'
    case 'micro-time': return '2026-01-02T03:04:05.000006Z'
    // The places of a JSON schema that have two forms read an object as a schema.
    case 'any': return text.startsWith('default') || text.startsWith('example') ? { raw: [1, 'two'] } : { title: 'two' }
    case 'object': return full(schema, depth + 1)
    case 'list': return [valueFor(schema.items, text, depth), valueFor(schema.items, `${text}-second`, depth)]
    case 'map': return { zebra: valueFor(schema.values, text, depth), ant: valueFor(schema.values, text, depth) }
  }
}

test('a JSON schema in all its forms', () => {
  const one = { type: 'string', 'x-kubernetes-int-or-string': true, default: { a: [1] } }
  const openAPIV3Schema = {
    items: one, additionalItems: false, additionalProperties: one, dependencies: { a: ['b'], c: one }, enum: ['x', 1, null],
    properties: { list: { items: [one, one], additionalProperties: true } },
  }
  const object = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', spec: { versions: [{ name: 'v1', schema: { openAPIV3Schema } }] } }
  assert.deepEqual(decoder.decode(encoder.encode(object) ?? new Uint8Array()), object)
})

test('every kind with everything in it reads as it was written', () => {
  let [count, measured] = [0, 0]
  for (const { group, version, kind } of Object.values(kinds)) {
    const apiVersion = group === '' ? version : `${group}/${version}`
    for (const name of [kind, `${kind}List`]) {
      const schema = catalog.lookup(schemaNameOf(apiVersion, name))
      if (schema === undefined) continue
      const object = { apiVersion, kind: name, ...full(schema, 0) }
      const bytes = encoder.encode(object)
      assert(bytes !== undefined, name)
      const list = { apiVersion, kind: `${kind}List` }
      if (name === kind && catalog.lookup(schemaNameOf(apiVersion, list.kind)) !== undefined) {
        const items = [object, { metadata: {} }, object]
        assert.equal(encoder.itemsSize(list, items), encoder.encodeItems(list, items).length, `${apiVersion} ${name}`)
        measured++
      }
      assert.deepEqual(decoder.decode(bytes), object, `${apiVersion} ${name}`)
      count++
    }
  }
  assert(count > 90 && measured > 40, `${count} kinds, ${measured} lists`)
})

test('what is measured is what is written', () => {
  const list = { apiVersion: 'v1', kind: 'PodList' }
  const texts = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', 'a\udc00b', '😀', 'x'.repeat(200)))
  const times = fc.constantFrom('1969-12-31T23:59:59Z', '1970-01-01T00:00:00Z', '2026-01-02T03:04:05Z', '2106-02-07T06:28:16Z', 'no time')
  const pods = fc.record({
    metadata: fc.record({ name: texts, labels: fc.dictionary(texts, texts), generation: fc.maxSafeInteger(), creationTimestamp: times }),
    spec: fc.record({ activeDeadlineSeconds: fc.integer(), hostNetwork: fc.boolean(), overhead: fc.dictionary(texts, texts) }),
  })
  fc.assert(fc.property(fc.array(pods, { maxLength: 3 }), (items) => {
    assert.equal(encoder.itemsSize(list, items), encoder.encodeItems(list, items).length)
  }), { numRuns: 30 })
})
