import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ObjectMeta } from './kube-object.ts'
import { validateMetadataForCreate, validateMetadataForUpdate, type FinalizerRule } from './metadata.ts'

function shown(errors: readonly { field: string; message: string }[]): string[] {
  return errors.map((error) => `${error.field}: ${error.message}`.slice(0, 140))
}

const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'u1', controller: true }

test('create', () => {
  const table: [meta: ObjectMeta, expected: string[]][] = [
    [{ name: 'a', namespace: 'b' }, []],
    [{ name: 'web-abc', generateName: 'web-', namespace: 'b', labels: { a: '' }, annotations: { 'X/Y': '1' } }, []],
    [{ namespace: 'b' }, ['metadata.name: Required value: name or generateName is required']],
    [{ name: 'a' }, ['metadata.namespace: Required value']],
    [{ name: 'a', namespace: 'b', generation: -1 }, ['metadata.generation: Invalid value: -1: must be greater than or equal to 0']],
    [{ name: 'a', namespace: 'b', annotations: { a: 'ü'.repeat(131_072) } },
      ['metadata.annotations: Too long: may not be more than 262144 bytes']],
    [{ name: 'a', namespace: 'b', annotations: { a: 'ü'.repeat(131_071) } }, []],
    [{ name: 'a', namespace: 'b', ownerReferences: [owner] }, []],
    [{ name: 'a', namespace: 'b', ownerReferences: [{ ...owner, apiVersion: '', uid: '' }] },
      ['metadata.ownerReferences.apiVersion: Invalid value: "": version must not be empty', 'metadata.ownerReferences.uid: Invalid value: "": must not be empty']],
    [{ name: 'a', namespace: 'b', ownerReferences: [{ ...owner, apiVersion: 'a/b/v1' }] },
      ['metadata.ownerReferences.apiVersion: Invalid value: "a/b/v1": version must not be empty']],
    [{ name: 'a', namespace: 'b', generateName: `${'x'.repeat(253)}-` }, []],
    [{ name: 'a', namespace: 'b', managedFields: [{ manager: `ü${'m'.repeat(127)}`, operation: 'Apply' }] },
      ['metadata.managedFields[0].manager: Too long: may not be more than 128 bytes']],
    [{ name: 'a', namespace: 'b', managedFields: [{ manager: 'ü\u00a0\u200b', operation: 'Apply' }] }, [
      'metadata.managedFields[0].manager: Invalid value: "ü\u00a0\u200b": invalid character U+00A0 (at position 2)',
      'metadata.managedFields[0].manager: Invalid value: "ü\u00a0\u200b": invalid character U+200B (at position 4)']],
    [{ name: 'a', namespace: 'b', finalizers: ['orphan', 'foregroundDeletion'] },
      ['metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer orphan and foregroundDeletion cannot be both set']],
    [{ name: 'a', namespace: 'b', managedFields: [{ manager: 'm', operation: 'Other' }] },
      ['metadata.managedFields[0].operation: Invalid value: "Other": must be `Apply` or `Update`']],
  ]
  for (const [meta, expected] of table) assert.deepEqual(shown(validateMetadataForCreate(meta, { namespaced: true, nameRule: 'dns-subdomain', finalizerRule: 'qualified' })), expected)
})

test('create: a namespace on a cluster-scoped kind, wrong labels, two controllers', () => {
  const errors = validateMetadataForCreate({ name: 'a', namespace: 'b', labels: { 'a b': 'c d' }, ownerReferences: [owner, { ...owner, name: 'other' }] }, {
    namespaced: false, nameRule: 'path-segment', finalizerRule: 'qualified',
  })
  assert.deepEqual(errors.map(({ field, reason }) => [field, reason]), [
    ['metadata.namespace', 'FieldValueForbidden'], ['metadata.labels', 'FieldValueInvalid'], ['metadata.labels', 'FieldValueInvalid'],
    ['metadata.ownerReferences', 'FieldValueInvalid'],
  ])
  assert.match(errors[3]?.message ?? '', /Only one reference can have Controller set to true. Found "true" in references for ReplicaSet\/web and ReplicaSet\/other$/)
})

test('update', () => {
  const old: ObjectMeta = { name: 'a', namespace: 'b', uid: 'u', resourceVersion: '1', generation: 2, creationTimestamp: '2026-01-01T00:00:00Z' }
  const table: [meta: ObjectMeta, old: ObjectMeta, expected: string[]][] = [
    [old, old, []],
    [{ ...old, name: 'c', uid: 'v' }, old,
      ['metadata.name: Invalid value: "c": field is immutable', 'metadata.uid: Invalid value: "v": field is immutable']],
    [{ ...old, resourceVersion: '' }, old, ['metadata.resourceVersion: Invalid value: "": must be specified for an update']],
    [{ ...old, generation: 1 }, old, ['metadata.generation: Invalid value: 1: must not be decremented']],
    [{ ...old, deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['x'] }, { ...old, deletionTimestamp: '2026-01-01T00:00:00Z' },
      ['metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"x"}']],
  ]
  for (const [meta, before, expected] of table) assert.deepEqual(shown(validateMetadataForUpdate(meta, before, { finalizerRule: 'qualified' })), expected)
})

test('finalizers: who has no domain must be known, where the kind says so', () => {
  const neither = (index: number, name: string): string =>
    `metadata.finalizers[${index}]: Invalid value: "${name}": name is neither a standard finalizer name nor is it fully qualified`
  const table: [finalizers: string[], rule: FinalizerRule, expected: string[]][] = [
    [['kubernetes', 'example.com/hold', 'orphan'], 'known-or-with-domain', []],
    [['foregroundDeletion'], 'known-or-with-domain', []],
    [['example.com/hold', 'mine', 'example.com'], 'known-or-with-domain', [neither(1, 'mine'), neither(2, 'example.com')]],
    [['mine', 'example.com'], 'qualified', []],
  ]
  const old: ObjectMeta = { name: 'a', namespace: 'b', uid: 'u', resourceVersion: '1' }
  for (const [finalizers, finalizerRule, expected] of table) {
    const created = validateMetadataForCreate({ ...old, finalizers }, { namespaced: true, nameRule: 'dns-subdomain', finalizerRule })
    assert.deepEqual(shown(created), expected)
    assert.deepEqual(shown(validateMetadataForUpdate({ ...old, finalizers }, old, { finalizerRule })), expected)
  }
  const [before, after] = [{ ...old, finalizers: ['mine'] }, { ...old, finalizers: ['mine', 'yours'] }]
  assert.deepEqual(shown(validateMetadataForUpdate({ ...before, labels: {} }, before, { finalizerRule: 'known-or-with-domain' })), [])
  assert.deepEqual(
    shown(validateMetadataForUpdate(after, before, { finalizerRule: 'known-or-with-domain' })), [neither(0, 'mine'), neither(1, 'yours')]
  )
  for (const name of ['-', 'a b']) {
    const [error] = validateMetadataForCreate({ ...old, finalizers: [name] }, { namespaced: true, nameRule: 'dns-subdomain', finalizerRule: 'qualified' })
    assert.match(error?.message ?? '', /Invalid value: ".*": name part must consist of alphanumeric characters/)
  }
})
