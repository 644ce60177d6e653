import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sameJson } from '../objects/json.ts'
import type { ClusterRole, Pod, Taint, Toleration } from '../resources/generated/types.ts'
import { allControllers } from './all.ts'
import { NOW, ago, lines, namespace, pod } from './objects.testing.ts'
import { planPodGarbage } from './pod-garbage-collector/plan.ts'
import { planAggregation } from './role-aggregation/controller.ts'
import { planRootCa } from './root-ca/controller.ts'
import { planServiceAccount } from './serviceaccount/controller.ts'
import { planEviction } from './taint-eviction/controller.ts'
import { kinds } from '../resources/generated/kinds.ts'

test('every namespace gets a service account and the root certificate', () => {
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }
  assert.deepEqual(lines(planServiceAccount({ namespace: namespace(), account: undefined }).actions), ['create serviceaccounts default'])
  assert.deepEqual(planServiceAccount({ namespace: namespace(), account }).actions, [])
  assert.deepEqual(planServiceAccount({ namespace: namespace({ deleting: true }), account: undefined }).actions, [])
  const configMap = (text: string): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kube-root-ca.crt' }, data: { 'ca.crt': text } })
  const check = (found: object | undefined, expected: readonly string[]): void => {
    const view = { namespace: namespace(), configMap: found as Parameters<typeof planRootCa>[0]['configMap'], rootCertificate: 'PEM' }
    assert.deepEqual(lines(planRootCa(view).actions), expected)
  }
  check(undefined, ['create configmaps kube-root-ca.crt'])
  check(configMap('PEM'), [])
  check(configMap('forged'), ['update configmaps kube-root-ca.crt'])
})

test('evictions by taint', () => {
  const key = 'node.kubernetes.io/unreachable'
  const check = (tolerations: Toleration[], taints: readonly Partial<Taint>[], expected: 'now' | 'never' | number): void => {
    const { actions, wakeAt } = planEviction({ pod: pod('a', { spec: { tolerations } }), taints: taints.map((taint) => ({ key, effect: 'NoExecute', timeAdded: ago(100), ...taint })) }, NOW)
    assert.equal(actions.length > 0 ? 'now' : wakeAt === undefined ? 'never' : (wakeAt - NOW) / 1000, expected)
  }
  check([], [{}], 'now')
  check([{ operator: 'Exists' }], [{}], 'never')
  check([{ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }], [{}], 200)
  check([{ key, operator: 'Exists', tolerationSeconds: 60 }], [{}], 'now')
  check([{ key, operator: 'Exists', tolerationSeconds: 300 }, { operator: 'Exists', tolerationSeconds: 150 }], [{}], 50)
  check([{ key, operator: 'Exists' }], [{}, { key: 'maintenance' }], 'now')
  check([{ key, value: 'x' }], [{ value: 'y' }], 'now')
  check([{ key, value: 'x' }], [{ value: 'x' }], 'never')
  check([{ key, operator: 'Exists', effect: 'NoSchedule' }], [{}], 'now')
  assert.deepEqual(lines(planEviction({ pod: pod('a'), taints: [{ key, effect: 'NoExecute' }] }, NOW).actions), [
    'event TaintManagerEviction: Marking for deletion Pod shop/a', 'patch pods/status a', 'delete pods a',
  ])
})

test('pods that nobody else removes', () => {
  const check = (given: Pod, orphaned: boolean, expected: readonly string[], wakeInMs?: number): void => {
    const { actions, wakeAt } = planPodGarbage({ pod: given, orphaned }, NOW)
    assert.deepEqual(lines(actions), expected)
    assert.equal(wakeAt === undefined ? undefined : wakeAt - NOW, wakeInMs)
  }
  const marked = (seconds: number): Pod => {
    const { status, ...rest } = pod('a')
    return { ...rest, status: { ...status, conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC', lastTransitionTime: ago(seconds) }] } }
  }
  check(pod('a', { node: '', deleting: true }), false, ['delete pods a'])
  check(pod('a'), true, ['expect-absent nodes node-1', 'patch pods/status a'])
  check(marked(10), true, [], 30_000)
  check(marked(41), true, ['expect-absent nodes node-1', 'patch pods/status a', 'delete pods a'])
  const finished = [pod('old', { phase: 'Succeeded', age: 900 }), pod('new', { phase: 'Failed', age: 10 })]
  assert.deepEqual(lines(planPodGarbage({ finished, maxFinishedPods: 1 }, NOW).actions), ['delete pods old'])
  assert.deepEqual(planPodGarbage({ finished, maxFinishedPods: 2 }, NOW).actions, [])
})

test('aggregated roles take each rule once', () => {
  const role = (name: string, verbs: readonly string[]): ClusterRole => {
    return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name }, rules: verbs.map((verb) => ({ apiGroups: [''], resources: ['pods'], verbs: [verb] })) }
  }
  const admin = { ...role('admin', []), aggregationRule: { clusterRoleSelectors: [{}] } }
  const [update] = planAggregation({ role: admin, parts: [role('a', ['get', 'list']), role('b', ['get', 'watch'])] }).actions
  assert.ok(update?.verb === 'update' && 'rules' in update.object)
  assert.ok(sameJson(update.object.rules, role('', ['get', 'list', 'watch']).rules))
  assert.deepEqual(planAggregation({ role: { ...admin, rules: role('', ['get']).rules ?? [] }, parts: [role('a', ['get'])] }).actions, [])
})

test('all controllers have names of their own and read only kinds that are stored', () => {
  const stored = [kinds.Namespace, kinds.Pod, kinds.Event, kinds.EventsV1Event, kinds.AutoscalingV1HorizontalPodAutoscaler, kinds.HorizontalPodAutoscaler]
  const controllers = allControllers({ rootCertificate: 'PEM', storedKinds: stored, startedAt: NOW, signSecretToken: () => 'token', issueCertificate: () => ({ ok: false, problem: 'there is no authority' }) })
  assert.equal(new Set(controllers.map(({ name }) => name)).size, controllers.length)
  const collected = controllers.find(({ name }) => name === 'garbage-collector')?.reads.map(({ kind }) => `${kind.plural} ${kind.version}`)
  assert.deepEqual(collected, ['namespaces v1', 'pods v1', 'horizontalpodautoscalers v2'])
})
