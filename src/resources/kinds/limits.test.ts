import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleLimitRange, sampleQuota } from '../sample-objects.testing.ts'
import type { Change } from './checking.testing.ts'
import { cellsOf, changed, created, createChecks, updateChecks } from './checking.testing.ts'
import { limitRanges } from './limit-range.ts'
import { resourceQuotas } from './resource-quota.ts'

test('a ResourceQuota', () => {
  const check = createChecks(resourceQuotas, sampleQuota)
  check({ 'spec.hard': { 'requests.cpu': '1', 'count/deployments.apps': '3', 'requests.example.com/gpu': '2' } })
  check({ 'spec.hard': { pods: '-1' } }, 'spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0')
  check({ 'spec.hard': { pods: '1500m' } }, 'spec.hard[pods]: Invalid value: "1500m": must be an integer')
  check({ 'spec.hard': { gadgets: '1' } }, 'spec.hard[gadgets]: Invalid value: "gadgets": must be a standard resource type or fully qualified',
    'spec.hard[gadgets]: Invalid value: "gadgets": must be a standard resource for quota')
  check({ 'spec.scopes': ['BestEffort'] })
  check({ 'spec.scopes': ['Odd'] }, 'spec.scopes: Invalid value: ["Odd"]: unsupported scope')
  check({ 'spec.scopes': ['BestEffort', 'NotBestEffort'] }, 'spec.scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes')
  check({ 'spec.scopes': ['BestEffort'], 'spec.hard': { cpu: '1' } }, 'spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource')
  check({ 'spec.scopes': ['Odd'], 'spec.hard': { configmaps: '1' } }, 'spec.scopes: Invalid value: ["Odd"]: unsupported scope')
  check({ 'spec.scopes': ['NotTerminating'], 'spec.hard': { 'ephemeral-storage': '1Gi' } },
    'spec.scopes: Invalid value: ["NotTerminating"]: unsupported scope applied to resource')
  check({ 'spec.scopeSelector.matchExpressions': [{ scopeName: 'PriorityClass', operator: 'In' }] },
    "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector")
  updateChecks(resourceQuotas, sampleQuota)({}, { 'spec.scopes': ['BestEffort'] }, 'spec.scopes: Invalid value: ["BestEffort"]: field is immutable')
  const quota = { ...sampleQuota(), status: { hard: { cpu: '2', pods: '3', 'limits.cpu': '4' }, used: { cpu: '500m', 'limits.cpu': '1' } } }
  assert.deepEqual(cellsOf(resourceQuotas, quota), { Request: 'cpu: 500m/2, pods: 0/3', Limit: 'limits.cpu: 1/4', Age: '<unknown>' })
})

test('defaults of a LimitRange', () => {
  const range = created(limitRanges, sampleLimitRange())
  assert.deepEqual(range.spec?.limits, [{ type: 'Container', max: { cpu: '1' }, min: { cpu: '100m' }, default: { cpu: '1' }, defaultRequest: { cpu: '1' } }])
  const low = created(limitRanges, changed(sampleLimitRange(), { 'spec.limits[0]': { type: 'Container', min: { memory: '1024Ki' } } }))
  assert.deepEqual(low.spec?.limits, [{ type: 'Container', min: { memory: '1Mi' }, defaultRequest: { memory: '1Mi' } }])
})

test('a LimitRange', () => {
  const check = createChecks(limitRanges, sampleLimitRange)
  const limit = (value: object): Change => ({ 'spec.limits[0]': value })
  check({})
  check(limit({ type: 'Container', max: { cpu: '1' }, min: { cpu: '2' } }),
    'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
    'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1',
    'spec.limits[0].default[cpu]: Invalid value: "2": min value 2 is greater than default value 1')
  check(limit({ type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '2' } }),
    'spec.limits[0].defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1')
  check(limit({ type: 'Pod', default: { cpu: '1' } }), "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'")
  check(limit({ type: 'Room' }), 'spec.limits[0].type: Invalid value: "Room": must be a standard limit type or fully qualified')
  check(limit({ type: 'PersistentVolumeClaim' }), 'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided')
  check(limit({ type: 'Pod', maxLimitRequestRatio: { cpu: '500m' } }), 'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1')
  check(limit({ type: 'Pod', min: { cpu: '1' }, max: { cpu: '2' }, maxLimitRequestRatio: { cpu: '3' } }),
    'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000')
  check({ 'spec.limits[1]': { type: 'Container' } }, 'spec.limits[1].type: Duplicate value: "Container"')
})
