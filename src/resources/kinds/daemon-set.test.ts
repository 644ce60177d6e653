import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DaemonSetStatus } from '../generated/types.ts'
import { sampleDaemonSet } from '../sample-workloads.testing.ts'
import { cellsOf, changed, created, createChecks, messagesOf, updateChecks, updated } from './checking.testing.ts'
import type { Change } from './checking.testing.ts'
import { daemonSets } from './daemon-set.ts'

const check = createChecks(daemonSets, sampleDaemonSet)
const ROLLING = 'spec.updateStrategy.rollingUpdate'
const GENERATION = 'deprecated.daemonset.template.generation'

test('defaults of a DaemonSet', () => {
  const { template, ...spec } = created(daemonSets, sampleDaemonSet()).spec ?? {}
  assert.deepEqual(spec, {
    selector: { matchLabels: { app: 'web' } }, revisionHistoryLimit: 10,
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
  })
  assert.equal(template?.spec?.restartPolicy, 'Always')
  const onDelete = created(daemonSets, changed(sampleDaemonSet(), { 'spec.updateStrategy.type': 'OnDelete', status: { numberReady: 5 } }))
  assert.deepEqual(onDelete.spec?.updateStrategy, { type: 'OnDelete' })
  assert.deepEqual(onDelete.status, { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 })
})

test('a DaemonSet', () => {
  check({})
  check({ spec: undefined }, 'spec.template.metadata.labels: Invalid value: {}: `selector` does not match template `labels`',
    'spec.template.spec.containers: Required value')
  check({ 'spec.selector': undefined }, 'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`')
  check({ 'spec.selector': {} }, 'spec.selector: Invalid value: {}: empty selector is invalid for daemonset')
  check({ 'spec.selector.matchLabels.app': 'db' },
    'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`')
  check({ 'spec.template.spec.restartPolicy': 'OnFailure', 'spec.template.spec.activeDeadlineSeconds': 5 },
    'spec.template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always"',
    'spec.template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in DaemonSet is not Supported')
  check({ 'spec.minReadySeconds': -1, 'spec.revisionHistoryLimit': -1 },
    'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0',
    'spec.revisionHistoryLimit: Invalid value: -1: must be greater than or equal to 0')
  check({ 'spec.updateStrategy.type': 'Fast' }, 'spec.updateStrategy: Unsupported value: {"type":"Fast"}: supported values: "RollingUpdate", "OnDelete"')
  check({ [ROLLING]: { maxSurge: 1 } }, `${ROLLING}.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero`)
  check({ [ROLLING]: { maxUnavailable: 0 } }, `${ROLLING}.maxUnavailable: Required value: cannot be 0 when maxSurge is 0`)
  check({ [ROLLING]: { maxUnavailable: 0, maxSurge: '10%' } })
  check({ [ROLLING]: { maxUnavailable: '101%' } }, `${ROLLING}.maxUnavailable: Invalid value: "101%": must not be greater than 100%`)
})

test('the selector of a DaemonSet stays', () => {
  const change = { 'spec.selector.matchLabels': { app: 'x' }, 'spec.template.metadata.labels': { app: 'x' } }
  updateChecks(daemonSets, sampleDaemonSet)({}, change, 'spec.selector: Invalid value: {"matchLabels":{"app":"x"}}: field is immutable')
})

test('changes of the template are counted', () => {
  const generation = (change: Change): string | undefined => {
    const old = created(daemonSets, sampleDaemonSet())
    return updated(daemonSets, changed(old, change), old).metadata.annotations?.[GENERATION]
  }
  assert.equal(generation({ 'metadata.annotations': undefined }), '1')
  assert.equal(generation({ 'metadata.annotations': { [GENERATION]: '7' }, 'spec.minReadySeconds': 1 }), '1')
  assert.equal(generation({ 'spec.template.spec.containers[0].image': 'web:2' }), '2')
})

test('status and table', () => {
  const status: DaemonSetStatus = {
    currentNumberScheduled: 2, desiredNumberScheduled: 3, numberMisscheduled: 0, numberReady: 1, updatedNumberScheduled: 2, numberAvailable: 1,
  }
  const set = { ...created(daemonSets, changed(sampleDaemonSet(), { 'spec.template.spec.nodeSelector': { disk: 'ssd' } })), status }
  assert.deepEqual(cellsOf(daemonSets, set), {
    Desired: 3, Current: 2, Ready: 1, 'Up-to-date': 2, Available: 1, 'Node Selector': 'disk=ssd', Age: '<unknown>', Containers: 'web', Images: 'web:1',
    Selector: 'app=web',
  })
  const problems = (now: Partial<DaemonSetStatus>): string[] => messagesOf(
    daemonSets.status?.validateUpdate({ ...set, status: { ...status, ...now } }, { ...set, status: { ...status, collisionCount: 2 } }) ?? [],
  )
  assert.deepEqual(problems({ collisionCount: 2 }), [])
  assert.deepEqual(problems({ numberReady: -1 }), [
    'status.numberReady: Invalid value: -1: must be greater than or equal to 0', 'status.collisionCount: Invalid value: 0: cannot be decremented',
  ])
})
