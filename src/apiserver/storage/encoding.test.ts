import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FieldSetPool } from '../../objects/apply/field-set-pool.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { textOf } from '../../words/bytes.ts'
import { decodeObject, encodeObject, metadataStart, spliceRevision } from './encoding.ts'

const sets = new FieldSetPool()
const entry = { manager: 'm "1"', operation: 'Update', fieldsV1: sets.shared({ 'f:data': { '.': {}, 'f:a': {} } }), subresource: 'status' }
const objects: readonly (KubeObject & Record<string, unknown>)[] = [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data: { 'ä "': '\n' } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { managedFields: [] }, data: {} },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { managedFields: [entry, { manager: 'n' }, {}], name: 'a' }, data: { a: '' } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { managedFields: [{ fieldsV1: {} }], labels: {} } },
]

test('an object comes back from its bytes, with the revision it got', () => {
  for (const object of objects) {
    const bytes = encodeObject({ ...object, metadata: { resourceVersion: '3', ...object.metadata } }, sets)
    const expected = { ...object, metadata: { ...object.metadata, resourceVersion: '7' } }
    assert.deepEqual(decodeObject(bytes, 7), expected)
    if (Object.keys(object.metadata).length === 0) continue
    assert.deepEqual(JSON.parse(textOf(spliceRevision(bytes, metadataStart(bytes), 0, 7))), expected)
  }
})
