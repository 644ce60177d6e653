import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleClusterRole, sampleClusterRoleBinding, sampleRole, sampleRoleBinding } from '../sample-objects.testing.ts'
import { cellsOf, changed, created, createChecks, updateChecks } from './checking.testing.ts'
import { clusterRoleBindings } from './cluster-role-binding.ts'
import { clusterRoles } from './cluster-role.ts'
import { roleBindings } from './role-binding.ts'
import { roles } from './role.ts'

test('rules', () => {
  const check = createChecks(roles, sampleRole)
  check({ rules: undefined })
  check({ 'rules[0]': {} }, 'rules[0].verbs: Required value: verbs must contain at least one value',
    'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
    'rules[0].resources: Required value: resource rules must supply at least one resource')
  check({ 'rules[0]': { verbs: ['get'], nonResourceURLs: ['/healthz'] } },
    'rules[0].nonResourceURLs: Invalid value: ["/healthz"]: namespaced rules cannot apply to non-resource URLs')
  const checkCluster = createChecks(clusterRoles, sampleClusterRole)
  checkCluster({ 'rules[0]': { verbs: ['get'], nonResourceURLs: ['/healthz'] } })
  checkCluster({ 'rules[0].nonResourceURLs': ['/x'] },
    'rules[0].nonResourceURLs: Invalid value: ["/x"]: rules cannot apply to both regular resources and non-resource URLs')
  checkCluster({ aggregationRule: {} },
    'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil')
  checkCluster({ aggregationRule: { clusterRoleSelectors: [{ matchExpressions: [{ key: 'a', operator: 'Is' }] }] } },
    'aggregationRule.clusterRoleSelectors[0].matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
    'aggregationRule.clusterRoleSelectors[0]: Invalid value: null: invalid label selector.')
})

test('bindings', () => {
  const check = createChecks(roleBindings, sampleRoleBinding)
  check({ 'roleRef.apiGroup': undefined, 'subjects[0].apiGroup': undefined })
  check({ 'roleRef.kind': 'Group' }, 'roleRef.kind: Unsupported value: "Group": supported values: "Role", "ClusterRole"')
  check({ 'roleRef.apiGroup': 'x' }, 'roleRef.apiGroup: Unsupported value: "x": supported values: "rbac.authorization.k8s.io"')
  check({ 'roleRef.name': 'a/b' }, "roleRef.name: Invalid value: \"a/b\": may not contain '/'")
  check({ 'subjects[0]': { kind: 'ServiceAccount', name: 'x', apiGroup: 'y' } }, 'subjects[0].apiGroup: Unsupported value: "y": supported values: ""')
  check({ 'subjects[0]': { kind: 'Robot', name: 'x' } }, 'subjects[0].kind: Unsupported value: "Robot": supported values: "ServiceAccount", "User", "Group"')
  check({ 'subjects[0].name': '' }, 'subjects[0].name: Required value')
  const checkCluster = createChecks(clusterRoleBindings, sampleClusterRoleBinding)
  checkCluster({ 'roleRef.kind': 'Role' }, 'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"')
  checkCluster({ 'subjects[0]': { kind: 'ServiceAccount', name: 'x' } }, 'subjects[0].namespace: Required value')
})

test('the role of a binding stays', () => {
  updateChecks(roleBindings, sampleRoleBinding)({}, { 'roleRef.name': 'admin' },
    'roleRef: Invalid value: {"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"admin"}: cannot change roleRef')
  updateChecks(roleBindings, sampleRoleBinding)({}, { subjects: [] })
  updateChecks(roleBindings, sampleRoleBinding)({}, { roleRef: undefined }, 'roleRef.apiGroup: Unsupported value: "": supported values: "rbac.authorization.k8s.io"',
    'roleRef.kind: Unsupported value: "": supported values: "Role", "ClusterRole"', 'roleRef.name: Required value', 'roleRef: Invalid value: {}: cannot change roleRef')
})

test('the table of bindings', () => {
  const binding = created(roleBindings, changed(sampleRoleBinding(), {
    subjects: [{ kind: 'User', name: 'a' }, { kind: 'User', name: 'b' }, { kind: 'Group', name: 'g' }, { kind: 'ServiceAccount', name: 's', namespace: 'n' }],
  }))
  assert.deepEqual(cellsOf(roleBindings, binding), { Role: 'Role/reader', Age: '<unknown>', Users: 'a, b', Groups: 'g', ServiceAccounts: 'n/s' })
})
