import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kinds } from '../../resources/generated/kinds.ts'
import type { ClusterRole, PolicyRule, RoleBinding } from '../../resources/generated/types.ts'
import { namedRule, rule } from '../bootstrap/rule.ts'
import { escalationValidator } from './escalation-validator.ts'
import { admissionOf, readerOf, userNamed } from './object-reader.testing.ts'
import { RbacAuthorizer } from './rbac-authorizer.ts'

const apiVersion = 'rbac.authorization.k8s.io/v1'

function world() {
  const owner: ClusterRole = {
    apiVersion, kind: 'ClusterRole', metadata: { name: 'owner' },
    rules: [rule('get', '', 'pods'), namedRule('bind', 'rbac.authorization.k8s.io', 'clusterroles', 'admin')],
  }
  const admin: ClusterRole = { apiVersion, kind: 'ClusterRole', metadata: { name: 'admin' }, rules: [rule('*', '*', '*')] }
  const binding = {
    apiVersion, kind: 'ClusterRoleBinding', metadata: { name: 'b' }, roleRef: { apiGroup: '', kind: 'ClusterRole', name: 'owner' },
    subjects: [{ kind: 'User', name: 'anna' }],
  }
  const reader = readerOf([owner, admin, binding])
  const rbac = new RbacAuthorizer(reader, () => 1)
  return { reader, validator: escalationValidator(rbac, rbac) }
}

const bindingTo = (name: string): RoleBinding => ({
  apiVersion, kind: 'RoleBinding', metadata: { name: 'x', namespace: 'shop' }, roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
  subjects: [{ kind: 'User', name: 'eve' }],
})

test('nobody gives away more than they have', async () => {
  const { reader, validator } = world()
  const anna = userNamed('anna', 'dev')
  const roleOf = (...rules: PolicyRule[]) => ({ apiVersion, kind: 'Role', metadata: { name: 'r', namespace: 'shop' }, rules })
  const lacking = 'user "anna" (groups=["dev"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}'
  const allowed = { allowed: true, warnings: [] }
  const forbidden = (message: string) => ({ allowed: false, code: 403, message })
  const review = (...[operation, kind, object, more]: Parameters<typeof admissionOf>) => validator.review(admissionOf(operation, kind, object, { user: anna, ...more }), reader)
  assert.deepEqual(await review('CREATE', kinds.Role, roleOf(rule('get', '', 'pods'))), allowed)
  assert.deepEqual(await review('CREATE', kinds.Role, roleOf(rule('get', '', 'secrets'))), forbidden(lacking))
  assert.deepEqual(await review('CREATE', kinds.Role, roleOf(rule('get', '', 'secrets')), { user: userNamed('root', 'system:masters') }), allowed)
  const numbers = (prefix: string): string[] => Array.from({ length: 90 }, (_, index) => `${prefix}${index}`)
  const cubes = Array.from({ length: 50 }, (_, index): PolicyRule => ({ verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: [...numbers(`${index}a`), ...numbers('b')] }))
  assert.deepEqual(await review('CREATE', kinds.Role, roleOf(...cubes)), allowed)
  const huge = { verbs: [...numbers('get'), 'get'], apiGroups: numbers(''), resources: numbers('r') }
  const many = await review('CREATE', kinds.Role, roleOf(...Array(1000).fill(huge)))
  assert.ok(!many.allowed && many.message.length < 20_000 && /not currently held/.test(many.message))
  const stored = roleOf(rule('get', '', 'secrets'))
  assert.deepEqual(await review('UPDATE', kinds.Role, { ...stored, metadata: { ...stored.metadata, labels: { a: 'b' } } }, { old: stored }), allowed)
  assert.deepEqual(await review('CREATE', kinds.RoleBinding, bindingTo('owner')), allowed)
  assert.deepEqual(await review('CREATE', kinds.RoleBinding, bindingTo('admin'), { user: userNamed('bob') }), forbidden(
    'user "bob" (groups=[]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:["*"], Resources:["*"], Verbs:["*"]}'))
  assert.deepEqual(await review('CREATE', kinds.RoleBinding, bindingTo('admin')), allowed, 'anna may bind admin')
  await assert.rejects(async () => review('CREATE', kinds.RoleBinding, bindingTo('gone')), { code: 404, message: 'clusterroles.rbac.authorization.k8s.io "gone" not found' })
  const aggregated = { apiVersion, kind: 'ClusterRole', metadata: { name: 'c' }, aggregationRule: { clusterRoleSelectors: [] } }
  assert.deepEqual(await review('CREATE', kinds.ClusterRole, aggregated), forbidden('must have cluster-admin privileges to use the aggregationRule'))
})
