import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freezeJson } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { AlikeObjects } from './alike-objects.ts'

type Made = KubeObject & { spec: { containers: { image: string }[]; nodeName?: string } }

function made(name: string, owner: string, image = 'web:1'): Made {
  const ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: owner, controller: true }]
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default', labels: { app: 'shop' }, ownerReferences }, spec: { containers: [{ image }] } }
}

test('objects of one owner share what is equal, and stay as they are', () => {
  const alike = new AlikeObjects()
  const check = (first: Made, second: Made, shared: readonly ('spec' | 'containers' | 'labels' | 'owners')[]): void => {
    const expected = structuredClone(second)
    alike.share('objects/core/pods/', first)
    alike.share('objects/core/pods/', second)
    assert.deepEqual(second, expected)
    const same = {
      spec: second.spec === first.spec, containers: second.spec.containers === first.spec.containers,
      labels: second.metadata.labels === first.metadata.labels, owners: second.metadata.ownerReferences === first.metadata.ownerReferences,
    }
    assert.deepEqual(Object.entries(same).flatMap(([name, is]) => (is ? [name] : [])), shared)
  }
  check(made('a', '1'), made('b', '1'), ['spec', 'containers', 'labels', 'owners'])
  check(made('a', '2'), made('b', '2', 'web:2'), ['labels', 'owners'])
  check(made('a', '3'), { ...made('b', '3'), spec: { containers: [{ image: 'web:1' }], nodeName: 'n' } }, ['containers', 'labels', 'owners'])
  check(made('a', '4'), made('b', '5'), [])
})

test('sets of fields belong to all objects: they are exchanged whole, or left', () => {
  const alike = new AlikeObjects()
  const withFields = (name: string, fields: object): Made => {
    const entry = { manager: 'm', operation: 'Update', apiVersion: 'v1', time: '2026-01-01T00:00:00Z', fieldsType: 'FieldsV1', fieldsV1: freezeJson(fields) } as const
    const pod = made(name, '1')
    return { ...pod, metadata: { ...pod.metadata, managedFields: [entry] } }
  }
  const [first, other, same] = [withFields('a', { 'f:a': { 'f:b': {} } }), withFields('b', { 'f:a': { 'f:b': {} }, 'f:c': {} }), withFields('c', { 'f:a': { 'f:b': {} }, 'f:c': {} })]
  for (const pod of [first, other, same]) alike.share('p', pod)
  assert.notEqual(other.metadata.managedFields, first.metadata.managedFields)
  assert.equal(same.metadata.managedFields, other.metadata.managedFields)
})

test('what was made long ago is forgotten', () => {
  const alike = new AlikeObjects()
  const first = made('a', 'first')
  alike.share('p', first)
  for (let owner = 0; owner < 1_000; owner++) alike.share('p', made('x', String(owner)))
  const late = made('b', 'first')
  alike.share('p', late)
  assert.notEqual(late.spec, first.spec)
})
