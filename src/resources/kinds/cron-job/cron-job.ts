import type { FieldError } from '../../../objects/field-error.ts'
import { invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import { parseTime } from '../../../words/instant.ts'
import { humanDuration } from '../../age.ts'
import type { ResourceDefinition } from '../../definition.ts'
import type { Errors } from '../../field-checks.ts'
import { checkNotNegative, checkOneOf } from '../../field-checks.ts'
import { kinds } from '../../generated/kinds.ts'
import type { CronJob, CronJobSpec } from '../../generated/types.ts'
import { keepSpec, keepStatus, plainResource, specOf } from '../../plain-resource.ts'
import { ageColumn, numberColumn, textColumn, wideColumn } from '../../table.ts'
import { defaultJobTemplate } from '../job/job.ts'
import { checkJobSpec, jobSpecWarnings } from '../job/job-spec.ts'
import { podNameWarnings } from '../pod/pod-warnings.ts'
import { containerImages, containerNames, selectorQuery } from '../workload-columns.ts'
import { parseCronSchedule } from './cron-schedule.ts'
import { checkTimeZone } from './time-zone.ts'

/** The controller adds the time to the name, a dash and ten digits; the name of a Job has at most 63 characters. */
const MAX_NAME_CHARACTERS = 52

function defaults(draft: CronJob): void {
  const spec = specOf(draft)
  spec.concurrencyPolicy ||= 'Allow'
  spec.suspend ??= false
  spec.successfulJobsHistoryLimit ??= 3
  spec.failedJobsHistoryLimit ??= 1
  spec.jobTemplate ??= {}
  defaultJobTemplate(specOf(spec.jobTemplate))
}

function validateSpec(errors: Errors, spec: CronJobSpec, old: CronJobSpec | undefined): void {
  if ((spec.schedule ?? '') === '') errors.push(required('spec.schedule'))
  else checkSchedule(errors, spec, old)
  checkNotNegative(errors, 'spec', 'startingDeadlineSeconds', spec.startingDeadlineSeconds)
  if (spec.timeZone !== old?.timeZone) checkTimeZone(errors, 'spec.timeZone', spec.timeZone)
  checkOneOf(errors, 'spec', 'concurrencyPolicy', spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace'])
  checkTemplate(errors, spec)
  checkNotNegative(errors, 'spec', 'successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit)
  checkNotNegative(errors, 'spec', 'failedJobsHistoryLimit', spec.failedJobsHistoryLimit)
}

/** A time zone within the schedule was never meant to work; what has one already may keep it. */
function checkSchedule(errors: Errors, { schedule, timeZone }: CronJobSpec, old: CronJobSpec | undefined): void {
  const problem = parseCronSchedule(schedule)
  if (typeof problem === 'string') errors.push(invalidValue('spec.schedule', schedule, problem))
  if (!schedule.includes('TZ')) return
  const kept = old?.schedule?.includes('TZ') === true
  if (!kept) errors.push(invalidValue('spec.schedule', schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'))
  else if (timeZone !== undefined) {
    errors.push(invalidValue('spec.schedule', schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'))
  }
}

function checkTemplate(errors: Errors, { jobTemplate }: CronJobSpec): void {
  const path = 'spec.jobTemplate.spec'
  const spec = jobTemplate?.spec ?? { template: {} }
  checkJobSpec(errors, path, spec)
  if (spec.selector !== undefined) errors.push(invalidValue(`${path}.selector`, spec.selector, '`selector` will be auto-generated'))
  if (spec.manualSelector === true) errors.push(notSupported(`${path}.manualSelector`, true, ['nil', 'false']))
}

function validateCreate({ metadata: { name = '' }, spec }: CronJob): FieldError[] {
  const errors: Errors = []
  if (spec === undefined) return [required('spec')]
  validateSpec(errors, spec, undefined)
  if (name.length > MAX_NAME_CHARACTERS) {
    errors.push(invalidValue('metadata.name', name, `must be no more than ${MAX_NAME_CHARACTERS} characters`))
  }
  return errors
}

function warnings(cronJob: CronJob, old: CronJob | undefined): readonly string[] {
  const found = [
    ...podNameWarnings(cronJob, old), ...jobSpecWarnings('spec.jobTemplate.spec', cronJob.spec?.jobTemplate?.spec, cronJob, old),
  ]
  // A new one with such a schedule is refused.
  if (old !== undefined && cronJob.spec?.schedule?.includes('TZ') === true) {
    const documentation = 'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/'
    found.push(`cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see ${documentation} for more details`)
  }
  return found
}

export const cronJobs: ResourceDefinition<CronJob> = {
  ...plainResource,
  kind: kinds.CronJob,
  defaults,
  prepareForCreate(draft) {
    draft.status = {}
  },
  prepareForUpdate: keepStatus,
  validateCreate,
  validateUpdate({ spec }, old) {
    const errors: Errors = []
    if (spec === undefined) return [required('spec')]
    validateSpec(errors, spec, old.spec)
    return errors
  },
  warnings,
  generationOf: 'spec',
  columns: [
    textColumn('Schedule', 'When its Jobs start.', ({ spec }) => spec?.schedule ?? ''),
    textColumn('Timezone', 'The time zone of that.', ({ spec }) => spec?.timeZone ?? '<none>'),
    {
      name: 'Suspend', type: 'boolean', priority: 0, description: 'Whether it is held back.',
      cell: ({ spec }) => (spec?.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False'),
    },
    numberColumn('Active', 'Its Jobs that run.', ({ status }) => status?.active?.length ?? 0),
    textColumn('Last Schedule', 'How long ago its latest Job was due.', ({ status }, now) => {
      const last = parseTime(status?.lastScheduleTime ?? '')
      return last === undefined ? '<none>' : humanDuration(now - last)
    }),
    ageColumn,
    wideColumn('Containers', 'Names of the containers of its pods.', ({ spec }) => containerNames(spec?.jobTemplate?.spec?.template)),
    wideColumn('Images', 'Images of the containers of its pods.', ({ spec }) => containerImages(spec?.jobTemplate?.spec?.template)),
    wideColumn('Selector', 'Labels of its pods.', ({ spec }) => selectorQuery(spec?.jobTemplate?.spec?.selector) || '<none>'),
  ],
  status: { prepareForUpdate: keepSpec, validateUpdate: () => [] },
}
