import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepAllButStatus } from './plain-resource.ts'

test('a status update that may change nothing else', () => {
  const managedFields = [{ manager: 'a' }]
  const old = { apiVersion: 'v1', kind: 'A', metadata: { name: 'x', labels: { a: '1' }, finalizers: ['a/b'], resourceVersion: '1' }, spec: { a: 1 }, status: {} }
  const metadata = { name: 'x', labels: {}, annotations: { a: '1' }, ownerReferences: [], resourceVersion: '2', managedFields }
  const draft = { apiVersion: 'v1', kind: 'A', metadata, spec: { a: 2 }, status: { a: 3 } }
  keepAllButStatus(draft, old)
  assert.deepEqual(draft, { ...draft, metadata: { ...old.metadata, resourceVersion: '2', managedFields }, spec: { a: 1 }, status: { a: 3 } })
  assert.deepEqual(metadata.labels, {})
})
