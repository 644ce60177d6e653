import assert from 'node:assert/strict'
import { test } from 'node:test'
import { node, outcome, pod, tableOf } from './scheduling.testing.ts'

const big = pod('big', { cpu: '3' })
const small = pod('small', { cpu: '2' })

test('a pod that is assumed and then seen bound counts once', () => {
  const table = tableOf([node('n1')], [[big, 'n1'], [{ ...big, status: { phase: 'Running' } }, 'n1']])
  assert.equal(table.column('cpu')?.requested[0], 3000)
})

test('versions of a pod that share their parts: bound, resized, on its way out', () => {
  const constraint = { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'DoNotSchedule', labelSelector: { matchLabels: { app: 'web' } } }
  const table = tableOf([node('n1'), node('n2')], [[big, 'n1']])
  const counts = (): readonly number[] => table.spread.countsForConstraint(big, constraint)
  assert.deepEqual([table.column('cpu')?.requested[0], counts()[0]], [3000, 1])
  const bound = { ...big, spec: { ...big.spec, containers: big.spec?.containers ?? [], nodeName: 'n1' } }
  table.place(bound, 'n1')
  assert.deepEqual([table.column('cpu')?.requested[0], counts()[0], table.placed('big')?.pod], [3000, 1, bound])
  table.place({ ...bound, spec: { ...bound.spec, containers: small.spec?.containers ?? [] } }, 'n1')
  assert.deepEqual([table.column('cpu')?.requested[0], counts()[0]], [2000, 1])
  table.place({ ...bound, metadata: { ...bound.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }, 'n1')
  assert.deepEqual([table.column('cpu')?.requested[0], counts()[0]], [3000, 0], 'takes room to its end, and counts for no spread')
})

test('a pod that goes gives its room back', () => {
  const table = tableOf([node('n1')], [[big, 'n1']])
  assert.match(outcome(small, table), /Insufficient cpu/)
  table.removePod('big')
  assert.equal(outcome(small, table), 'n1')
})

test('a pod that was placed before its node was known counts when the node appears', () => {
  const table = tableOf([], [[big, 'n1']])
  table.setNode(node('n1'))
  assert.match(outcome(small, table), /Insufficient cpu/)
})

test('a node that goes and comes back still holds its pods; its slot is used again', () => {
  const table = tableOf([node('n1')], [[big, 'n1']])
  table.removeNode('n1')
  assert.equal(table.nodeCount, 0)
  table.setNode(node('n1'))
  assert.equal(table.slots, 1)
  assert.match(outcome(small, table), /Insufficient cpu/)
})

test('columns grow with the nodes', () => {
  const nodes = Array.from({ length: 200 }, (_, index) => node(`n${index}`, {}, {}, { cpu: index === 199 ? '64' : '1' }))
  assert.equal(outcome(pod('p', { cpu: '32' }), tableOf(nodes)), 'n199')
})

test('a node whose labels change is judged again', () => {
  const table = tableOf([node('n1')])
  const wanted = pod('p', {}, { nodeSelector: { disk: 'fast' } })
  assert.match(outcome(wanted, table), /affinity\/selector/)
  table.setNode(node('n1', { disk: 'fast' }))
  assert.equal(outcome(wanted, table), 'n1')
})
