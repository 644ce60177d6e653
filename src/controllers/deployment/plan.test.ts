import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Failure, Plan } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Deployment, ReplicaSet } from '../../resources/generated/types.ts'
import { NOW, ago, countingNames, deployment, lines, podTemplate, replicaSet } from '../objects.testing.ts'
import { newSetAnnotations, nextRevision, rolloutOf } from './history.ts'
import type { DeploymentView } from './plan.ts'
import { planDeployment } from './plan.ts'
import { scalings } from './proportional.ts'
import { newSetSize, oldSetScalings } from './rolling.ts'
import { bounds } from './rollout.ts'
import { sameTemplate, templateHash } from './template-hash.ts'

type Strategy = NonNullable<NonNullable<Deployment['spec']>['strategy']>

function rolling(maxSurge: number | string, maxUnavailable: number | string): Strategy {
  return { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } }
}

test('percentages round as users know it', () => {
  const check = (replicas: number, strategy: Strategy, maxSurge: number, maxUnavailable: number): void => {
    assert.deepEqual(bounds(deployment(replicas, { spec: { strategy } })), { maxSurge, maxUnavailable })
  }
  check(10, rolling('25%', '25%'), 3, 2)
  check(3, rolling('25%', '25%'), 1, 0)
  check(1, rolling('0%', '25%'), 0, 1)
  check(2, rolling(0, 0), 0, 1)
  check(2, rolling(5, 5), 5, 2)
  check(0, rolling('25%', '25%'), 0, 0)
  check(4, { type: 'Recreate' }, 0, 0)
})

test('how far the new ReplicaSet may grow and the old ones shrink', () => {
  const check = (replicas: number, strategy: Strategy, fresh: ReplicaSet, old: readonly ReplicaSet[], grows: number, shrink: Record<string, number>): void => {
    const rollout = rolloutOf(deployment(replicas, { spec: { strategy, template: podTemplate('web:2') } }), [fresh, ...old])
    assert.equal(newSetSize(rollout), grows)
    assert.deepEqual(Object.fromEntries(oldSetScalings(rollout).map(({ set, size }) => [set.metadata.name, size])), shrink)
  }
  const fresh = (size: number, available = size): ReplicaSet => replicaSet(size, { name: 'new', image: 'web:2', available, age: 10 })
  check(10, rolling(3, 2), fresh(0), [replicaSet(10)], 3, { 'web-1': 8 })
  check(10, rolling(3, 2), fresh(3, 0), [replicaSet(10)], 3, { 'web-1': 8 })
  check(10, rolling(3, 2), fresh(3, 0), [replicaSet(8)], 5, {})
  check(10, rolling(3, 2), fresh(3), [replicaSet(8)], 5, { 'web-1': 5 })
  check(10, rolling(3, 2), fresh(5, 0), [replicaSet(8, { available: 3 })], 5, {})
  check(10, rolling(3, 2), fresh(0), [replicaSet(10, { available: 5 })], 3, { 'web-1': 8 })
  check(10, rolling(2, 0), fresh(2), [replicaSet(10, { available: 8 })], 2, { 'web-1': 8 })
  check(4, rolling(1, 0), fresh(4), [replicaSet(1)], 4, { 'web-1': 0 })
  check(4, rolling(1, 0), fresh(6), [], 4, {})
  check(6, rolling(0, 2), fresh(1), [replicaSet(2, { name: 'a', available: 0 }), replicaSet(3, { name: 'b', age: 50 })], 1, { a: 0 })
})

test('a new size is shared in proportion', () => {
  const check = (replicas: number, sets: readonly ReplicaSet[], expected: Record<string, number>): void => {
    const rollout = rolloutOf(deployment(replicas, { spec: { strategy: rolling(2, 1), template: podTemplate('web:2') } }), sets)
    assert.deepEqual(Object.fromEntries(scalings(rollout).map(({ set, size }) => [set.metadata.name, size])), expected)
  }
  const fresh = (size: number, max = 12, desired = 10): ReplicaSet => replicaSet(size, { name: 'new', image: 'web:2', age: 10, desired, max })
  const old = (size: number, max = 12, desired = 10): ReplicaSet => replicaSet(size, { name: 'old', desired, max })
  check(20, [fresh(4), old(8)], { old: 15, new: 7 })
  check(5, [fresh(4), old(8)], { old: 5, new: 2 })
  check(0, [fresh(4), old(8)], { old: 0, new: 0 })
  check(7, [fresh(3)], { new: 7 })
  check(7, [fresh(0), old(3)], { old: 7 })
  check(10, [fresh(10), old(2)], { old: 0 })
})

test('Recreate ends adopted ReplicaSets of another size instead of waiting for a share', () => {
  const adopted = [replicaSet(2, { name: 'a', image: 'web:1', desired: 4, max: 5 }), replicaSet(1, { name: 'b', image: 'web:2', desired: 4, max: 5, age: 5 })]
  const wanted = deployment(2, { spec: { strategy: { type: 'Recreate' }, template: podTemplate('web:3') } })
  const { actions } = planDeployment({ deployment: wanted, sets: adopted, oldPodsRun: true, nameIsTaken: false, claims: [] }, NOW, countingNames(), undefined)
  const sizes = actions.flatMap((action) => (action.verb === 'update' && action.kind === kinds.ReplicaSet ? [action.object.metadata.name, (action.object as ReplicaSet).spec?.replicas] : []))
  assert.deepEqual(sizes, ['a', 0, 'b', 0])
})

test('whatever the sizes, shares add up to what is allowed', () => {
  const size = fc.integer({ min: 1, max: 50 })
  fc.assert(fc.property(size, size, size, fc.integer({ min: 0, max: 60 }), (a, b, before, replicas) => {
    const sets = [replicaSet(a, { name: 'a', max: before, desired: before }), replicaSet(b, { name: 'b', max: before, desired: before, age: 5 })]
    const rollout = rolloutOf(deployment(replicas, { spec: { strategy: rolling(1, 0), template: podTemplate('web:9') } }), sets)
    const total = scalings(rollout).reduce((sum, scaling) => sum + scaling.size, 0)
    assert.equal(total, replicas === 0 ? 0 : replicas + 1)
  }))
})

test('revisions grow; a rollback keeps the history', () => {
  const old = replicaSet(0, { name: 'a', image: 'web:1', revision: 1 })
  const recent = replicaSet(3, { name: 'b', image: 'web:2', revision: 2, age: 10 })
  const rollout = rolloutOf(deployment(3, { annotations: { team: 'shop', 'deployment.kubernetes.io/revision': '2' } }), [old, recent])
  assert.equal(rollout.newSet, old)
  assert.equal(nextRevision(rollout), 3)
  assert.deepEqual(newSetAnnotations(rollout), { team: 'shop', 'deployment.kubernetes.io/revision': '3', 'deployment.kubernetes.io/revision-history': '1' })
})

test('the hash depends on the template and the collisions, not on the order of fields', () => {
  const template = podTemplate()
  const reordered = { spec: template.spec, metadata: template.metadata } as typeof template
  assert.match(templateHash(template, 0), /^[bcdfghjklmnpqrstvwxz2456789]+$/)
  assert.equal(templateHash(reordered, 0), templateHash(template, 0))
  assert.notEqual(templateHash(template, 1), templateHash(template, 0))
  assert.notEqual(templateHash(podTemplate('web:2'), 0), templateHash(template, 0))
  assert.equal(sameTemplate({ ...template, metadata: { labels: { app: 'web', 'pod-template-hash': 'x' } } }, template), true)
})

function plan(view: Partial<DeploymentView> & { deployment: Deployment }, failure?: Failure): Plan {
  return planDeployment({ sets: [], oldPodsRun: false, nameIsTaken: false, claims: [], ...view }, NOW, countingNames(), failure)
}

const hash = templateHash(podTemplate(), 0)

function statusIn({ actions }: Plan): { conditions?: readonly { type: string; status: string; reason?: string; message?: string }[] } {
  const write = actions.find((action) => action.verb === 'patch' && action.patch.type === 'merge' && 'status' in action.patch.body)
  assert.ok(write?.verb === 'patch' && write.patch.type === 'merge' && 'status' in write.patch.body)
  return write.patch.body.status as ReturnType<typeof statusIn>
}

function progressIn(result: Plan): string {
  const condition = statusIn(result).conditions?.find(({ type }) => type === 'Progressing')
  return `${condition?.status} ${condition?.reason}: ${condition?.message}`
}

test('creation', () => {
  const created = plan({ deployment: deployment(3) })
  assert.deepEqual(lines(created.actions), [
    `create replicasets web-${hash}`, `event ScalingReplicaSet: Scaled up replica set web-${hash} from 0 to 3`, 'patch deployments/status web', 'patch deployments/status web',
  ])
  assert.equal(progressIn(created), `True NewReplicaSetCreated: Created new replica set "web-${hash}"`)
  assert.equal(created.wakeAt, NOW + 601_000)
  const taken = plan({ deployment: deployment(3), nameIsTaken: true })
  assert.deepEqual(lines(taken.actions), ['patch deployments/status web'])
  assert.match(taken.why, /collision 1/)
  const action = created.actions[0]
  assert.ok(action?.verb === 'create')
  const refused = plan({ deployment: deployment(3) }, { action: { ...action, kind: kinds.ReplicaSet }, code: 403, message: 'no quota', at: NOW, attempts: 1 })
  assert.deepEqual(lines(refused.actions.slice(0, 3)), [
    `event FailedCreate: Failed to create new replica set "web-${hash}": no quota`, 'patch deployments/status web', `create replicasets web-${hash}`,
  ])
  assert.equal(progressIn(refused), `False ReplicaSetCreateError: Failed to create new replica set "web-${hash}": no quota`)
})

test('progress: complete, progressing, timed out', () => {
  const owner = deployment(2)
  const set = (available: number): ReplicaSet => replicaSet(2, { available, ready: available, revision: 1, desired: 2, max: 3, owner })
  const running = (updated: number, lastUpdate: number): Deployment => deployment(2, {
    annotations: { 'deployment.kubernetes.io/revision': '1' },
    status: {
      observedGeneration: 1, replicas: 2, updatedReplicas: updated, readyReplicas: 1, availableReplicas: 1, unavailableReplicas: 1,
      conditions: [{ type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', lastUpdateTime: ago(lastUpdate), lastTransitionTime: ago(900) }],
    },
  })
  assert.equal(progressIn(plan({ deployment: running(2, 5), sets: [set(2)] })), 'True NewReplicaSetAvailable: ReplicaSet "web-1" has successfully progressed.')
  assert.equal(progressIn(plan({ deployment: running(1, 5), sets: [set(1)] })), 'True ReplicaSetUpdated: ReplicaSet "web-1" is progressing.')
  assert.equal(progressIn(plan({ deployment: running(2, 601), sets: [set(1)] })), 'False ProgressDeadlineExceeded: ReplicaSet "web-1" has timed out progressing.')
})

test('old revisions beyond the limit go when the rollout is complete', () => {
  const sets = [1, 2, 3].map((revision) => replicaSet(0, { name: `old-${revision}`, image: `web:${revision}x`, revision }))
  const fresh = replicaSet(2, { revision: 4, desired: 2, max: 3 })
  const complete = { observedGeneration: 1, replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2 }
  const annotations = { 'deployment.kubernetes.io/revision': '4' }
  const result = plan({ deployment: deployment(2, { status: complete, spec: { revisionHistoryLimit: 1 }, annotations }), sets: [fresh, ...sets] })
  assert.deepEqual(lines(result.actions), ['delete replicasets old-1', 'delete replicasets old-2', 'patch deployments/status web'])
})
