import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Condition } from '../generated/types.ts'
import { sampleComponentStatus, sampleDisruptionBudget, samplePriorityClass, sampleRuntimeClass } from '../sample-workloads.testing.ts'
import { cellsOf, changed, created, createChecks, messagesOf, updateChecks } from './checking.testing.ts'
import { componentStatuses } from './component-status.ts'
import { podDisruptionBudgets } from './pod-disruption-budget.ts'
import { priorityClasses, systemPriorityClasses } from './priority-class.ts'
import { runtimeClasses } from './runtime-class.ts'

test('a PodDisruptionBudget', () => {
  const check = createChecks(podDisruptionBudgets, sampleDisruptionBudget)
  check({})
  check({ 'spec.maxUnavailable': '50%' },
    'spec: Invalid value: {"minAvailable":1,"selector":{"matchLabels":{"app":"web"}},"maxUnavailable":"50%"}: minAvailable and maxUnavailable cannot be both set')
  check({ 'spec.minAvailable': -1 }, 'spec.minAvailable: Invalid value: -1: must be greater than or equal to 0')
  check({ 'spec.minAvailable': '101%' }, 'spec.minAvailable: Invalid value: "101%": must not be greater than 100%')
  check({ 'spec.unhealthyPodEvictionPolicy': 'x' }, 'spec.unhealthyPodEvictionPolicy: Unsupported value: "x": supported values: "AlwaysAllow", "IfHealthyBudget"')
  check({ 'spec.selector.matchExpressions': [{ key: 'a', operator: 'Is' }] },
    'spec.selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator')
  updateChecks(podDisruptionBudgets, sampleDisruptionBudget)({}, { 'spec.minAvailable': 2, 'spec.selector': {} })
  const budget = created(podDisruptionBudgets, sampleDisruptionBudget())
  assert.equal(podDisruptionBudgets.nameRule, 'path-segment')
  assert.deepEqual(budget.status, { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 })
  assert.deepEqual(cellsOf(podDisruptionBudgets, budget), { 'Min Available': '1', 'Max Unavailable': 'N/A', 'Allowed Disruptions': 0, Age: '<unknown>' })
})

test('conditions of a budget', () => {
  const good: Condition = { type: 'DisruptionAllowed', status: 'True', reason: 'SufficientPods', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }
  const check = (conditions: unknown, ...expected: string[]): void => {
    const budget = changed(created(podDisruptionBudgets, sampleDisruptionBudget()), { 'status.conditions': conditions })
    assert.deepEqual(messagesOf(podDisruptionBudgets.status?.validateUpdate(budget, budget) ?? []), expected)
  }
  check([good])
  check([good, good], 'status.conditions[1].type: Duplicate value: "DisruptionAllowed"')
  check([{ ...good, status: 'Maybe', reason: '', observedGeneration: -1 }], 'status.conditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
    'status.conditions[0].observedGeneration: Invalid value: -1: must be greater than or equal to zero', 'status.conditions[0].reason: Required value: must be set')
  const { lastTransitionTime: _, ...timeless } = good
  check([{ ...timeless, reason: 'x'.repeat(1025) }], 'status.conditions[0].lastTransitionTime: Required value: must be set',
    'status.conditions[0].reason: Too long: may not be more than 1024 bytes')
})

test('a PriorityClass', () => {
  const check = createChecks(priorityClasses, samplePriorityClass)
  check({})
  check({ value: 1e9 + 1 }, 'value: Forbidden: maximum allowed value of a user defined priority is 1000000000')
  check({ preemptionPolicy: 'x' }, 'preemptionPolicy: Unsupported value: "x": supported values: "PreemptLowerPriority", "Never"')
  const reserved = "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only. error: "
  check({ 'metadata.name': 'system-mine' }, `${reserved}system-mine is not a known system priority class`)
  check({ 'metadata.name': 'system-node-critical' }, `${reserved}value of system-node-critical PriorityClass must be 2000001000`)
  check({ 'metadata.name': 'system-node-critical', value: 2_000_001_000, globalDefault: true },
    `${reserved}globalDefault of system-node-critical PriorityClass must be false`)
  for (const known of systemPriorityClasses) assert.deepEqual(priorityClasses.validateCreate(known), [])
  const update = updateChecks(priorityClasses, samplePriorityClass)
  update({}, { value: 2 }, 'Value: Forbidden: may not be changed in an update.')
  update({}, { preemptionPolicy: 'Never' }, 'preemptionPolicy: Invalid value: "Never": field is immutable')
  update({}, { description: 'x', globalDefault: true })
  const made = created(priorityClasses, changed(samplePriorityClass(), { value: undefined }))
  assert.deepEqual([made.value, made.preemptionPolicy], [0, 'PreemptLowerPriority'])
  assert.deepEqual(cellsOf(priorityClasses, made), { Value: 0, 'Global-Default': false, Age: '<unknown>', PreemptionPolicy: 'PreemptLowerPriority' })
  assert.deepEqual(priorityClasses.columns.map(({ priority }) => priority), [0, 0, 0, 0])
})

test('a RuntimeClass', () => {
  const check = createChecks(runtimeClasses, sampleRuntimeClass)
  check({})
  check({ handler: undefined }, "handler: Invalid value: \"\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must " +
    "start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')")
  check({ 'overhead.podFixed': { cpu: '-1' } }, 'overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0')
  check({ 'scheduling.tolerations': [{ operator: 'Exists' }, { operator: 'Exists' }] }, 'scheduling.tolerations[1]: Duplicate value: {"operator":"Exists"}')
  const evicted = { key: 'a', operator: 'Exists', effect: 'NoExecute' }
  check({ 'scheduling.tolerations': [evicted, { ...evicted, tolerationSeconds: 5 }] },
    'scheduling.tolerations[1]: Duplicate value: {"key":"a","operator":"Exists","effect":"NoExecute","tolerationSeconds":5}')
  updateChecks(runtimeClasses, sampleRuntimeClass)({}, { handler: 'kata' }, 'handler: Invalid value: "kata": field is immutable')
  assert.deepEqual(created(runtimeClasses, changed(sampleRuntimeClass(), { 'overhead.podFixed': { memory: '1024Mi' } })).overhead, { podFixed: { memory: '1Gi' } })
  assert.deepEqual(cellsOf(runtimeClasses, sampleRuntimeClass()), { Handler: 'runc', Age: '<unknown>' })
})

test('the table of component statuses', () => {
  const row = (conditions: unknown): unknown => cellsOf(componentStatuses, changed(sampleComponentStatus(), { conditions }))
  assert.deepEqual(row([{ type: 'Healthy', status: 'True', message: 'ok' }]), { Status: 'Healthy', Message: 'ok', Error: '' })
  assert.deepEqual(row([{ type: 'Healthy', status: 'False', error: 'down' }]), { Status: 'Unhealthy', Message: '', Error: 'down' })
  assert.deepEqual(row(undefined), { Status: 'Unknown', Message: '', Error: '' })
})
