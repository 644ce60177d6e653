import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JobCondition, JobStatus } from '../../generated/types.ts'
import { sampleJob } from '../../sample-workloads.testing.ts'
import { cellsOf, changed, created, createChecks, messagesOf, NOW, updateChecks } from '../checking.testing.ts'
import type { Change } from '../checking.testing.ts'
import { jobs } from './job.ts'

const check = createChecks(jobs, sampleJob)
const update = updateChecks(jobs, sampleJob)
const INDEXED = { 'spec.completionMode': 'Indexed', 'spec.completions': 5 }
const NOT_NEGATIVE = 'must be greater than or equal to 0'
const LABELS = { app: 'web', 'controller-uid': 'uid-a', 'batch.kubernetes.io/controller-uid': 'uid-a', 'job-name': 'a', 'batch.kubernetes.io/job-name': 'a' }

function withoutApp({ app: _, ...labels }: typeof LABELS): object {
  return labels
}

test('defaults of a Job', () => {
  const job = created(jobs, sampleJob())
  const { template, ...spec } = job.spec ?? { template: {} }
  assert.deepEqual(spec, {
    completions: 1, parallelism: 1, backoffLimit: 6, completionMode: 'NonIndexed', suspend: false, manualSelector: false,
    podReplacementPolicy: 'TerminatingOrFailed', selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'uid-a' } },
  })
  assert.deepEqual([template.metadata?.labels, job.metadata.labels, job.status], [LABELS, LABELS, {}])
  const labelsOf = (change: Change): unknown => created(jobs, changed(sampleJob(), change)).metadata.labels
  assert.deepEqual(labelsOf({ 'spec.template.metadata.labels': undefined }), withoutApp(LABELS))
  assert.deepEqual(labelsOf({ 'metadata.generateName': 'a-' }), { app: 'web' })
  assert.deepEqual(labelsOf({ 'metadata.labels': { app: 'web' } }), { app: 'web' })
  const of = (change: Change): unknown => {
    const { completions, parallelism, backoffLimit, podReplacementPolicy } = created(jobs, changed(sampleJob(), change)).spec ?? {}
    return [completions, parallelism, backoffLimit, podReplacementPolicy]
  }
  assert.deepEqual(of({ 'spec.parallelism': 3 }), [undefined, 3, 6, 'TerminatingOrFailed'])
  assert.deepEqual(of({ 'spec.completions': 3 }), [3, 1, 6, 'TerminatingOrFailed'])
  const policy = { rules: [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget' }] }] }
  assert.deepEqual(of({ ...INDEXED, 'spec.backoffLimitPerIndex': 1, 'spec.podFailurePolicy': policy }), [5, 1, 2147483647, 'Failed'])
  const failing = created(jobs, changed(sampleJob(), { 'spec.podFailurePolicy': policy }))
  assert.equal(failing.spec?.podFailurePolicy?.rules[0]?.onPodConditions?.[0]?.status, 'True')
})

test('numbers and modes of a Job', () => {
  check({})
  check({ spec: undefined }, 'spec.template.spec.containers: Required value',
    'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"')
  const fields = ['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished']
  check(Object.fromEntries(fields.map((field) => [`spec.${field}`, -1])), ...fields.map((field) => `spec.${field}: Invalid value: -1: ${NOT_NEGATIVE}`))
  check({ 'spec.completionMode': 'x' }, 'spec.completionMode: Unsupported value: "x": supported values: "NonIndexed", "Indexed"')
  check({ 'spec.backoffLimitPerIndex': 1, 'spec.maxFailedIndexes': 1 }, 'spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode',
    'spec.maxFailedIndexes: Invalid value: 1: requires indexed completion mode')
  check({ ...INDEXED, 'spec.maxFailedIndexes': 6 }, 'spec.backoffLimitPerIndex: Required value: when maxFailedIndexes is specified',
    'spec.maxFailedIndexes: Invalid value: 6: must be less than or equal to completions')
  check({ 'spec.completionMode': 'Indexed', 'spec.parallelism': 100_001 }, 'spec.completions: Required value: when completion mode is Indexed',
    'spec.parallelism: Invalid value: 100001: must be less than or equal to 100000 when completion mode is Indexed')
  check({ 'spec.completionMode': 'Indexed', 'spec.completions': 100_001, 'spec.parallelism': 10_001, 'spec.backoffLimitPerIndex': 1 },
    'spec.maxFailedIndexes: Required value: must be specified when completions is above 100000',
    'spec.parallelism: Invalid value: 10001: must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index')
  check({ ...INDEXED, 'metadata.name': 'a'.repeat(62) }, `metadata.name: Invalid value: "${'a'.repeat(62)}": will not able to create pod with invalid DNS label: ${'a'.repeat(62)}-4`)
  check({ 'spec.managedBy': 'example.com/runner' })
  check({ 'spec.managedBy': 'runner' }, 'spec.managedBy: Invalid value: "runner": must be a domain-prefixed path (such as "acme.io/foo")')
  check({ 'spec.managedBy': `example.com/${'x'.repeat(60)}` }, 'spec.managedBy: Too long: may not be more than 63 bytes')
  check({ 'spec.podReplacementPolicy': 'Never' }, 'spec.podReplacementPolicy: Unsupported value: "Never": supported values: "Failed", "TerminatingOrFailed"')
})

test('the template of a Job', () => {
  const path = 'spec.template.spec.restartPolicy'
  check({ [path]: undefined }, `${path}: Required value: valid values: "OnFailure", "Never"`)
  check({ [path]: 'Sometimes' }, `${path}: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"`,
    `${path}: Unsupported value: "Sometimes": supported values: "OnFailure", "Never"`)
  check({ [path]: 'OnFailure', 'spec.podFailurePolicy.rules': [] }, `${path}: Invalid value: "OnFailure": only "Never" is supported when podFailurePolicy is specified`)
})

test('the selector of a Job is its own', () => {
  check({ 'spec.selector.matchLabels': { app: 'web' } }, 'spec.selector: Invalid value: ' +
    '{"matchLabels":{"batch.kubernetes.io/controller-uid":"uid-a","app":"web"}}: `selector` not auto-generated')
  check({ 'spec.template.metadata.labels.job-name': 'b' }, 'spec.template.metadata.labels[job-name]: Invalid value: ' +
    '{"controller-uid":"uid-a","job-name":"b","batch.kubernetes.io/controller-uid":"uid-a","batch.kubernetes.io/job-name":"a","app":"web"}: must be \'a\'')
  const unselected = 'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`'
  check({ 'spec.manualSelector': true }, 'spec.selector: Required value', unselected)
  check({ 'spec.manualSelector': true, 'spec.selector.matchLabels': { app: 'web' } })
  check({ 'spec.manualSelector': true, 'spec.selector.matchLabels': { app: 'db' } }, unselected)
})

test('what the failure of a pod means', () => {
  const rule = (of: object, ...messages: string[]): void =>
    check({ 'spec.podFailurePolicy.rules': [of] }, ...messages.map((message) => `spec.podFailurePolicy.rules[0]${message}`))
  const codes = { operator: 'In', values: [1, 2] }
  rule({ action: 'FailJob', onExitCodes: { ...codes, containerName: 'web' } })
  rule({ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] })
  rule({ onExitCodes: codes }, '.action: Required value: valid values: ["Count" "FailIndex" "FailJob" "Ignore"]')
  rule({ action: 'x', onExitCodes: codes }, '.action: Unsupported value: "x": supported values: "Count", "FailIndex", "FailJob", "Ignore"')
  rule({ action: 'FailIndex', onExitCodes: codes }, '.action: Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set')
  rule({ action: 'Count' }, ': Invalid value: specifying one of OnExitCodes and OnPodConditions is required')
  rule({ action: 'Count', onExitCodes: codes, onPodConditions: [{ type: 'X', status: 'True' }] },
    ': Invalid value: specifying both OnExitCodes and OnPodConditions is not supported')
  rule({ action: 'Count', onExitCodes: { operator: 'Is', containerName: 'db' } },
    '.onExitCodes.operator: Unsupported value: "Is": supported values: "In", "NotIn"',
    '.onExitCodes.containerName: Invalid value: "db": must be one of the container or initContainer names in the pod template',
    '.onExitCodes.values: Invalid value: []: at least one value is required')
  rule({ action: 'Count', onExitCodes: { operator: 'In', values: [3, 0, 3] } }, '.onExitCodes.values[1]: Invalid value: 0: must not be 0 for the In operator',
    '.onExitCodes.values[2]: Duplicate value: 3', '.onExitCodes.values: Invalid value: [3,0,3]: must be ordered')
  rule({ action: 'Count', onPodConditions: [{ type: 'X', status: 'Maybe' }] },
    '.onPodConditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"')
  check({ 'spec.podFailurePolicy.rules': Array.from({ length: 21 }, () => ({ action: 'Count', onExitCodes: codes })) },
    'spec.podFailurePolicy.rules: Too many: 21: must have at most 20 items')
  check({ 'spec.podFailurePolicy.rules': [], 'spec.podReplacementPolicy': 'TerminatingOrFailed' },
    'spec.podReplacementPolicy: Unsupported value: "TerminatingOrFailed": supported values: "Failed"')
})

test('when a Job counts as done early', () => {
  const rule = (of: object, ...messages: string[]): void =>
    check({ ...INDEXED, 'spec.successPolicy.rules': [of] }, ...messages.map((message) => `spec.successPolicy.rules[0]${message}`))
  rule({ succeededIndexes: '0,2-4', succeededCount: 4 })
  rule({}, ': Required value: at least one of succeededCount or succeededIndexes must be specified')
  rule({ succeededCount: 6 }, '.succeededCount: Invalid value: 6: must be less than or equal to 5 (the number of specified completions)')
  rule({ succeededIndexes: '0-1', succeededCount: 3 },
    '.succeededCount: Invalid value: 3: must be less than or equal to 2 (the number of indexes in the specified succeededIndexes field)')
  const parse: readonly [string, string][] = [
    ['5', 'too large index: "5"'], ['x', 'cannot convert string to integer for index: "x"'], ['1,1', 'non-increasing order, previous: 1, current: 1'],
    ['3-1', 'non-increasing order, previous: 3, current: 1'],
    ['1-2-3', 'the fragment "1-2-3" violates the requirement that an index interval can have at most two parts separated by \'-\''],
  ]
  for (const [text, problem] of parse) rule({ succeededIndexes: text }, `.succeededIndexes: Invalid value: "${text}": error parsing succeededIndexes: ${problem}`)
  check({ ...INDEXED, 'spec.successPolicy.rules': [] }, 'spec.successPolicy.rules: Required value: at least one rules must be specified when the successPolicy is specified')
  check({ 'spec.successPolicy.rules': [] }, 'spec.successPolicy: Invalid value: {"rules":[]}: requires indexed completion mode')
})

test('what of a Job may change', () => {
  const immutable = (field: string, value: unknown): string => `spec.${field}: Invalid value: ${JSON.stringify(value)}: field is immutable`
  update({}, { 'spec.parallelism': 5, 'spec.suspend': true, 'spec.activeDeadlineSeconds': 9, 'spec.ttlSecondsAfterFinished': 1, 'spec.backoffLimit': 2 })
  update({}, { 'spec.completions': 2 }, immutable('completions', 2))
  update(INDEXED, { 'spec.completions': 7, 'spec.parallelism': 7 })
  update(INDEXED, { 'spec.completions': 7 }, 'spec.completions: Invalid value: 7: can only be modified in tandem with spec.parallelism')
  const long = 'a'.repeat(60)
  update({ ...INDEXED, 'metadata.name': long }, { 'spec.completions': 101, 'spec.parallelism': 101 },
    `metadata.name: Invalid value: "${long}": will not able to create pod with invalid DNS label: ${long}-100`)
  update({}, { 'spec.managedBy': 'example.com/x' }, immutable('managedBy', 'example.com/x'))
  update({}, { 'spec.podFailurePolicy.rules': [], 'spec.podReplacementPolicy': 'Failed' }, immutable('podFailurePolicy', { rules: [] }))
  const image = 'spec.template.spec.containers[0].image'
  const changedImage = (suspend: boolean): string[] => {
    const old = created(jobs, changed(sampleJob(), { 'spec.suspend': suspend }))
    return messagesOf(jobs.validateUpdate(changed(old, { [image]: 'web:2' }), old)).map((message) => message.replace(/\{.*\.\.\./, '...'))
  }
  assert.deepEqual([changedImage(false), changedImage(true)], [['spec.template: Invalid value: ...: field is immutable'], ['spec.template: Invalid value: ...: field is immutable']])
})

test('the pods of a suspended Job that has not started may still be placed', () => {
  const placement = {
    'spec.template.spec.nodeSelector': { zone: 'a' }, 'spec.template.spec.tolerations': [{ operator: 'Exists' }], 'spec.template.metadata.annotations': { q: '1' },
    'spec.template.spec.schedulingGates': [{ name: 'example.com/queue' }],
    'spec.template.spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms': [{}],
  }
  update({ 'spec.suspend': true }, placement)
  const old = { ...created(jobs, changed(sampleJob(), { 'spec.suspend': true })), status: { startTime: '2026-01-01T00:00:00Z' } }
  assert.equal(jobs.validateUpdate(changed(old, placement), old).length, 1)
  // Their labels too, but for those by which the Job knows them; a Job from before those had a prefix goes on without.
  const name = 'spec.template.metadata.labels.job-name'
  update({ 'spec.suspend': true }, { 'spec.template.metadata.labels.app': 'db' })
  update({ 'spec.suspend': true }, { [name]: undefined }, "spec.template.metadata.labels[job-name]: Required value: must be 'a'")
  const { 'batch.kubernetes.io/job-name': _, ...before } = LABELS
  const former = changed(created(jobs, sampleJob()), {
    'spec.template.metadata.labels': before, 'spec.selector': { matchLabels: { 'controller-uid': 'uid-a' } },
  })
  assert.deepEqual(jobs.validateUpdate(changed(former, { 'spec.parallelism': 2 }), former), [])
})

test('the table of Jobs', () => {
  const row = (change: Change): unknown => {
    const { Status, Completions, Duration } = cellsOf(jobs, changed(created(jobs, sampleJob()), change))
    return [Status, Completions, Duration]
  }
  assert.deepEqual(row({}), ['Running', '0/1', ''])
  assert.deepEqual(row({ 'spec.completions': undefined, 'spec.parallelism': 3, status: { succeeded: 1, startTime: new Date(NOW - 90_000).toISOString() } }),
    ['Running', '1/1 of 3', '90s'])
  const conditions = [{ type: 'Suspended', status: 'False' }, { type: 'Complete', status: 'True' }]
  assert.deepEqual(row({ status: { succeeded: 1, conditions, startTime: '2025-12-31T23:00:00Z', completionTime: '2025-12-31T23:05:00Z' } }), ['Complete', '1/1', '5m'])
  assert.deepEqual(row({ status: { conditions: [{ type: 'Suspended', status: 'True' }] } }), ['Suspended', '0/1', ''])
  assert.deepEqual(row({ status: { conditions: [{ type: 'FailureTarget', status: 'True' }] } }), ['FailureTarget', '0/1', ''])
  assert.deepEqual(row({ status: { conditions: [{ type: 'SuccessCriteriaMet', status: 'True' }] } }), ['Running', '0/1', ''])
  assert.deepEqual(row({ 'metadata.deletionTimestamp': '2026-01-01T00:00:00Z' }), ['Terminating', '0/1', ''])
  assert.equal(jobs.selectableFields['status.successful']?.(changed(sampleJob(), { status: { succeeded: 3 } })), '3')
})

const START = '2026-01-01T00:00:00Z'
const END = '2026-01-01T00:01:00Z'
const yes = (...types: string[]): JobCondition[] => types.map((type) => ({ type, status: 'True' }))

function status(before: JobStatus, now: JobStatus, ...expected: string[]): void {
  const job = created(jobs, changed(sampleJob(), INDEXED))
  assert.deepEqual(messagesOf(jobs.status?.validateUpdate({ ...job, status: now }, { ...job, status: before }) ?? []), expected)
}

test('the status of a Job', () => {
  const conditions = (detail: string): string => `status.conditions: Invalid value: ${detail}`
  const done: JobStatus = { startTime: START, completionTime: END, conditions: yes('SuccessCriteriaMet', 'Complete') }
  status({ startTime: START }, done)
  status({ startTime: START }, { startTime: START, conditions: yes('FailureTarget', 'Failed') })
  status({ startTime: START }, { ...done, conditions: yes('Complete') }, conditions('cannot set Complete=True condition without the SuccessCriteriaMet=true condition'))
  status({ startTime: START }, { startTime: START, conditions: yes('Failed') }, conditions('cannot set Failed=True condition without the FailureTarget=true condition'))
  status(done, { ...done, conditions: [] }, conditions('cannot disable the terminal Complete=True condition'),
    conditions('cannot disable the SuccessCriteriaMet=True condition'),
    `status.completionTime: Invalid value: "${END}": cannot set completionTime when there is no Complete=True condition`)
  status({}, { ...done, completionTime: '2025-01-01T00:00:00Z' }, 'status.completionTime: Invalid value: "2025-01-01T00:00:00Z": must be equal to or after `startTime`')
  status({}, { conditions: yes('SuccessCriteriaMet', 'Complete') }, 'status.completionTime: Required value: completionTime is required for Complete jobs',
    'status.startTime: Required value: startTime is required for finished job')
  status({ startTime: START }, {}, 'status.startTime: Required value: startTime cannot be removed for unsuspended job')
  status({ startTime: START }, { ...done, active: 1, terminating: 1, uncountedTerminatedPods: { failed: ['u'] } },
    'status.active: Invalid value: 1: active>0 is invalid for finished job',
    'status.uncountedTerminatedPods: Invalid value: {"failed":["u"]}: must be empty for finished job',
    'status.terminating: Invalid value: 1: terminating>0 is invalid for finished job')
  status({ failed: 2, succeeded: 2 }, { failed: 1, succeeded: 1, active: 1, ready: 2 }, 'status.ready: Invalid value: 2: cannot set more ready pods than active',
    'status.failed: Invalid value: 1: cannot decrease the failed counter', 'status.succeeded: Invalid value: 1: cannot decrease the succeeded counter')
  status({}, { uncountedTerminatedPods: { succeeded: ['u', ''], failed: ['u'] } },
    'status.uncountedTerminatedPods.succeeded[1]: Invalid value: "": must not be empty', 'status.uncountedTerminatedPods.failed[0]: Duplicate value: "u"')
  status({}, { completedIndexes: '0-2,9' }, 'status.completedIndexes: Invalid value: "0-2,9": error parsing completedIndexes: too large index: "9"')
  status({}, { failedIndexes: '1' }, 'status.failedIndexes: Invalid value: "1": cannot set non-null failedIndexes when backoffLimitPerIndex is null')
  status({}, { completedIndexes: '0-2', failedIndexes: '1,4' }, 'status.failedIndexes: Invalid value: "1,4": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
    'status.failedIndexes: Invalid value: "1,4": failedIndexes and completedIndexes overlap at index: 1')
  // What stands already does not stand in the way.
  status({ failedIndexes: '1', conditions: yes('FailureTarget', 'Complete', 'SuccessCriteriaMet'), startTime: START, completionTime: END },
    { failedIndexes: '1', conditions: yes('FailureTarget', 'Complete', 'SuccessCriteriaMet'), startTime: START, completionTime: END },
    conditions('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'))
})
