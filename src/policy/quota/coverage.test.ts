import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../objects/kube-object.ts'
import { quantityFromMilli } from '../../objects/quantity.ts'
import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../../resources/generated/types.ts'
import { uncovered } from './coverage.ts'
import type { LimitedResource } from './coverage.ts'

const PODS = { group: '', plural: 'pods' }
const CRITICAL: ScopedResourceSelectorRequirement = { scopeName: 'PriorityClass', operator: 'In', values: ['a', 'b'] }
const limitedTo = (matchContains: string[], matchScopes = [] as ScopedResourceSelectorRequirement[], of = PODS): LimitedResource =>
  ({ ...of, matchContains, matchScopes })
const quota = (hard: Record<string, string>, spec: ResourceQuota['spec'] = {}): ResourceQuota =>
  ({ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' }, spec: { hard, ...spec }, status: { hard } })
const pod = (priorityClassName = ''): KubeObject & { spec: object } =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' }, spec: { containers: [], priorityClassName } })

test('what is limited needs a quota that is about it', () => {
  const used = { 'requests.cpu': 1_000, 'limits.cpu': 2_000, 'requests.memory': 0, pods: 1_000 }
  const cpu = limitedTo(['cpu'])
  const missing = 'insufficient quota to consume: limits.cpu,requests.cpu'
  const table: [name: string, quotas: ResourceQuota[], limited: LimitedResource[], given: KubeObject, expected: string | undefined][] = [
    ['nothing is limited', [], [], pod(), undefined],
    ['another resource of the group is', [], [limitedTo(['cpu'], [], { group: '', plural: 'services' })], pod(), undefined],
    ['a resource of that name elsewhere is', [], [limitedTo(['cpu'], [], { group: 'x', plural: 'pods' })], pod(), undefined],
    ['no quota', [], [cpu], pod(), missing],
    ['a part', [quota({ 'requests.cpu': '9' })], [cpu], pod(), 'insufficient quota to consume: limits.cpu'],
    ['all, by two', [quota({ 'requests.cpu': '9' }), quota({ 'limits.cpu': '9' })], [cpu], pod(), undefined],
    ['a quota for others', [quota({ 'requests.cpu': '9', 'limits.cpu': '9' }, { scopes: ['Terminating'] })], [cpu], pod(), missing],
    ['what is not used', [], [limitedTo(['memory'])], pod(), undefined],
    ['either part of a name', [], [limitedTo(['gpu', 'limits'])], pod(), 'insufficient quota to consume: limits.cpu'],
    ['a class, none covers it', [], [limitedTo([], [CRITICAL])], pod('a'), 'insufficient quota to match these scopes: [{PriorityClass In [a b]}]'],
    ['a class that is free', [], [limitedTo([], [CRITICAL])], pod('c'), undefined],
    ['a class that is covered', [quota({ pods: '1' }, { scopeSelector: { matchExpressions: [CRITICAL] } })], [limitedTo([], [CRITICAL])], pod('b'), undefined],
  ]
  const usage = new Map(Object.entries(used).map(([name, milli]) => [name, quantityFromMilli(milli)] as const))
  for (const [name, quotas, limited, given, expected] of table) assert.equal(uncovered(quotas, limited, PODS, given, usage), expected, name)
})
