import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReplicationControllerStatus } from '../generated/types.ts'
import { samplePodTemplate, sampleReplicationController } from '../sample-workloads.testing.ts'
import { cellsOf, changed, created, createChecks, messagesOf, updateChecks } from './checking.testing.ts'
import { podTemplates } from './pod-template.ts'
import { replicationControllers } from './replication-controller.ts'

const check = createChecks(replicationControllers, sampleReplicationController)

test('defaults of a ReplicationController', () => {
  const controller = created(replicationControllers, changed(sampleReplicationController(), { 'spec.selector': undefined }))
  assert.deepEqual([controller.spec?.replicas, controller.spec?.selector, controller.metadata.labels, controller.status],
    [1, { app: 'web' }, { app: 'web' }, { replicas: 0 }])
  const labelled = created(replicationControllers, changed(sampleReplicationController(), { 'metadata.labels': { a: 'b' } }))
  assert.deepEqual(labelled.metadata.labels, { a: 'b' })
})

test('a ReplicationController', () => {
  check({})
  check({ spec: undefined }, 'spec.selector: Required value', 'spec.template: Required value')
  check({ 'spec.template': undefined }, 'spec.template: Required value')
  check({ 'spec.selector': {}, 'spec.template.metadata': undefined }, 'spec.selector: Required value')
  check({ 'spec.selector.app': 'db' }, 'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`')
  check({ 'spec.replicas': -1 }, 'spec.replicas: Invalid value: -1: must be greater than or equal to 0')
  check({ 'spec.template.spec.restartPolicy': 'Never', 'spec.template.spec.activeDeadlineSeconds': 1 },
    'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicationController is not Supported')
  // Other than with a ReplicaSet, the selector may move.
  updateChecks(replicationControllers, sampleReplicationController)({}, { 'spec.selector': { app: 'x' }, 'spec.template.metadata.labels': { app: 'x' } })
})

test('status, scale and table of a ReplicationController', () => {
  const controller = created(replicationControllers, sampleReplicationController())
  const problems = (status: ReplicationControllerStatus): string[] =>
    messagesOf(replicationControllers.status?.validateUpdate({ ...controller, status }, controller) ?? [])
  assert.deepEqual(problems({ replicas: 1, readyReplicas: 1 }), [])
  assert.deepEqual(problems({ replicas: 1, readyReplicas: 2 }), ['status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas'])
  const standing = { ...controller, status: { replicas: 2, readyReplicas: 1 } }
  assert.deepEqual(cellsOf(replicationControllers, standing),
    { Desired: 1, Current: 2, Ready: 1, Age: '<unknown>', Containers: 'web', Images: 'web:1', Selector: 'app=web' })
  assert.equal(replicationControllers.scale?.selector(controller), 'app=web')
  assert.equal(replicationControllers.selectableFields['status.replicas']?.(standing), '2')
})

test('a PodTemplate', () => {
  const template = createChecks(podTemplates, samplePodTemplate)
  template({})
  template({ 'template.spec.containers': [] }, 'template.spec.containers: Required value')
  template({ 'template.metadata.labels': { app: '-' } },
    "template.labels: Invalid value: \"-\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', " +
    "and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is " +
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')")
  assert.deepEqual(cellsOf(podTemplates, created(podTemplates, samplePodTemplate())), { Containers: 'web', Images: 'web:1', 'Pod Labels': 'app=web' })
})
