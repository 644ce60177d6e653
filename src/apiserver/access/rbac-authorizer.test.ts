import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RbacV1Subject } from '../../resources/generated/types.ts'
import type { RequestInfo, User } from '../access.ts'
import { denial } from './denial.ts'
import { infoOf, readerOf, urlInfo, userNamed } from './object-reader.testing.ts'
import { RbacAuthorizer } from './rbac-authorizer.ts'
import { ruleAllows } from './rule-match.ts'

const apiVersion = 'rbac.authorization.k8s.io/v1'
const group = 'rbac.authorization.k8s.io'

const clusterRole = (name: string, rules: PolicyRule[]): ClusterRole => ({ apiVersion, kind: 'ClusterRole', metadata: { name }, rules })
const role = (namespace: string, name: string, rules: PolicyRule[]): Role => ({ apiVersion, kind: 'Role', metadata: { name, namespace }, rules })
const clusterBinding = (name: string, to: string, ...subjects: RbacV1Subject[]): ClusterRoleBinding =>
  ({ apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, roleRef: { apiGroup: group, kind: 'ClusterRole', name: to }, subjects })
const binding = (namespace: string, name: string, kind: string, to: string, ...subjects: RbacV1Subject[]): RoleBinding =>
  ({ apiVersion, kind: 'RoleBinding', metadata: { name, namespace }, roleRef: { apiGroup: group, kind, name: to }, subjects })

const objects: KubeObject[] = [
  clusterRole('view', [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }]),
  clusterRole('probe', [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/metrics/*'] }]),
  role('shop', 'deployer', [{ verbs: ['*'], apiGroups: ['apps'], resources: ['deployments', '*/scale'] }]),
  role('shop', 'one-secret', [{ verbs: ['get', 'update'], apiGroups: [''], resources: ['secrets'], resourceNames: ['tls'] }]),
  clusterBinding('viewers', 'view', { kind: 'Group', name: 'viewers' }),
  clusterBinding('probes', 'probe', { kind: 'User', name: 'prober' }),
  clusterBinding('broken', 'gone', { kind: 'User', name: 'orphan' }),
  binding('shop', 'deployers', 'Role', 'deployer', { kind: 'User', name: 'anna' }, { kind: 'ServiceAccount', name: 'ci' }),
  binding('shop', 'shop-view', 'ClusterRole', 'view', { kind: 'ServiceAccount', name: 'ci', namespace: 'build' }),
  binding('shop', 'secret-readers', 'Role', 'one-secret', { kind: 'User', name: 'anna' }),
]

test('decisions', () => {
  const rbac = new RbacAuthorizer(readerOf(objects), () => 1)
  const [anna, viewer] = [userNamed('anna'), userNamed('victor', 'viewers')]
  const ciShop = userNamed('system:serviceaccount:shop:ci')
  const ciBuild = userNamed('system:serviceaccount:build:ci')
  const no = ''
  const table: [User, RequestInfo, string][] = [
    [userNamed('root', 'system:masters'), infoOf('delete', 'nodes', '', 'n1'), 'member of the group system:masters'],
    [viewer, infoOf('list', 'pods'), 'RBAC: allowed by ClusterRoleBinding "viewers" of ClusterRole "view" to Group "viewers"'],
    [viewer, infoOf('list', 'pods', 'shop'), 'RBAC: allowed by ClusterRoleBinding "viewers" of ClusterRole "view" to Group "viewers"'],
    [viewer, infoOf('delete', 'pods', 'shop', 'a'), no],
    [viewer, infoOf('get', 'pods/log', 'shop', 'a'), no],
    [anna, infoOf('create', 'deployments.apps', 'shop'), 'RBAC: allowed by RoleBinding "deployers/shop" of Role "deployer" to User "anna"'],
    [anna, infoOf('create', 'deployments.apps', 'other'), no],
    [anna, infoOf('create', 'deployments.apps'), no],
    [anna, infoOf('update', 'statefulsets/scale.apps', 'shop', 'db'), 'RBAC: allowed by RoleBinding "deployers/shop" of Role "deployer" to User "anna"'],
    [anna, infoOf('get', 'statefulsets.apps', 'shop', 'db'), no],
    [anna, infoOf('get', 'secrets', 'shop', 'tls'), 'RBAC: allowed by RoleBinding "secret-readers/shop" of Role "one-secret" to User "anna"'],
    [anna, infoOf('get', 'secrets', 'shop', 'other'), no],
    [anna, infoOf('list', 'secrets', 'shop'), no],
    [ciShop, infoOf('get', 'deployments.apps', 'shop', 'web'), 'RBAC: allowed by RoleBinding "deployers/shop" of Role "deployer" to ServiceAccount "ci/shop"'],
    [ciShop, infoOf('list', 'pods', 'shop'), no],
    [ciBuild, infoOf('list', 'pods', 'shop'), 'RBAC: allowed by RoleBinding "shop-view/shop" of ClusterRole "view" to ServiceAccount "ci/build"'],
    [userNamed('prober'), urlInfo('get', '/healthz'), 'RBAC: allowed by ClusterRoleBinding "probes" of ClusterRole "probe" to User "prober"'],
    [userNamed('prober'), urlInfo('get', '/metrics/cadvisor'), 'RBAC: allowed by ClusterRoleBinding "probes" of ClusterRole "probe" to User "prober"'],
    [userNamed('prober'), urlInfo('get', '/metrics'), no],
    [userNamed('prober'), urlInfo('post', '/healthz'), no],
    [userNamed('orphan'), infoOf('list', 'pods'), 'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found'],
  ]
  for (const [user, info, reason] of [...table, ...table]) {
    const decision = rbac.authorize(user, info)
    assert.deepEqual(decision, { allowed: /allowed|masters/.test(reason), reason }, `${user.name} ${info.verb} ${info.resource}${info.path}`)
  }
})

test('a change of the objects is seen after the revision has moved', () => {
  const state = { objects: [...objects], revision: 1 }
  const live = { get: (...args) => readerOf(state.objects).get(...args), list: (...args) => readerOf(state.objects).list(...args) } as ReturnType<typeof readerOf>
  const rbac = new RbacAuthorizer(live, () => state.revision)
  const request = infoOf('list', 'pods')
  assert.equal(rbac.authorize(userNamed('new'), request).allowed, false)
  state.objects.push(clusterBinding('more', 'view', { kind: 'User', name: 'new' }))
  state.revision = 2
  assert.equal(rbac.authorize(userNamed('new'), request).allowed, true)
})

test('one rule', () => {
  const all: PolicyRule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }
  const table: [PolicyRule, RequestInfo, boolean][] = [
    [all, infoOf('delete', 'pods/exec', 'a', 'b'), true],
    [all, urlInfo('get', '/version'), false],
    [{ verbs: ['get'], nonResourceURLs: ['*'] }, urlInfo('get', '/anything'), true],
    [{ verbs: ['get'], apiGroups: [''], resources: ['pods/*'] }, infoOf('get', 'pods/log', 'a', 'b'), false],
    [{ verbs: ['get'], apiGroups: [''], resources: ['*/log'] }, infoOf('get', 'pods/log', 'a', 'b'), true],
    [{ verbs: ['get'], apiGroups: [''], resources: ['*/log'] }, infoOf('get', 'pods', 'a', 'b'), false],
    [{ verbs: ['get'], resources: ['pods'] }, infoOf('get', 'pods', 'a', 'b'), false],
    [{ verbs: ['create'], apiGroups: [''], resources: ['pods'], resourceNames: ['b'] }, infoOf('create', 'pods', 'a'), false],
  ]
  for (const [rule, info, expected] of table) assert.equal(ruleAllows(rule, info), expected, JSON.stringify([rule, info.resource, info.path]))
})

test('the words of a refusal', () => {
  const user = userNamed('anna')
  const table: [RequestInfo, string, string][] = [
    [infoOf('list', 'pods', 'default'), '', 'pods is forbidden: User "anna" cannot list resource "pods" in API group "" in the namespace "default"'],
    [infoOf('get', 'nodes', '', 'n1'), '', 'nodes "n1" is forbidden: User "anna" cannot get resource "nodes" in API group "" at the cluster scope'],
    [infoOf('get', 'pods/log', 'default', 'a'), '', 'pods "a" is forbidden: User "anna" cannot get resource "pods/log" in API group "" in the namespace "default"'],
    [infoOf('create', 'deployments.apps', 'default'), 'RBAC: x', 'deployments.apps is forbidden: User "anna" cannot create resource "deployments" in API group "apps" in the namespace "default": RBAC: x'],
    [urlInfo('get', '/metrics'), '', 'forbidden: User "anna" cannot get path "/metrics"'],
  ]
  for (const [info, reason, message] of table) {
    const error = denial(user, info, reason)
    assert.deepEqual([error.code, error.reason, error.message], [403, 'Forbidden', message])
  }
  assert.deepEqual(denial(user, infoOf('create', 'deployments.apps', 'default'), '').details, { group: 'apps', kind: 'deployments' })
})
