import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyJson } from '../../objects/json.ts'
import type { DeploymentStatus, ReplicaSetStatus } from '../generated/types.ts'
import { sampleDeployment, sampleReplicaSet } from '../sample-objects.testing.ts'
import { cellsOf, changed, context, created, createChecks, messagesOf, updateChecks } from './checking.testing.ts'
import { deployments } from './deployment.ts'
import { replicaSets } from './replica-set.ts'

const check = createChecks(deployments, sampleDeployment)

test('defaults of a Deployment', () => {
  const { template: _, ...spec } = created(deployments, sampleDeployment()).spec ?? {}
  assert.deepEqual(spec, {
    selector: { matchLabels: { app: 'web' } }, replicas: 1, strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
    revisionHistoryLimit: 10, progressDeadlineSeconds: 600,
  })
  const recreate = created(deployments, changed(sampleDeployment(), { 'spec.strategy.type': 'Recreate', 'spec.replicas': 0 }))
  assert.deepEqual([recreate.spec?.strategy, recreate.spec?.replicas], [{ type: 'Recreate' }, 0])
  assert.equal(recreate.spec?.template.spec?.dnsPolicy, 'ClusterFirst')
})

test('a Deployment', () => {
  check({})
  check({ spec: undefined }, 'spec.selector: Required value', 'spec.template.metadata.labels: Invalid value: {}: `selector` does not match template `labels`',
    'spec.template.spec.containers: Required value')
  check({ 'spec.template.spec': undefined }, 'spec.template.spec.containers: Required value')
  check({ 'spec.replicas': -1 }, 'spec.replicas: Invalid value: -1: must be greater than or equal to 0')
  const unselected = 'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'
  check({ 'spec.selector': undefined }, 'spec.selector: Required value', unselected)
  check({ 'spec.selector': {} }, 'spec.selector: Invalid value: {}: empty selector is invalid for deployment')
  check({ 'spec.selector.matchLabels.app': 'db' }, unselected)
  const many = { matchExpressions: Array.from({ length: 1001 }, (_, index) => ({ key: `k${index}`, operator: 'DoesNotExist' })) }
  check({ 'spec.selector': many }, 'spec.selector: Too many: 1001: must have at most 1000 items',
    `spec.selector: Invalid value: ${JSON.stringify(many).slice(0, 256)}...: invalid label selector`)
  // What such a selector finds nobody can say, and the template waits for a better one.
  check({ 'spec.selector': { matchExpressions: [{ key: 'app', operator: 'Is' }] }, 'spec.template.spec.containers': [] },
    'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
    'spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Is"}]}: invalid label selector')
  check({ 'spec.template.spec.restartPolicy': 'Never' }, 'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"')
  check({ 'spec.template.spec.activeDeadlineSeconds': 1 },
    'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicaSet is not Supported')
  check({ 'spec.template.spec.containers': [] }, 'spec.template.spec.containers: Required value')
  check({ 'spec.template.spec.ephemeralContainers': [{ name: 'd', image: 'd' }] },
    'spec.template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template')
  check({ 'spec.minReadySeconds': 600 }, 'spec.progressDeadlineSeconds: Invalid value: 600: must be greater than minReadySeconds')
  check({ 'spec.strategy.type': 'Fast' }, 'spec.strategy: Unsupported value: {"type":"Fast"}: supported values: "Recreate", "RollingUpdate"')
  check({ 'spec.strategy': { type: 'Recreate', rollingUpdate: {} } },
    "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'")
  check({ 'spec.strategy.rollingUpdate': { maxUnavailable: 0, maxSurge: '0%' } },
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0')
  check({ 'spec.strategy.rollingUpdate': { maxUnavailable: '5', maxSurge: 0 } },
    "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: \"5\": a valid percent string must be a numeric string followed by an ending '%' " +
    "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')")
  check({ 'spec.strategy.rollingUpdate.maxUnavailable': '101%' },
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%')
  check({ 'spec.strategy.rollingUpdate.maxSurge': 'many' },
    "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"many\": a valid percent string must be a numeric string followed by an ending '%' " +
    "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')")
})

test('the selector stays', () => {
  const change = { 'spec.selector.matchLabels': { app: 'x' }, 'spec.template.metadata.labels': { app: 'x' } }
  const message = 'spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable'
  updateChecks(deployments, sampleDeployment)({}, change, message)
  updateChecks(replicaSets, sampleReplicaSet)({}, change, message)
  updateChecks(deployments, sampleDeployment)({}, { 'spec.template.spec.containers[0].image': 'web:2' })
})

test('status counts', () => {
  const status = (now: DeploymentStatus, before: DeploymentStatus = {}): string[] => messagesOf(
    deployments.status?.validateUpdate({ ...sampleDeployment(), status: now }, { ...sampleDeployment(), status: before }) ?? [],
  )
  assert.deepEqual(status({ replicas: 2, readyReplicas: 1, availableReplicas: 1 }), [])
  assert.deepEqual(status({ replicas: 1, readyReplicas: 2 }), ['status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas'])
  assert.deepEqual(status({ replicas: -1 }), ['status.replicas: Invalid value: -1: must be greater than or equal to 0',
    ...['updatedReplicas', 'readyReplicas', 'availableReplicas'].map((field) => `status.${field}: Invalid value: 0: cannot be greater than status.replicas`)])
  assert.deepEqual(status({ collisionCount: 1 }, { collisionCount: 2 }), ['status.collisionCount: Invalid value: 1: cannot be decremented'])
  const sets: ReplicaSetStatus = { replicas: 1, readyReplicas: 0, availableReplicas: 1 }
  assert.deepEqual(messagesOf(replicaSets.status?.validateUpdate({ ...sampleReplicaSet(), status: sets }, sampleReplicaSet()) ?? []),
    ['status.availableReplicas: Invalid value: 1: cannot be greater than readyReplicas'])
})

test('tables', () => {
  const deployment = { ...created(deployments, sampleDeployment()), status: { readyReplicas: 1, updatedReplicas: 2, availableReplicas: 0 } }
  assert.deepEqual(cellsOf(deployments, deployment), {
    Ready: '1/1', 'Up-to-date': 2, Available: 0, Age: '<unknown>', Containers: 'web', Images: 'web:1', Selector: 'app=web',
  })
  const set = { ...created(replicaSets, sampleReplicaSet()), status: { replicas: 2, readyReplicas: 1 } }
  assert.deepEqual(cellsOf(replicaSets, set), { Desired: 1, Current: 2, Ready: 1, Age: '<unknown>', Containers: 'web', Images: 'web:1', Selector: 'app=web' })
})

test('scale', () => {
  const draft = { ...created(deployments, sampleDeployment()) }
  const before = draft.spec
  deployments.scale?.setReplicas(draft, 5)
  assert.deepEqual([deployments.scale?.replicas(draft), deployments.scale?.selector(draft), before?.replicas], [5, 'app=web', 1])
})

test('a status update keeps spec and labels of a Deployment', () => {
  const old = created(deployments, sampleDeployment())
  const draft = { ...copyJson(old), status: { replicas: 1 } }
  draft.metadata.labels = { new: 'label' }
  delete draft.spec
  deployments.status?.prepareForUpdate(draft, old, context)
  assert.deepEqual(draft, { ...old, status: { replicas: 1 } })
})
