import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FieldSetPool } from '../../objects/apply/field-set-pool.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { textOf } from '../../words/bytes.ts'
import { encodeObject } from '../storage/encoding.ts'
import { CachedObject, inPassing, withRevision } from './cached-object.ts'
import { ObjectForms } from './object-forms.ts'

const KEY = 'objects/core/configmaps/default/a'
const sets = new FieldSetPool()
const objects: readonly (KubeObject & Record<string, unknown>)[] = [
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ä' }, data: { 'ä "': '\n' } },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', managedFields: [{ manager: 'm', fieldsV1: sets.shared({ 'f:data': { 'f:a': {} } }) }] }, data: { a: '' } },
]

test('bytes that were given up are made again as they were', () => {
  for (const object of objects) {
    const bytes = encodeObject(object, sets)
    const known = new CachedObject(KEY, 7, bytes, withRevision(object, 7), new ObjectForms(sets))
    const before = textOf(known.bytes)
    assert.equal(JSON.parse(before).metadata.resourceVersion, '7')
    known.retire()
    assert.equal(inPassing(known), before)
    assert.equal(textOf(known.at(9).bytes), before.replace('"7"', '"9"'))
    assert.equal(textOf(known.bytes), before)
    assert.deepEqual(known.object, withRevision(object, 7))
  }
})

test('bytes of which no object was made are never given up', () => {
  for (const object of objects) {
    const unknown = new CachedObject(KEY, 7, encodeObject(object, sets), undefined, new ObjectForms(sets))
    unknown.retire()
    assert.deepEqual(unknown.object, withRevision(object, 7))
    unknown.giveUpBytes()
    assert.deepEqual(JSON.parse(textOf(unknown.bytes)), withRevision(object, 7))
  }
})

test('objects that are read from bytes share what is equal', () => {
  const forms = new ObjectForms(new FieldSetPool())
  const [, , object] = objects
  assert.ok(object !== undefined)
  const read = (name: string): KubeObject & Record<string, unknown> => {
    const named = { ...object, metadata: { ...object.metadata, name } }
    return new CachedObject(KEY, 7, encodeObject(named, sets), undefined, forms).object as KubeObject & Record<string, unknown>
  }
  const [first, second] = [read('a'), read('b')]
  assert.equal(first['data'], second['data'])
  assert.equal(first.metadata.managedFields?.[0]?.fieldsV1, second.metadata.managedFields?.[0]?.fieldsV1)
})
