import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StatefulSetStatus } from '../generated/types.ts'
import { sampleClaim, sampleControllerRevision, sampleStatefulSet } from '../sample-workloads.testing.ts'
import { cellsOf, changed, created, createChecks, messagesOf, updateChecks } from './checking.testing.ts'
import { controllerRevisions } from './controller-revision.ts'
import { statefulSets } from './stateful-set.ts'

const check = createChecks(statefulSets, sampleStatefulSet)
const update = updateChecks(statefulSets, sampleStatefulSet)

test('defaults of a StatefulSet', () => {
  const change = { 'spec.volumeClaimTemplates': [{ metadata: { name: 'data' }, spec: sampleClaim().spec }], 'spec.updateStrategy': { rollingUpdate: { maxUnavailable: 2 } } }
  const { template: _, volumeClaimTemplates, ...spec } = created(statefulSets, changed(sampleStatefulSet(), change)).spec ?? {}
  assert.deepEqual(spec, {
    selector: { matchLabels: { app: 'web' } }, serviceName: 'web', podManagementPolicy: 'OrderedReady', replicas: 1, revisionHistoryLimit: 10,
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
  })
  assert.deepEqual(volumeClaimTemplates, [{
    apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name: 'data' }, spec: { ...sampleClaim().spec, volumeMode: 'Filesystem' },
    status: { phase: 'Pending' },
  }])
  const strategyOf = (strategy: object): unknown => created(statefulSets, changed(sampleStatefulSet(), { 'spec.updateStrategy': strategy })).spec?.updateStrategy
  assert.deepEqual(strategyOf({ type: 'RollingUpdate' }), { type: 'RollingUpdate' })
  assert.deepEqual(strategyOf({ type: 'RollingUpdate', rollingUpdate: {} }), { type: 'RollingUpdate', rollingUpdate: { partition: 0 } })
  assert.equal(created(statefulSets, changed(sampleStatefulSet(), { 'spec.serviceName': undefined })).spec?.serviceName, '')
})

test('a StatefulSet', () => {
  check({})
  check({ 'spec.podManagementPolicy': 'Random' }, "spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'")
  check({ 'spec.updateStrategy.type': 'Fast' }, "spec.updateStrategy: Invalid value: {\"type\":\"Fast\"}: must be 'RollingUpdate' or 'OnDelete'")
  check({ 'spec.updateStrategy': { type: 'OnDelete', rollingUpdate: { partition: 1 } } },
    'spec.updateStrategy.rollingUpdate: Invalid value: {"partition":1}: only allowed for updateStrategy \'RollingUpdate\'')
  check({ 'spec.updateStrategy.rollingUpdate': { partition: -1 } },
    'spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0')
  check({ 'spec.persistentVolumeClaimRetentionPolicy.whenScaled': 'Keep' },
    'spec.persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "Keep": supported values: "Retain", "Delete"')
  check({ 'spec.replicas': -1, 'spec.minReadySeconds': -1, 'spec.ordinals.start': -1 },
    ...['replicas', 'minReadySeconds', 'ordinals.start'].map((field) => `spec.${field}: Invalid value: -1: must be greater than or equal to 0`))
  const unselected = 'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'
  check({ 'spec.selector': undefined }, 'spec.selector: Required value', unselected)
  const expressions = 'spec.selector.matchExpressions'
  check({ 'spec.selector': { matchExpressions: [{ key: 'app', operator: 'Is' }] } },
    `${expressions}[0].operator: Invalid value: "Is": not a valid selector operator`,
    'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Is"}]}')
  check({ 'spec.selector': {} }, 'spec.selector: Invalid value: {}: empty selector is invalid for statefulset')
  check({ 'spec.selector.matchLabels.app': 'db' }, unselected)
  check({ 'spec.template.spec.restartPolicy': 'Never' }, 'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"')
})

test('what of a StatefulSet may change', () => {
  update({}, {
    'spec.replicas': 3, 'spec.minReadySeconds': 5, 'spec.ordinals.start': 1, 'spec.template.spec.containers[0].image': 'web:2',
    'spec.updateStrategy': { type: 'OnDelete' }, 'spec.persistentVolumeClaimRetentionPolicy.whenScaled': 'Delete',
  })
  const message = "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', " +
    "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
  update({}, { 'spec.serviceName': 'other' }, message)
  update({}, { 'spec.podManagementPolicy': 'Parallel' }, message)
  update({}, { 'spec.volumeClaimTemplates': [sampleClaim()] }, message)
})

test('status, scale and table of a StatefulSet', () => {
  const set = created(statefulSets, changed(sampleStatefulSet(), { 'spec.replicas': 3 }))
  assert.deepEqual(set.status, { replicas: 0, availableReplicas: 0 })
  const problems = (status: StatefulSetStatus): string[] => messagesOf(statefulSets.status?.validateUpdate({ ...set, status }, set) ?? [])
  assert.deepEqual(problems({ replicas: 2, readyReplicas: 2, availableReplicas: 1 }), [])
  assert.deepEqual(problems({ replicas: 1, updatedReplicas: 2, availableReplicas: 1 }), [
    'status.updatedReplicas: Invalid value: 2: cannot be greater than status.replicas',
    'status.availableReplicas: Invalid value: 1: cannot be greater than status.readyReplicas',
  ])
  assert.deepEqual(cellsOf(statefulSets, { ...set, status: { replicas: 2, readyReplicas: 1 } }), { Ready: '1/3', Age: '<unknown>', Containers: 'web', Images: 'web:1' })
  const draft = { ...set }
  statefulSets.scale?.setReplicas(draft, 7)
  assert.deepEqual([statefulSets.scale?.replicas(draft), statefulSets.scale?.selector(draft), set.spec?.replicas], [7, 'app=web', 3])
})

test('a ControllerRevision', () => {
  const revision = createChecks(controllerRevisions, sampleControllerRevision)
  revision({})
  revision({ data: undefined }, 'data: Required value: data is mandatory')
  revision({ revision: -1 }, 'revision: Invalid value: -1: must be greater than or equal to 0')
  assert.equal(created(controllerRevisions, changed(sampleControllerRevision(), { revision: undefined })).revision, 0)
  const later = updateChecks(controllerRevisions, sampleControllerRevision)
  later({}, { revision: 2 })
  later({}, { 'data.spec': { a: 1 } }, 'data: Invalid value: {"spec":{"a":1}}: field is immutable')
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'u', controller: true }
  assert.deepEqual(cellsOf(controllerRevisions, changed(sampleControllerRevision(), { 'metadata.ownerReferences': [owner] })),
    { Controller: 'statefulset.apps/web', Revision: 1, Age: '<unknown>' })
  assert.equal(cellsOf(controllerRevisions, sampleControllerRevision())['Controller'], '<none>')
})
