import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../objects/json.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import { plainResource } from '../../resources/plain-resource.ts'
import { SchemaCatalog } from '../../resources/schema.ts'
import { textOf } from '../../words/bytes.ts'
import { customSchema } from './custom-schema.ts'
import { jsonV2, jsonV3 } from './openapi-form.ts'
import { OpenApiV3Writer, openApiV2 } from './openapi.ts'

test('what 2.0 cannot say is left out', () => {
  const table: [about: string, published: JsonObject, expected: object][] = [
    ['plain', { type: 'object', properties: { a: { type: 'string', pattern: 'x' } } }, { type: 'object', properties: { a: { type: 'string', pattern: 'x' } } }],
    ['choices', { type: 'object', oneOf: [{}], anyOf: [{}], not: {}, allOf: [{}] }, { type: 'object' }],
    ['defaults and rules', { properties: { a: { type: 'string', default: 'b', 'x-kubernetes-validations': [] } } }, { properties: { a: { type: 'string' } } }],
    ['null', { items: { type: 'string', nullable: true, enum: ['a'] } }, { items: {} }],
    ['a number or a text', { type: 'integer', 'x-kubernetes-int-or-string': true }, { 'x-kubernetes-int-or-string': true }],
    [
      'open objects', { additionalProperties: { type: 'object', properties: { a: {} }, 'x-kubernetes-preserve-unknown-fields': true } },
      { additionalProperties: { 'x-kubernetes-preserve-unknown-fields': true } },
    ],
    ['fields that are named as keywords are', { properties: { default: { type: 'string' }, not: { type: 'string' } } }, { properties: { default: { type: 'string' }, not: { type: 'string' } } }],
  ]
  for (const [about, published, expected] of table) {
    assert.deepEqual(customSchema('v2', published), expected, about)
    assert.equal(customSchema('v3', published), published, about)
  }
})

const published = { type: 'object', description: 'A widget.', properties: { spec: { type: 'object', properties: { size: { type: 'integer', default: 3 } } } } }
const kind: KindRef = {
  group: 'stable.example.com', version: 'v1', kind: 'Widget', plural: 'widgets', singular: 'widget', namespaced: true, shortNames: [], categories: [],
  schema: 'custom.stable.example.com.v1.Widget',
}
const widgets: ResourceDefinition = {
  ...plainResource, kind, status: { prepareForUpdate() {}, validateUpdate: () => [] },
  form: { schema: { type: 'object', name: kind.schema, atomic: false, fields: new Map() }, published, read: (object) => ({ object, unknownFields: [] }) },
}

test('custom resources are documented', () => {
  const texts = { apiVersion: 'Its version.', kind: 'Its kind.', metadata: 'Its name.' }
  const source = {
    served: [widgets], lookup: new SchemaCatalog().lookup, gitVersion: 'v1', descriptions: (name: string) => (name === 'core.v1.Pod' ? texts : undefined),
  }
  const { paths, components: { schemas } } = JSON.parse(textOf(new OpenApiV3Writer(source).document([widgets]))) as {
    paths: Record<string, { patch?: { requestBody: { content: object }; operationId: string } }>
    components: { schemas: Record<string, object> }
  }
  assert.deepEqual(schemas['com.example.stable.v1.Widget'], {
    ...published, 'x-kubernetes-group-version-kind': [{ group: 'stable.example.com', kind: 'Widget', version: 'v1' }],
    properties: {
      ...published.properties,
      apiVersion: { description: 'Its version.', type: 'string' }, kind: { description: 'Its kind.', type: 'string' },
      metadata: { description: 'Its name.', allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }] },
    },
  })
  const patch = paths['/apis/stable.example.com/v1/namespaces/{namespace}/widgets/{name}/status']?.patch
  assert.equal(patch?.operationId, 'patchStableExampleComV1NamespacedWidgetStatus')
  assert.deepEqual(Object.keys(patch?.requestBody.content ?? {}), ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml'])
  const v2 = textOf(openApiV2(source, jsonV2))
  const { definitions } = JSON.parse(v2) as { definitions: Record<string, { properties: { spec: object; items: object } }> }
  assert.deepEqual(definitions['com.example.stable.v1.Widget']?.properties.spec, { type: 'object', properties: { size: { type: 'integer' } } })
  assert.deepEqual(definitions['com.example.stable.v1.WidgetList']?.properties.items, { type: 'array', items: { $ref: '#/definitions/com.example.stable.v1.Widget' } })
  const references = [...v2.matchAll(/#\/definitions\/([^"]+)/g)].map((match) => match[1] ?? '')
  assert.deepEqual(references.filter((name) => definitions[name] === undefined), [], 'every reference has its definition')
})

test('integers of 64 bits are published as they are', () => {
  const schema = { type: 'object', properties: { born: { type: 'integer', default: 9007199254740993n, enum: [9007199254740993n] } } }
  for (const form of [jsonV2, jsonV3]) assert.match(textOf(form.definition('a', schema)), /9007199254740993[^]*9007199254740993/)
})
