import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Lease, Node, Pod } from '../../resources/generated/types.ts'
import { NOW, ago, lines, node, pod } from '../objects.testing.ts'
import { planNode } from './plan.ts'
import { wantedTaints } from './taints.ts'

function lease(renewed: number): Lease {
  return { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name: 'node-1', namespace: 'kube-node-lease' }, spec: { renewTime: ago(renewed) } }
}

interface Given {
  readonly node: Node
  readonly lease?: Lease
  readonly others?: readonly Node[]
  readonly pods?: readonly Pod[]
  readonly startedSecondsAgo?: number
}

function plan(given: Given): ReturnType<typeof planNode> {
  const { others = [node('healthy')], pods = [], startedSecondsAgo = 1_000 } = given
  return planNode({ node: given.node, lease: given.lease, zone: () => [given.node, ...others], pods, startedAt: NOW - startedSecondsAgo * 1000 }, NOW)
}

test('a silent node becomes Unknown, is tainted, and its pods are not ready', () => {
  const check = (given: Given, expected: readonly string[], wakeInMs: number | undefined, why: RegExp): void => {
    const { actions, wakeAt, why: said } = plan(given)
    assert.deepEqual(lines(actions), expected)
    assert.equal(wakeAt === undefined ? undefined : wakeAt - NOW, wakeInMs)
    assert.match(said, why)
  }
  const silent = node('node-1', { heartbeat: 300 })
  check({ node: silent, lease: lease(10) }, [], 30_001, /^The node is ready/)
  check({ node: node('node-1', { heartbeat: 20 }) }, [], 20_001, /ready/)
  check({ node: silent, lease: lease(41), startedSecondsAgo: 30 }, [], 10_001, /ready/)
  const fall = ['patch nodes/status node-1', 'event NodeNotReady: Node node-1 status is now: NodeNotReady', 'patch nodes node-1']
  check({ node: silent, lease: lease(41), pods: [pod('a'), pod('b', { ready: false })] }, [...fall, 'patch pods/status a'], undefined, /silent for 41 s: its pods are evicted/)
})

test('the pods of a node that speaks are its own to judge, also when it says that it is not ready', () => {
  const { actions } = plan({ node: node('node-1', { ready: 'False', heartbeat: 5 }), lease: lease(5), pods: [pod('a')] })
  assert.deepEqual(lines(actions).filter((line) => line.includes('pods')), [])
})

test('what the conditions and taints say', () => {
  const [status, , taint] = plan({ node: node('node-1', { heartbeat: 300 }) }).actions
  assert.ok(status?.verb === 'patch' && status.patch.type === 'merge' && 'status' in status.patch.body)
  const { conditions } = status.patch.body.status as { conditions: { type: string; status: string; reason: string }[] }
  assert.deepEqual(conditions.map(({ type, status: state, reason }) => `${type} ${state} ${reason}`), [
    'Ready Unknown NodeStatusUnknown', 'MemoryPressure Unknown NodeStatusNeverUpdated', 'DiskPressure Unknown NodeStatusNeverUpdated', 'PIDPressure Unknown NodeStatusNeverUpdated',
  ])
  assert.ok(taint?.verb === 'patch' && taint.patch.type === 'merge')
  const timeAdded = ago(0)
  assert.deepEqual(taint.patch.body, {
    metadata: { uid: 'node-1-uid' },
    spec: { taints: [{ key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule', timeAdded }, { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded }] },
  })
})

test('when a whole zone is down nothing is evicted', () => {
  const down = (name: string): Node => node(name, { ready: 'Unknown', heartbeat: 300 })
  const effects = (others: readonly Node[]): readonly string[] => {
    const action = plan({ node: node('node-1', { heartbeat: 300 }), others }).actions[2]
    assert.ok(action?.verb === 'patch' && action.patch.type === 'merge' && 'spec' in action.patch.body)
    return (action.patch.body.spec as { taints: { effect: string }[] }).taints.map(({ effect }) => effect)
  }
  assert.deepEqual(effects([]), ['NoSchedule'])
  assert.deepEqual(effects([down('b'), down('c')]), ['NoSchedule'])
  assert.deepEqual(effects([down('b'), down('c'), node('d')]), ['NoSchedule'])
  assert.deepEqual(effects([down('b'), node('c'), node('d')]), ['NoSchedule', 'NoExecute'])
})

test('a zone that is down is looked at again: a node may have joined it', () => {
  const wake = (given: Given): number | undefined => {
    const { wakeAt } = plan(given)
    return wakeAt === undefined ? undefined : wakeAt - NOW
  }
  assert.equal(wake({ node: node('node-1', { heartbeat: 300 }), others: [] }), 30_000)
  assert.equal(wake({ node: node('node-1', { ready: 'False', heartbeat: 5 }), others: [] }), 30_000)
  assert.equal(wake({ node: node('node-1', { ready: 'False', heartbeat: 35 }), others: [] }), 5_001)
})

test('taints follow the conditions; those of others stay', () => {
  const check = (given: Node, conditions: readonly { type: string; status: string }[], expected: readonly string[]): void => {
    assert.deepEqual(wantedTaints(given, conditions, true, NOW).map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`), expected)
  }
  const foreign = { key: 'gpu', effect: 'NoSchedule' }
  const stale = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute', timeAdded: ago(9) }
  check(node('n', { taints: [stale, foreign] }), [{ type: 'Ready', status: 'True' }], ['gpu:NoSchedule'])
  check(node('n', { taints: [foreign] }), [{ type: 'Ready', status: 'False' }], ['gpu:NoSchedule', 'not-ready:NoSchedule', 'not-ready:NoExecute'])
  check({ ...node('n'), spec: { unschedulable: true } }, [{ type: 'MemoryPressure', status: 'True' }], ['memory-pressure:NoSchedule', 'unschedulable:NoSchedule'])
})
