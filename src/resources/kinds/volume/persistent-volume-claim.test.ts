import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PersistentVolumeClaimStatus } from '../../generated/types.ts'
import { sampleClaim } from '../../sample-workloads.testing.ts'
import { cellsOf, changed, context, created, createChecks, messagesOf } from '../checking.testing.ts'
import type { Change } from '../checking.testing.ts'
import { persistentVolumeClaims } from './persistent-volume-claim.ts'

const check = createChecks(persistentVolumeClaims, sampleClaim)

test('defaults of a PersistentVolumeClaim', () => {
  const claim = created(persistentVolumeClaims, changed(sampleClaim(), { 'spec.volumeAttributesClassName': 'x', status: { phase: 'Bound' } }))
  assert.deepEqual([claim.spec, claim.status], [
    { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, volumeMode: 'Filesystem' }, { phase: 'Pending' },
  ])
  const snapshot = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' }
  const sources = (change: Change): unknown[] => {
    const { dataSource, dataSourceRef } = created(persistentVolumeClaims, changed(sampleClaim(), change)).spec ?? {}
    return [dataSource, dataSourceRef]
  }
  assert.deepEqual(sources({ 'spec.dataSource': snapshot }), [snapshot, snapshot])
  assert.deepEqual(sources({ 'spec.dataSourceRef': snapshot }), [snapshot, snapshot])
  assert.deepEqual(sources({ 'spec.dataSourceRef': { ...snapshot, namespace: 'other' } }), [undefined, undefined])
  assert.deepEqual(sources({ 'spec.dataSource': { apiGroup: 'x.io', kind: 'Populator', name: 'p' } }), [undefined, undefined])
})

test('a PersistentVolumeClaim', () => {
  check({})
  check({ 'spec.accessModes': [] }, 'spec.accessModes: Required value: at least 1 access mode is required')
  check({ 'spec.resources': undefined }, 'spec.resources[storage]: Required value')
  check({ 'spec.resources.requests.storage': '0' }, 'spec.resources[storage]: Invalid value: "0": must be greater than zero')
  check({ 'spec.storageClassName': '' })
  check({ 'spec.volumeMode': 'x' }, 'spec.volumeMode: Unsupported value: "x": supported values: "Block", "Filesystem"')
  check({ 'spec.selector': { matchExpressions: [{ key: 'a', operator: 'In' }] } },
    "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'")
  check({ 'spec.dataSourceRef': { kind: 'Pod', name: '' } }, ...['dataSource', 'dataSourceRef'].flatMap((field) => [
    `spec.${field}.name: Required value`, `spec.${field}: Invalid value: "Pod": must be 'PersistentVolumeClaim' when referencing the default apiGroup`,
  ]))
  check({ 'spec.dataSource': { kind: 'PersistentVolumeClaim', name: 'a' }, 'spec.dataSourceRef': { kind: 'PersistentVolumeClaim', name: 'b' } },
    'spec: Invalid value: "spec.dataSource": must match dataSourceRef')
})

const STATUS = { status: { phase: 'Bound', capacity: { storage: '1Gi' } } }

/** The claim as it stands after its status was written, and then updated with the change. */
function update(before: Change, change: Change, ...expected: string[]): void {
  const old = { ...changed(created(persistentVolumeClaims, sampleClaim()), before) }
  const draft = changed(old, change)
  persistentVolumeClaims.defaults(draft)
  persistentVolumeClaims.prepareForUpdate(draft, old, { now: 0, user: { name: '', uid: '', groups: [], extra: {} }, warn() {} })
  assert.deepEqual(messagesOf(persistentVolumeClaims.validateUpdate(draft, old)), expected)
}

test('what of a claim may change', () => {
  const fixed = 'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n'
  const size = 'spec.resources.requests.storage'
  update({}, { 'spec.volumeName': 'pv-1' })
  update({ 'spec.volumeName': 'pv-1' }, { 'spec.volumeName': 'pv-2' }, `${fixed}spec.volumeName differs`)
  update({}, { 'spec.accessModes': ['ReadWriteMany'] }, `${fixed}spec.accessModes differs`)
  update({}, { [size]: '2Gi' }, `${fixed}spec.resources differs`)
  update(STATUS, { [size]: '2Gi' })
  update({ ...STATUS, [size]: '3Gi' }, { [size]: '2Gi' })
  update({ ...STATUS, [size]: '3Gi' }, { [size]: '1Gi' }, `${size}: Forbidden: field can not be less than status.capacity`)
  update({}, { 'spec.storageClassName': 'fast' })
  update({ 'spec.storageClassName': 'slow' }, { 'spec.storageClassName': 'fast' }, `${fixed}spec.storageClassName differs`)
  const annotation = 'volume.beta.kubernetes.io/storage-class'
  update({ 'metadata.annotations': { [annotation]: 'fast' } }, { 'metadata.annotations': undefined, 'spec.storageClassName': 'fast' })
  update({ 'metadata.annotations': { [annotation]: 'fast' } }, { 'metadata.annotations': { [annotation]: 'slow' } },
    `metadata.annotations.${annotation}: Invalid value: "slow": field is immutable`)
  update({}, { 'spec.volumeMode': 'Block' }, `${fixed}spec.volumeMode differs`, 'volumeMode: Invalid value: "Block": field is immutable')
})

test('status of a claim', () => {
  const status = (now: PersistentVolumeClaimStatus): string[] =>
    messagesOf(persistentVolumeClaims.status?.validateUpdate({ ...sampleClaim(), status: now }, sampleClaim()) ?? [])
  assert.deepEqual(status({ phase: 'Bound', capacity: { storage: '1Gi' }, allocatedResourceStatuses: { storage: 'NodeResizePending' } }), [])
  assert.deepEqual(status({ capacity: { storage: '-1' } }), ['status.capacity[storage]: Invalid value: -1: must be a valid resource quantity'])
  assert.deepEqual(status({ allocatedResources: { cpu: '1' } }), ['status.allocatedResources: Unsupported value: "cpu": supported values: "storage"'])
  assert.deepEqual(status({ allocatedResources: { 'example.com/a': '1' } }), [])
  assert.deepEqual(status({ allocatedResources: { 'kubernetes.io/a': '1' } }),
    ['status.allocatedResources: Unsupported value: "kubernetes.io/a": supported values: "storage"'])
  const draft = { ...sampleClaim(), status: { phase: 'Bound', currentVolumeAttributesClassName: 'fast' } }
  persistentVolumeClaims.status?.prepareForUpdate(draft, sampleClaim(), context)
  assert.deepEqual(draft.status, { phase: 'Bound' })
})

test('the table of claims', () => {
  const claim = created(persistentVolumeClaims, changed(sampleClaim(), { 'spec.storageClassName': 'fast' }))
  const pending = { Volume: '', Capacity: '', 'Access Modes': '', StorageClass: 'fast', VolumeAttributesClass: '<unset>', Age: '<unknown>', VolumeMode: 'Filesystem' }
  assert.deepEqual(cellsOf(persistentVolumeClaims, claim), { Status: 'Pending', ...pending })
  const bound = changed(claim, { 'spec.volumeName': 'pv', status: { phase: 'Bound', capacity: { storage: '2Gi' }, accessModes: ['ReadWriteMany', 'ReadWriteOnce'] } })
  assert.deepEqual(cellsOf(persistentVolumeClaims, bound), { ...pending, Status: 'Bound', Volume: 'pv', Capacity: '2Gi', 'Access Modes': 'RWO,RWX' })
})
