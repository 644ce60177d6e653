import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FlowSchema, PriorityLevelConfiguration } from '../../resources/generated/types.ts'
import type { User } from '../access.ts'
import { bootstrapFlowSchemas, bootstrapPriorityLevels } from '../bootstrap/flow-control.ts'
import { parseRequest } from '../request-info.ts'
import { FlowControl } from './flow-control.ts'
import { oneSeat } from './work-estimate.ts'

function user(name: string, ...groups: readonly string[]): User {
  return { name, uid: '', groups: [...groups, 'system:authenticated'], extra: {} }
}

function request(line: string): ReturnType<typeof parseRequest> {
  const [method = '', url = ''] = line.split(' ')
  const [path = '', query = ''] = url.split('?')
  return parseRequest(method, path, new URLSearchParams(query))
}

const admin = user('admin', 'system:masters')
const node = user('system:node:n1', 'system:nodes')
const web = user('system:serviceaccount:shop:web', 'system:serviceaccounts', 'system:serviceaccounts:shop')
const dns = user('system:serviceaccount:kube-system:coredns', 'system:serviceaccounts')
const endpoints = user('system:serviceaccount:kube-system:endpoint-controller', 'system:serviceaccounts')
const alice = user('alice')
const nobody: User = { name: 'system:anonymous', uid: '', groups: ['system:unauthenticated'], extra: {} }
const stranger: User = { name: 'stranger', uid: '', groups: [], extra: {} }

test('the schemas that every cluster has match as upstream', () => {
  const control = new FlowControl(600, 0)
  control.configure({ schemas: bootstrapFlowSchemas(), levels: bootstrapPriorityLevels() }, 0)
  const check = (by: User, line: string, expected: string): void => {
    const schema = control.classify(by, request(line))
    assert.equal(`${schema.name} -> ${schema.level.name}`, expected, `${by.name} ${line}`)
  }
  const lease = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/x'
  const pods = '/api/v1/namespaces/shop/pods'
  check(admin, `GET ${pods}`, 'exempt -> exempt')
  check(nobody, 'GET /readyz', 'probes -> exempt')
  check(nobody, 'GET /readyz/etcd', 'global-default -> global-default')
  check(user('system:kube-scheduler'), `PUT ${lease}`, 'system-leader-election -> leader-election')
  check(user('system:kube-scheduler'), `GET ${pods}`, 'kube-scheduler -> workload-high')
  check(endpoints, 'PUT /api/v1/namespaces/shop/endpoints/x', 'endpoint-controller -> workload-high')
  check(endpoints, `DELETE ${pods}/x`, 'kube-system-service-accounts -> workload-high')
  check(dns, `PUT ${lease}`, 'system-leader-election -> leader-election')
  check(dns, 'PUT /api/v1/namespaces/kube-system/configmaps/x', 'workload-leader-election -> leader-election')
  check(node, 'PATCH /api/v1/nodes/n1/status', 'system-node-high -> node-high')
  check(node, `GET ${pods}`, 'system-nodes -> system')
  check(web, `GET ${pods}`, 'service-accounts -> workload-low')
  check(alice, `GET ${pods}`, 'global-default -> global-default')
  check(stranger, `GET ${pods}`, 'catch-all -> catch-all')
})

function schema(name: string, matchingPrecedence: number, rules: object): FlowSchema {
  const spec = { matchingPrecedence, priorityLevelConfiguration: { name: 'own' }, rules: [{ subjects: [{ kind: 'User', user: { name: '*' } }], ...rules }] }
  return { apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'FlowSchema', metadata: { name }, spec } as FlowSchema
}

const own: PriorityLevelConfiguration = {
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'PriorityLevelConfiguration', metadata: { name: 'own', uid: 'u1' },
  spec: { type: 'Limited', limited: { nominalConcurrencyShares: 10, limitResponse: { type: 'Queue', queuing: { queues: 4, handSize: 2 } } } },
}

test('rules: verbs, groups, resources with subresources, namespaces, paths', () => {
  const check = (rules: object, line: string, expected: boolean): void => {
    const control = new FlowControl(100, 0)
    control.configure({ schemas: [schema('mine', 500, rules)], levels: [own] }, 0)
    assert.equal(control.classify(alice, request(line)).name, expected ? 'mine' : 'catch-all', `${JSON.stringify(rules)} ${line}`)
  }
  const rule = { verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['shop'] }
  const pod = 'GET /api/v1/namespaces/shop/pods/x'
  check({ resourceRules: [rule] }, pod, true)
  check({ resourceRules: [rule] }, 'GET /api/v1/namespaces/shop/pods/x/status', false)
  check({ resourceRules: [{ ...rule, resources: ['pods/status'] }] }, 'GET /api/v1/namespaces/shop/pods/x/status', true)
  check({ resourceRules: [{ ...rule, verbs: ['list'] }] }, pod, false)
  check({ resourceRules: [{ ...rule, apiGroups: ['apps'] }] }, pod, false)
  check({ resourceRules: [{ ...rule, namespaces: ['other'] }] }, pod, false)
  check({ resourceRules: [{ ...rule, verbs: ['*'], resources: ['*'], namespaces: ['*'] }] }, 'GET /api/v1/nodes/n1', false)
  check({ resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true }] }, 'GET /api/v1/nodes/n1', true)
  check({ resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true }] }, pod, false)
  check({ nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/metrics'] }] }, 'GET /metrics', true)
  check({ nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz/*'] }] }, 'GET /healthz/etcd', true)
  check({ nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz/*'] }] }, 'GET /healthz', false)
  check({ nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }] }, 'GET /version', true)
})

test('the lower precedence is asked first, then the name; a schema without its level matches nothing', () => {
  const control = new FlowControl(100, 0)
  const all = { nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }] }
  const asked = (): string => control.classify(alice, request('GET /version')).name
  control.configure({ schemas: [schema('b', 500, all), schema('a', 500, all), schema('c', 400, all)], levels: [own] }, 0)
  assert.equal(asked(), 'c')
  control.configure({ schemas: [schema('b', 500, all), schema('a', 500, all)], levels: [own] }, 0)
  assert.equal(asked(), 'a')
  control.configure({ schemas: [schema('b', 500, all)], levels: [] }, 0)
  assert.equal(asked(), 'catch-all')
})

test('seats that nobody uses are lent every ten seconds', () => {
  const control = new FlowControl(100, 0)
  control.configure({ schemas: [], levels: [own, { ...own, metadata: { name: 'idle' }, spec: { type: 'Limited', limited: { nominalConcurrencyShares: 10, lendablePercent: 100 } } }] }, 0)
  const levels = new Map(Array.from(control.levels, (level) => [level.name, level]))
  const busy = levels.get('own')
  assert(busy !== undefined)
  assert.deepEqual([busy.limits.nominal, busy.queues.seats], [40, 40])
  control.adjust(0)
  const asking = { work: oneSeat, schema: control.classify(alice, request('GET /version')), request: { user: alice, info: request('GET /version') } }
  for (let index = 0; index < 40; index++) busy.queues.enter([0], asking, 0)
  for (let index = 0; index < 40; index++) busy.queues.wait([0], asking, 0, () => {})
  assert.deepEqual(control.adjust(9_999), [])
  assert(control.adjust(10_000).length > 0)
  assert(busy.queues.seats > 70, String(busy.queues.seats))
  assert.deepEqual([busy.lastDemand.highest, Math.round(busy.targetSeats)], [80, 80])
})

test('a level whose object is gone is drained', () => {
  const control = new FlowControl(100, 0)
  control.configure({ schemas: [], levels: [own] }, 0)
  const [level] = Array.from(control.levels).filter(({ name }) => name === 'own')
  assert(level !== undefined)
  const asking = { work: oneSeat, schema: control.classify(alice, request('GET /version')), request: { user: alice, info: request('GET /version') } }
  const ticket = level.queues.enter([0], asking, 0)
  control.configure({ schemas: [], levels: [] }, 0)
  assert.deepEqual(control.quiescing, [level])
  level.queues.leave(ticket, 1)
  control.adjust(0)
  control.adjust(10_000)
  assert.deepEqual(control.quiescing, [])
})
