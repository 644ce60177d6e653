import type { FieldError } from '../../../objects/field-error.ts'
import { invalidValue, required } from '../../../objects/field-error.ts'
import { dnsLabelErrors } from '../../../objects/names.ts'
import { parseTime } from '../../../words/instant.ts'
import type { Instant } from '../../../words/instant.ts'
import { humanDuration } from '../../age.ts'
import type { ResourceDefinition } from '../../definition.ts'
import type { Errors } from '../../field-checks.ts'
import { checkImmutable, checkLabelSelector } from '../../field-checks.ts'
import { kinds } from '../../generated/kinds.ts'
import type { Job, JobSpec, PodTemplateSpec } from '../../generated/types.ts'
import { keepSpec, keepStatus, plainResource, specOf } from '../../plain-resource.ts'
import { ageColumn, textColumn } from '../../table.ts'
import { defaultPodTemplate } from '../pod/defaults.ts'
import { checkSelected } from '../pod/pod-template.ts'
import { podNameWarnings } from '../pod/pod-warnings.ts'
import { workloadColumns } from '../workload-columns.ts'
import { checkGeneratedSelector, generateSelector } from './job-selector.ts'
import { checkJobSpec, jobSpecWarnings } from './job-spec.ts'
import { conditionsOf, validateJobStatus } from './job-status.ts'

const MAX_INT32 = 2147483647

function defaults(draft: Job): void {
  const spec = specOf(draft)
  if (spec.parallelism === undefined) {
    spec.completions ??= 1
    spec.parallelism = 1
  }
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : MAX_INT32
  spec.completionMode ??= 'NonIndexed'
  spec.suspend ??= false
  spec.manualSelector ??= false
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed'
  const labels = spec.template?.metadata?.labels
  // The same object, so that those which a new Job's selector needs become labels of the Job too.
  if (labels !== undefined && Object.keys(draft.metadata.labels ?? {}).length === 0) draft.metadata.labels = labels
  defaultJobTemplate(spec)
}

/** The part that the template of a CronJob gets too. */
export function defaultJobTemplate(spec: JobSpec): void {
  for (const rule of spec.podFailurePolicy?.rules ?? []) for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True'
  defaultPodTemplate(spec)
}

function checkJob(errors: Errors, { metadata: { name = '' } }: Job, spec: JobSpec): void {
  checkJobSpec(errors, 'spec', spec)
  if (spec.selector === undefined) errors.push(required('spec.selector'))
  else checkLabelSelector(errors, 'spec.selector', spec.selector)
  checkSelected(errors, 'spec.template', spec.template ?? {}, spec.selector)
  const { completionMode, completions = 0 } = spec
  if (completionMode === 'Indexed' && completions > 0) {
    // The pod with the last index is called like this; without a check its creation would fail only then.
    const hostname = `${name}-${completions - 1}`
    if (dnsLabelErrors(hostname).length > 0) {
      errors.push(invalidValue('metadata.name', name, `will not able to create pod with invalid DNS label: ${hostname}`))
    }
  }
}

function validateCreate(job: Job): FieldError[] {
  const errors: Errors = []
  if (job.spec === undefined) return [required('spec')]
  checkGeneratedSelector(errors, job, undefined)
  checkJob(errors, job, job.spec)
  return errors
}

function validateUpdate(job: Job, old: Job): FieldError[] {
  const errors: Errors = []
  const [spec, before] = [job.spec, old.spec]
  if (spec === undefined || before === undefined) return [required('spec')]
  checkGeneratedSelector(errors, job, old)
  checkJob(errors, job, spec)
  checkCompletions(errors, spec, before)
  checkImmutable(errors, 'spec.selector', spec.selector, before.selector)
  const mayBePlaced = before.suspend === true && old.status?.startTime === undefined
  const fixed = ({ template }: JobSpec): object => (mayBePlaced ? withoutPlacement(template) : template)
  checkImmutable(errors, 'spec.template', fixed(spec), fixed(before))
  for (const field of ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const) {
    checkImmutable(errors, `spec.${field}`, spec[field], before[field])
  }
  return errors
}

function checkCompletions(errors: Errors, spec: JobSpec, before: JobSpec): void {
  if (spec.completionMode !== 'Indexed') checkImmutable(errors, 'spec.completions', spec.completions, before.completions)
  else if (spec.completions !== undefined && spec.completions !== before.completions && spec.completions !== spec.parallelism) {
    errors.push(invalidValue('spec.completions', spec.completions, 'can only be modified in tandem with spec.parallelism'))
  }
}

/** KEP-2926: a queue may say where the pods of a suspended Job go, as long as none has started. */
function withoutPlacement(template: PodTemplateSpec | undefined): object {
  const { labels: _, annotations: __, ...metadata } = template?.metadata ?? {}
  const { nodeSelector: ___, tolerations: ____, schedulingGates: _____, affinity, ...spec } = template?.spec ?? { containers: [] }
  const { nodeAffinity: ______, ...others } = affinity ?? {}
  return { metadata, spec: { ...spec, affinity: others } }
}

function warnings(job: Job, old: Job | undefined): readonly string[] {
  return [...podNameWarnings(job, old), ...jobSpecWarnings('spec', job.spec, job, old)]
}

/** The most telling of its conditions. */
function statusText(job: Job): string {
  const is = conditionsOf(job)
  if (is.has('Complete')) return 'Complete'
  if (is.has('Failed')) return 'Failed'
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating'
  return ['Suspended', 'FailureTarget'].find((type) => is.has(type)) ?? 'Running'
}

/** 2/5; without a number of completions one success is enough: 0/1 of 3. */
function completionsText({ spec, status }: Job): string {
  const done = status?.succeeded ?? 0
  const { completions, parallelism = 0 } = spec ?? {}
  if (completions !== undefined) return `${done}/${completions}`
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`
}

function durationText({ status }: Job, now: Instant): string {
  const start = parseTime(status?.startTime ?? '')
  return start === undefined ? '' : humanDuration((parseTime(status?.completionTime ?? '') ?? now) - start)
}

export const jobs: ResourceDefinition<Job> = {
  ...plainResource,
  kind: kinds.Job,
  defaults,
  prepareForCreate(draft) {
    draft.status = {}
    generateSelector(draft)
  },
  prepareForUpdate: keepStatus,
  validateCreate,
  validateUpdate,
  warnings,
  generationOf: 'spec',
  orphansByDefault: true,
  columns: [
    textColumn('Status', 'How far it has come.', statusText),
    textColumn('Completions', 'Pods that succeeded, of those that have to.', completionsText),
    textColumn('Duration', 'How long it has run.', durationText),
    ageColumn,
    ...workloadColumns,
  ],
  selectableFields: { 'status.successful': ({ status }) => String(status?.succeeded ?? 0) },
  status: { prepareForUpdate: keepSpec, validateUpdate: validateJobStatus },
}
