import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Failure } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Pod, ReplicaSet } from '../../resources/generated/types.ts'
import { NOW, ago, countingNames, lines, pod, replicaSet } from '../objects.testing.ts'
import { inDeletionOrder } from './deletion-order.ts'
import { planReplicaSet } from './plan.ts'

function plan(set: ReplicaSet, pods: readonly Pod[], failure?: Failure): ReturnType<typeof planReplicaSet> {
  return planReplicaSet({ set, pods, siblings: pods, claims: [] }, NOW, countingNames(), failure)
}

test('makes as many pods as are missing, deletes as many as are too many', () => {
  const check = (set: ReplicaSet, pods: readonly Pod[], expected: readonly string[]): void => assert.deepEqual(lines(plan(set, pods).actions), expected)
  const one = pod('web-1-a')
  const two = pod('web-1-b')
  const gone = pod('web-1-c', { deleting: true })
  const failed = pod('web-1-d', { phase: 'Failed' })
  check(replicaSet(2), [one, two], [])
  check(replicaSet(2, { actual: 1 }), [one, gone, failed], ['create pods web-1-n1', 'event SuccessfulCreate: Created pod: web-1-n1'])
  check(replicaSet(1, { actual: 2 }), [one, two], ['delete pods web-1-a', 'event SuccessfulDelete: Deleted pod: web-1-a'])
  check(replicaSet(2, { actual: 0 }), [one, two], ['patch replicasets/status web-1'])
  check(replicaSet(0), [], [])
})

test('a pod is the template with the set as its controller', () => {
  const [create] = plan(replicaSet(1, { actual: 0 }), []).actions
  assert.ok(create?.verb === 'create')
  assert.deepEqual(create.object.metadata, {
    generateName: 'web-1-', name: 'web-1-n1', namespace: 'shop', labels: { app: 'web' },
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'web-1-uid', controller: true, blockOwnerDeletion: true }],
  })
})

test('pods count as available after minReadySeconds; the plan wakes then', () => {
  const pods = [pod('a', { readyFor: 40 }), pod('b', { readyFor: 10 }), pod('c', { ready: false })]
  const { actions, wakeAt } = plan(replicaSet(3, { actual: 0, minReadySeconds: 30 }), pods)
  assert.equal(wakeAt, NOW + 20_000)
  const [status] = actions
  assert.ok(status?.verb === 'patch' && status.patch.type === 'merge')
  assert.deepEqual(status.patch.body, {
    metadata: { uid: 'web-1-uid' },
    status: { replicas: 3, fullyLabeledReplicas: 3, readyReplicas: 2, availableReplicas: 1, observedGeneration: 1 },
  })
})

test('a refusal is told before the next attempt', () => {
  const set = replicaSet(1, { actual: 0 })
  const failure: Failure = { action: { verb: 'create', kind: kinds.Pod, object: pod('x') }, code: 403, message: 'exceeded quota', at: NOW, attempts: 1 }
  const { actions, why } = plan(set, [], failure)
  assert.deepEqual(lines(actions), [
    'event FailedCreate: Error creating: exceeded quota', 'patch replicasets/status web-1', 'create pods web-1-n1', 'event SuccessfulCreate: Created pod: web-1-n1',
  ])
  assert.equal(why, 'Has 0 of 1 pods; the last change was refused: exceeded quota')
  const status = actions[1]
  assert.ok(status?.verb === 'patch' && status.patch.type === 'merge' && 'status' in status.patch.body)
  assert.deepEqual(status.patch.body.status, {
    replicas: 0, observedGeneration: 1,
    conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message: 'exceeded quota', lastTransitionTime: ago(0) }],
  })
})

test('the order of deletion', () => {
  const check = (first: Pod, second: Pod): void => {
    const order = inDeletionOrder([second, first], [first, second], NOW).map(({ metadata }) => metadata.name)
    assert.deepEqual(order, [first.metadata.name, second.metadata.name])
  }
  const cost = (value: string): Record<string, string> => ({ 'controller.kubernetes.io/pod-deletion-cost': value })
  check(pod('unassigned', { node: '' }), pod('pending', { phase: 'Pending' }))
  check(pod('pending', { phase: 'Pending' }), pod('unknown', { phase: 'Unknown' }))
  check(pod('unknown', { phase: 'Unknown' }), pod('running', { ready: false }))
  check(pod('not-ready', { ready: false, annotations: cost('100') }), pod('ready'))
  check(pod('cheap', { annotations: cost('-5'), readyFor: 900 }), pod('dear'))
  check(pod('ready-lately', { readyFor: 5 }), pod('ready-long', { readyFor: 500 }))
  check(pod('restarted', { restarts: 3 }), pod('calm'))
  check(pod('younger', { age: 100 }), pod('older', { age: 5_000 }))
  check(pod('uid-a', { age: 100 }), pod('uid-b', { age: 101 }))
})

test('a node with several siblings gives one up first', () => {
  const [a, b, c] = [pod('a', { node: 'n1' }), pod('b', { node: 'n2' }), pod('c', { node: 'n2' })]
  assert.deepEqual(inDeletionOrder([a, b, c], [a, b, c], NOW).map(({ metadata }) => metadata.name), ['b', 'c', 'a'])
})
