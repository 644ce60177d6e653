import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterRole, PolicyRule } from '../../resources/generated/types.ts'
import { aggregate } from './role-aggregation.ts'
import { showCompact, showRule, TooManyRules, uncovered } from './role-coverage.ts'

const apiVersion = 'rbac.authorization.k8s.io/v1'
const words = (text: string): string[] => text.split(' ')
const rule = (verbs: string, group: string, resources: string): PolicyRule => ({ verbs: words(verbs), apiGroups: [group], resources: words(resources) })
const namedRule = (verbs: string, group: string, resources: string, names: string): PolicyRule => ({ ...rule(verbs, group, resources), resourceNames: words(names) })
const urlRule = (verbs: string, urls: string): PolicyRule => ({ verbs: words(verbs), nonResourceURLs: words(urls) })

test('what one set of rules lacks of another', () => {
  const all: PolicyRule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }
  const table: [string, PolicyRule[], PolicyRule[], string[]][] = [
    ['same', [rule('get', '', 'pods')], [rule('get', '', 'pods')], []],
    ['two together', [rule('get', '', 'pods'), rule('list', '', 'pods')], [rule('get list', '', 'pods')], []],
    ['a verb more', [rule('get', '', 'pods')], [rule('get list', '', 'pods')], ['{APIGroups:[""], Resources:["pods"], Verbs:["list"]}']],
    ['everything', [all], [rule('get', 'apps', 'deployments/scale')], []],
    ['everything but URLs', [all], [urlRule('get', '/metrics')], ['{NonResourceURLs:["/metrics"], Verbs:["get"]}']],
    ['a star wanted', [rule('get', '', 'pods')], [rule('*', '', 'pods')], ['{APIGroups:[""], Resources:["pods"], Verbs:["*"]}']],
    ['one name', [rule('get', '', 'pods')], [namedRule('get', '', 'pods', 'a')], []],
    ['all names', [namedRule('get', '', 'pods', 'a')], [rule('get', '', 'pods')], ['{APIGroups:[""], Resources:["pods"], Verbs:["get"]}']],
    ['any scale', [rule('get', 'apps', '*/scale')], [rule('get', 'apps', 'deployments/scale')], []],
    ['URL prefix', [urlRule('get', '/a/*')], [urlRule('get', '/a/b')], []],
  ]
  for (const [name, owned, wanted, expected] of table) assert.deepEqual(uncovered(owned, wanted).map(showRule), expected, name)
})

test('what is lacking is shown by resource', () => {
  const parts = uncovered([rule('watch', '', 'pods')], [rule('get list watch', '', 'pods'), urlRule('get', '/metrics'), rule('get', '', 'nodes'), rule('get', '', 'pods/log')])
  assert.deepEqual(showCompact(parts), [
    '{APIGroups:[""], Resources:["nodes"], Verbs:["get"]}', '{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}',
    '{APIGroups:[""], Resources:["pods/log"], Verbs:["get"]}', '{NonResourceURLs:["/metrics"], Verbs:["get"]}',
  ])
})

test('aggregated roles take in what is labelled for them, through several steps', () => {
  const plain = (name: string, label: string, ...rules: PolicyRule[]): ClusterRole => ({ apiVersion, kind: 'ClusterRole', metadata: { name, labels: { [label]: 'true' } }, rules })
  const composed = (name: string, label: string, own: Record<string, string>, rules: PolicyRule[] = []): ClusterRole => ({
    apiVersion, kind: 'ClusterRole', metadata: { name, labels: own }, aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: 'true' } }] }, rules,
  })
  const roles = [
    composed('admin', 'to-admin', {}), composed('edit', 'to-edit', { 'to-admin': 'true' }), composed('view', 'to-view', { 'to-edit': 'true' }),
    plain('a-view', 'to-view', rule('get', '', 'pods')), plain('b-edit', 'to-edit', rule('create', '', 'pods'), rule('get', '', 'pods')),
  ]
  const changed = aggregate(roles)
  assert.deepEqual(changed.map((role) => [role.metadata.name, role.rules?.length]), [['admin', 2], ['edit', 2], ['view', 1]])
  const settled = roles.map((role) => changed.find((other) => other.metadata.name === role.metadata.name) ?? role)
  assert.deepEqual(aggregate(settled), [])
})

test('rules without number end the comparison', () => {
  const numbers = (count: number, prefix: string): string[] => Array.from({ length: count }, (_, index) => `${prefix}${index}`)
  const cube = (prefix: string): PolicyRule => ({ verbs: numbers(60, prefix), apiGroups: numbers(60, prefix), resources: numbers(60, prefix) })
  const owned = numbers(20_000, 'r').map((name) => rule('get', '', name))
  const start = performance.now()
  assert.equal(uncovered([], [cube('a'), cube('b')], 3_000_000).length, 10_000)
  assert.throws(() => uncovered(owned, numbers(15_000, 's').map((name) => rule('get', '', name)), 3_000_000), TooManyRules)
  assert.throws(() => uncovered([...owned, rule('*', '*', '*')], [cube('a')], 3_000_000), TooManyRules)
  assert.throws(() => uncovered([rule('*', '*', numbers(100_000, 'r').join(' ')), rule('*', '*', '*')], [cube('a')], 3_000_000), TooManyRules)
  assert.deepEqual(uncovered([...owned, cube('a')], [...owned, cube('a')], 3_000_000), [], 'copies')
  assert.equal(aggregate([{ apiVersion, kind: 'ClusterRole', metadata: { name: 'all' }, aggregationRule: { clusterRoleSelectors: [{}] } }, { apiVersion, kind: 'ClusterRole', metadata: { name: 'many' }, rules: owned }])[0]?.rules?.length, 20_000)
  assert.ok(performance.now() - start < 5_000, `took ${performance.now() - start} ms`)
})
