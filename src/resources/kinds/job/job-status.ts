import type { FieldError } from '../../../objects/field-error.ts'
import { duplicate, invalidValue, required } from '../../../objects/field-error.ts'
import { parseTime } from '../../../words/instant.ts'
import type { Errors } from '../../field-checks.ts'
import { checkNotNegative, IMMUTABLE, sameValue } from '../../field-checks.ts'
import type { Job, JobStatus } from '../../generated/types.ts'
import { countIndexes, firstCommonIndex } from './index-intervals.ts'

const COUNTS = ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const

/**
 * A Job's status may be written by a controller that is none of ours (managedBy, KEP-4368), so that it is held to what others rely
 * on. A rule is applied where what it is about has changed: what stands already does not stand in the way.
 */
export function validateJobStatus(job: Job, old: Job): FieldError[] {
  const errors: Errors = []
  const [status, before] = [job.status ?? {}, old.status ?? {}]
  for (const field of COUNTS) checkNotNegative(errors, 'status', field, status[field])
  checkUncounted(errors, status)
  const view: View = { job, status, before, is: conditionsOf(job), was: conditionsOf(old) }
  checkConditions(errors, view)
  checkTimes(errors, view)
  checkFinished(errors, view)
  checkIndexes(errors, view)
  checkCounters(errors, view)
  return errors
}

type ConditionType = 'Complete' | 'Failed' | 'FailureTarget' | 'SuccessCriteriaMet'
type Conditions = ReadonlySet<string>

interface View {
  readonly job: Job
  readonly status: JobStatus
  readonly before: JobStatus
  readonly is: Conditions
  readonly was: Conditions
}

/** The types of conditions that are true. */
export function conditionsOf({ status }: Job): Conditions {
  return new Set((status?.conditions ?? []).filter((condition) => condition.status === 'True').map(({ type }) => type))
}

function invalidConditions(detail: string): FieldError {
  return { reason: 'FieldValueInvalid', field: 'status.conditions', message: `Invalid value: ${detail}` }
}

function hasChanged({ is, was }: View, ...types: readonly ConditionType[]): boolean {
  return types.some((type) => is.has(type) !== was.has(type))
}

function checkConditions(errors: Errors, view: View): void {
  const { is, was, job } = view
  const refuse = (detail: string): void => void errors.push(invalidConditions(detail))
  const together = (a: ConditionType, b: ConditionType): boolean => is.has(a) && is.has(b) && hasChanged(view, a, b)
  if (together('Complete', 'Failed')) refuse('cannot set Complete=True and Failed=true conditions')
  if (together('Complete', 'FailureTarget')) refuse('cannot set Complete=True and FailureTarget=true conditions')
  if (is.has('Failed') && !is.has('FailureTarget') && hasChanged(view, 'Failed', 'FailureTarget')) {
    refuse('cannot set Failed=True condition without the FailureTarget=true condition')
  }
  if (is.has('Complete') && !is.has('SuccessCriteriaMet') && hasChanged(view, 'Complete', 'SuccessCriteriaMet')) {
    refuse('cannot set Complete=True condition without the SuccessCriteriaMet=true condition')
  }
  if (is.has('SuccessCriteriaMet') && is.has('Failed')) refuse('cannot set SuccessCriteriaMet=True and Failed=true conditions')
  if (is.has('SuccessCriteriaMet') && is.has('FailureTarget')) {
    refuse('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions')
  }
  if (job.spec?.successPolicy !== undefined && is.has('Complete') && !is.has('SuccessCriteriaMet')) {
    refuse('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True')
  }
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (was.has(type) && !is.has(type)) refuse(`cannot disable the terminal ${type}=True condition`)
  }
  if (was.has('SuccessCriteriaMet') && !is.has('SuccessCriteriaMet')) refuse('cannot disable the SuccessCriteriaMet=True condition')
  if (was.has('Complete') && !was.has('SuccessCriteriaMet') && is.has('SuccessCriteriaMet')) {
    refuse('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions')
  }
}

function checkTimes(errors: Errors, view: View): void {
  const { job, status: { startTime, completionTime }, before, is } = view
  const path = 'status.completionTime'
  const completed = completionTime !== before.completionTime
  if (completed || hasChanged(view, 'Complete')) {
    if (completionTime !== undefined && !is.has('Complete')) {
      errors.push(invalidValue(path, completionTime, 'cannot set completionTime when there is no Complete=True condition'))
    }
    if (completionTime === undefined && is.has('Complete')) errors.push(required(path, 'completionTime is required for Complete jobs'))
  }
  if (startTime !== undefined && completionTime !== undefined && (completed || startTime !== before.startTime)) {
    if ((parseTime(completionTime) ?? 0) < (parseTime(startTime) ?? 0)) {
      errors.push(invalidValue(path, completionTime, 'must be equal to or after `startTime`'))
    }
  }
  if (completionTime !== undefined && before.completionTime !== undefined && completed) {
    errors.push(invalidValue(path, completionTime, IMMUTABLE))
  }
  if (before.startTime !== undefined && before.startTime !== startTime && job.spec?.suspend !== true) {
    errors.push(required('status.startTime', 'startTime cannot be removed for unsuspended job'))
  }
}

/** What has ended has no pods left. */
function checkFinished(errors: Errors, view: View): void {
  const { status, before, is } = view
  if (!is.has('Complete') && !is.has('Failed')) return
  const ended = !view.was.has('Complete') && !view.was.has('Failed')
  const { active = 0, terminating = 0, uncountedTerminatedPods: uncounted } = status
  if (active > 0 && (ended || active !== (before.active ?? 0))) {
    errors.push(invalidValue('status.active', active, 'active>0 is invalid for finished job'))
  }
  if (status.startTime === undefined && (ended || before.startTime !== undefined)) {
    errors.push(required('status.startTime', 'startTime is required for finished job'))
  }
  const left = (uncounted?.failed?.length ?? 0) + (uncounted?.succeeded?.length ?? 0)
  if (left > 0 && (ended || !sameValue(uncounted, before.uncountedTerminatedPods))) {
    errors.push(invalidValue('status.uncountedTerminatedPods', uncounted, 'must be empty for finished job'))
  }
  if (terminating > 0 && (ended || terminating !== (before.terminating ?? 0))) {
    errors.push(invalidValue('status.terminating', terminating, 'terminating>0 is invalid for finished job'))
  }
}

function checkIndexes(errors: Errors, { job, status, before }: View): void {
  const { completions, backoffLimitPerIndex, completionMode } = job.spec ?? {}
  const { completedIndexes = '', failedIndexes } = status
  const completedChanged = completedIndexes !== (before.completedIndexes ?? '')
  const failedChanged = failedIndexes !== before.failedIndexes
  const check = (field: 'completedIndexes' | 'failedIndexes', text: string): void => {
    const problem = countIndexes(text, completions ?? 0)
    if (typeof problem === 'string') errors.push(invalidValue(`status.${field}`, text, `error parsing ${field}: ${problem}`))
  }
  if (completedChanged) {
    if (completions !== undefined) check('completedIndexes', completedIndexes)
    if (completedIndexes !== '' && completionMode !== 'Indexed') {
      const detail = 'cannot set non-empty completedIndexes when non-indexed completion mode'
      errors.push(invalidValue('status.completedIndexes', completedIndexes, detail))
    }
  }
  if (failedIndexes === undefined) return
  if (failedChanged && backoffLimitPerIndex === undefined) {
    errors.push(invalidValue('status.failedIndexes', failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'))
  } else if (failedChanged && completions !== undefined) check('failedIndexes', failedIndexes)
  if (completions === undefined || (!completedChanged && !failedChanged)) return
  const common = firstCommonIndex(completedIndexes, failedIndexes, completions)
  if (common !== undefined) {
    errors.push(invalidValue('status.failedIndexes', failedIndexes, `failedIndexes and completedIndexes overlap at index: ${common}`))
  }
}

function checkCounters(errors: Errors, { job, status, before }: View): void {
  const { active = 0, ready, failed = 0, succeeded = 0 } = status
  if (ready !== undefined && ready > active && (ready !== before.ready || active !== (before.active ?? 0))) {
    errors.push(invalidValue('status.ready', ready, 'cannot set more ready pods than active'))
  }
  if (failed < (before.failed ?? 0)) errors.push(invalidValue('status.failed', failed, 'cannot decrease the failed counter'))
  // An indexed Job whose completions follow its parallelism can be scaled down.
  const { completionMode, completions, parallelism } = job.spec ?? {}
  const elastic = completionMode === 'Indexed' && completions === parallelism
  if (succeeded < (before.succeeded ?? 0) && !elastic) {
    errors.push(invalidValue('status.succeeded', succeeded, 'cannot decrease the succeeded counter'))
  }
}

function checkUncounted(errors: Errors, { uncountedTerminatedPods }: JobStatus): void {
  const seen = new Set<string>()
  for (const list of ['succeeded', 'failed'] as const) {
    uncountedTerminatedPods?.[list]?.forEach((uid, index) => {
      const path = `status.uncountedTerminatedPods.${list}[${index}]`
      if (uid === '') errors.push(invalidValue(path, uid, 'must not be empty'))
      else if (seen.has(uid)) errors.push(duplicate(path, uid))
      seen.add(uid)
    })
  }
}
