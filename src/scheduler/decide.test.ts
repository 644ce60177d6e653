import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Node, Pod, PodSpec, Taint, TopologySpreadConstraint } from '../resources/generated/types.ts'
import { node, outcome, pod, tableOf } from './scheduling.testing.ts'

function check(title: string, candidate: Pod, nodes: readonly Node[], placed: readonly (readonly [Pod, string])[], expected: string): void {
  test(title, () => assert.equal(outcome(candidate, tableOf(nodes, placed)), expected))
}

const zoneA = { zone: 'a' }
const zoneB = { zone: 'b' }
const taint = (effect: string, key = 'dedicated', value = 'db'): { taints: Taint[] } => ({ taints: [{ key, value, effect }] })
const required = (operator: string, values?: string[]): Partial<PodSpec> => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator, ...(values === undefined ? {} : { values }) }] }] } } },
})
const port = (hostPort: number, hostIP?: string): Partial<PodSpec> => ({
  containers: [{ name: 'main', ports: [{ containerPort: 80, hostPort, ...(hostIP === undefined ? {} : { hostIP }) }] }],
})
const spreadOver = (topologyKey: string, whenUnsatisfiable = 'DoNotSchedule', more: Partial<TopologySpreadConstraint> = {}): Partial<PodSpec> => ({
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey, whenUnsatisfiable, labelSelector: { matchLabels: { app: 'web' } }, ...more }],
})

check('no nodes at all', pod('p'), [], [], 'no nodes available to schedule pods')
check('one node that fits', pod('p', { cpu: '1' }), [node('n1')], [], 'n1')

check('too little cpu', pod('p', { cpu: '5' }), [node('n1'), node('n2')], [], '0/2 nodes are available: 2 Insufficient cpu.')
check('requests of other pods count', pod('p', { memory: '5Gi' }), [node('n1'), node('n2')], [[pod('a', { memory: '4Gi' }), 'n1']], 'n2')
check('a request of nothing fits a full node', pod('p'), [node('n1')], [[pod('a', { cpu: '4' }), 'n1']], 'n1')
check('every pod takes a place', pod('p'), [node('n1', {}, {}, { pods: '1' })], [[pod('a'), 'n1']], '0/1 nodes are available: 1 Too many pods.')
check('a resource that no node has', pod('p', { 'example.com/gpu': '1' }), [node('n1')], [], '0/1 nodes are available: 1 Insufficient example.com/gpu.')
check('a resource that one node has', pod('p', { 'example.com/gpu': '1' }), [node('n1'), node('n2', {}, {}, { 'example.com/gpu': '1' })], [], 'n2')
check('an init container counts as a maximum', pod('p', { cpu: '1' }, { initContainers: [{ name: 'i', resources: { requests: { cpu: '5' } } }] }), [node('n1')], [], '0/1 nodes are available: 1 Insufficient cpu.')
check('a sidecar counts beside the containers', pod('p', { cpu: '2' }, { initContainers: [{ name: 's', restartPolicy: 'Always', resources: { requests: { cpu: '3' } } }] }), [node('n1')], [], '0/1 nodes are available: 1 Insufficient cpu.')

check('a cordoned node', pod('p'), [node('n1', {}, { unschedulable: true })], [], '0/1 nodes are available: 1 node(s) were unschedulable.')
check('a taint keeps pods away', pod('p'), [node('n1', {}, taint('NoSchedule'))], [], '0/1 nodes are available: 1 node(s) had untolerated taint {dedicated: db}.')
check('a toleration lets them in', pod('p', {}, { tolerations: [{ key: 'dedicated', operator: 'Equal', value: 'db' }] }), [node('n1', {}, taint('NoExecute'))], [], 'n1')
check('a toleration of another value does not', pod('p', {}, { tolerations: [{ key: 'dedicated', value: 'web' }] }), [node('n1', {}, taint('NoSchedule'))], [], '0/1 nodes are available: 1 node(s) had untolerated taint {dedicated: db}.')
check('an empty key with Exists tolerates all', pod('p', {}, { tolerations: [{ operator: 'Exists' }] }), [node('n1', {}, taint('NoSchedule'))], [], 'n1')
check('PreferNoSchedule only makes a node worse', pod('p'), [node('n1', {}, taint('PreferNoSchedule')), node('n2')], [], 'n2')

check('nodeSelector', pod('p', {}, { nodeSelector: zoneB }), [node('n1', zoneA), node('n2', zoneB)], [], 'n2')
check('affinity In', pod('p', {}, required('In', ['b', 'c'])), [node('n1', zoneA), node('n2', zoneB)], [], 'n2')
check('affinity NotIn', pod('p', {}, required('NotIn', ['a'])), [node('n1', zoneA), node('n2')], [], 'n2')
check('affinity DoesNotExist', pod('p', {}, required('DoesNotExist')), [node('n1', zoneA)], [], "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.")
check('affinity Gt', pod('p', {}, required('Gt', ['3'])), [node('n1', { zone: '3' }), node('n2', { zone: '10' })], [], 'n2')
check('a term without requirements matches nothing', pod('p', {}, { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{}] } } } }), [node('n1')], [], "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.")
check('no node has a label constructor by itself', pod('p', {}, { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'constructor', operator: 'DoesNotExist' }] }] } } } }), [node('n1')], [], 'n1')
check('preferred affinity', pod('p', {}, { affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 10, preference: { matchExpressions: [{ key: 'zone', operator: 'Exists' }] } }] } } }), [node('n1'), node('n2', zoneA)], [], 'n2')

check('a host port that is taken', pod('p', {}, port(80)), [node('n1')], [[pod('a', {}, port(80)), 'n1']], "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.")
check('another host port', pod('p', {}, port(81)), [node('n1')], [[pod('a', {}, port(80)), 'n1']], 'n1')
check('the same port on another address', pod('p', {}, port(80, '10.0.0.2')), [node('n1')], [[pod('a', {}, port(80, '10.0.0.1')), 'n1']], 'n1')
check('every address conflicts with one', pod('p', {}, port(80)), [node('n1')], [[pod('a', {}, port(80, '10.0.0.1')), 'n1']], "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.")

check('the emptier node', pod('p', { cpu: '1' }), [node('n1'), node('n2')], [[pod('a', { cpu: '2' }), 'n1']], 'n2')
check('spread over zones', pod('p', {}, spreadOver('zone')), [node('n1', zoneA), node('n2', zoneB)], [[pod('a'), 'n1']], 'n2')
check('spread cannot be met', pod('p', {}, spreadOver('zone')), [node('n1', zoneA), node('n2', zoneB, { unschedulable: true })], [[pod('a'), 'n1']], "0/2 nodes are available: 1 node(s) didn't match pod topology spread constraints, 1 node(s) were unschedulable.")
check('tainted nodes do not count when asked', pod('p', {}, spreadOver('zone', 'DoNotSchedule', { nodeTaintsPolicy: 'Honor' })), [node('n1', zoneA), node('n2', zoneB, taint('NoSchedule'))], [[pod('a'), 'n1']], 'n1')
check('a node without the label', pod('p', {}, spreadOver('zone')), [node('n1')], [], "0/1 nodes are available: 1 node(s) didn't match pod topology spread constraints (missing required label).")
check('soft spread prefers the empty zone', pod('p', {}, spreadOver('zone', 'ScheduleAnyway')), [node('n1', zoneA), node('n2', zoneB), node('n3', zoneA)], [[pod('a'), 'n1']], 'n2')
check('pods of other labels do not count', pod('p', {}, spreadOver('zone')), [node('n1', zoneA), node('n2', zoneB)], [[pod('a', {}, {}, { app: 'db' }), 'n2'], [pod('b'), 'n1']], 'n2')

test('each node is named under the reason that keeps the pod away', () => {
  const table = tableOf([node('n1', {}, { unschedulable: true }), node('n2'), node('n3')])
  assert.equal(outcome(pod('p', { cpu: '9' }), table), '0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.')
})

test('a hundred pods of one owner spread evenly over ten nodes', () => {
  const table = tableOf(Array.from({ length: 10 }, (_, index) => node(`n${index}`)))
  const counts = new Map<string, number>()
  for (let index = 0; index < 100; index += 1) {
    const next = pod(`p${index}`, { cpu: '10m' })
    next.metadata.ownerReferences = [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'rs', uid: 'rs', controller: true }]
    const name = outcome(next, table)
    table.place(next, name)
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  assert.deepEqual(new Set(counts.values()), new Set([10]))
})
