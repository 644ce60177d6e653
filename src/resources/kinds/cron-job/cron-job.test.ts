import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleCronJob } from '../../sample-workloads.testing.ts'
import { cellsOf, changed, created, createChecks, updateChecks } from '../checking.testing.ts'
import { cronJobs } from './cron-job.ts'
import { parseCronSchedule } from './cron-schedule.ts'

const check = createChecks(cronJobs, sampleCronJob)

test('defaults of a CronJob', () => {
  const { jobTemplate, ...spec } = created(cronJobs, sampleCronJob()).spec ?? { jobTemplate: {} }
  assert.deepEqual(spec, { schedule: '*/5 * * * *', concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 })
  const { template, ...job } = jobTemplate.spec ?? {}
  assert.deepEqual([job, template?.spec?.dnsPolicy], [{}, 'ClusterFirst'])
})

test('a CronJob', () => {
  check({})
  check({ spec: undefined }, 'spec.schedule: Required value', 'spec.jobTemplate.spec.template.spec.containers: Required value',
    'spec.jobTemplate.spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"')
  check({ 'spec.schedule': '' }, 'spec.schedule: Required value')
  check({ 'spec.schedule': '* * * *' }, 'spec.schedule: Invalid value: "* * * *": expected exactly 5 fields, found 4: [* * * *]')
  const zoned = 'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead'
  check({ 'spec.schedule': 'TZ=UTC * * * * *' }, zoned)
  check({ 'spec.startingDeadlineSeconds': -1, 'spec.failedJobsHistoryLimit': -1 },
    'spec.startingDeadlineSeconds: Invalid value: -1: must be greater than or equal to 0',
    'spec.failedJobsHistoryLimit: Invalid value: -1: must be greater than or equal to 0')
  check({ 'spec.concurrencyPolicy': 'Queue' }, 'spec.concurrencyPolicy: Unsupported value: "Queue": supported values: "Allow", "Forbid", "Replace"')
  check({ 'metadata.name': 'a'.repeat(53) }, `metadata.name: Invalid value: "${'a'.repeat(53)}": must be no more than 52 characters`)
  const template = 'spec.jobTemplate.spec'
  check({ [`${template}.selector`]: {}, [`${template}.manualSelector`]: true },
    `${template}.selector: Invalid value: {}: \`selector\` will be auto-generated`, `${template}.manualSelector: Unsupported value: true: supported values: "nil", "false"`)
  check({ [`${template}.template.spec.restartPolicy`]: undefined }, `${template}.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"`)
  check({ [`${template}.parallelism`]: -1 }, `${template}.parallelism: Invalid value: -1: must be greater than or equal to 0`)
})

test('time zones', () => {
  const zone = (name: string, ...details: string[]): void =>
    check({ 'spec.timeZone': name }, ...details.map((detail) => `spec.timeZone: Invalid value: ${JSON.stringify(name)}: ${detail}`))
  for (const name of ['UTC', 'Etc/UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Asia/Calcutta', 'EST5EDT']) zone(name)
  zone('', 'timeZone must be nil or non-empty string')
  zone('Local', 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones')
  for (const name of ['Mars/Base', 'europe/berlin', '../../etc/passwd', 'Europe/', '-01', '+01', 'Europe/Waytoolongaplacename']) zone(name, `unknown time zone ${name}`)
})

test('an update of a CronJob checks the time zone where it has changed', () => {
  const update = updateChecks(cronJobs, sampleCronJob)
  update({ 'spec.timeZone': 'Mars/Base' }, { 'spec.suspend': true })
  update({}, { 'spec.timeZone': 'Mars/Base' }, 'spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base')
  update({ 'spec.schedule': 'TZ=UTC 1 * * * *' }, { 'spec.schedule': 'TZ=UTC 2 * * * *' })
  update({ 'spec.schedule': 'TZ=UTC 1 * * * *' }, { 'spec.timeZone': 'UTC' },
    'spec.schedule: Invalid value: "TZ=UTC 1 * * * *": cannot use both timeZone field and TZ or CRON_TZ in schedule')
})

function parsed(text: string): unknown {
  const schedule = parseCronSchedule(text)
  if (typeof schedule === 'string' || 'everySeconds' in schedule) return schedule
  const list = (set: ReadonlySet<number>, all: number): string => (set.size === all ? '*' : [...set].sort((a, b) => a - b).join())
  const { minutes, hours, daysOfMonth, months, daysOfWeek, anyDayOfMonth, anyDayOfWeek } = schedule
  return [
    list(minutes, 60), list(hours, 24), list(daysOfMonth, 31), list(months, 12), list(daysOfWeek, 7), anyDayOfMonth ? 'any day' : '',
    anyDayOfWeek ? 'any weekday' : '',
  ].join(' ')
}

test('schedules', () => {
  const table: readonly [string, unknown][] = [
    ['*/15 2-4 ? JAN,dec mon-fri', '0,15,30,45 2,3,4 * 1,12 1,2,3,4,5 any day '],
    ['5/20 0 1-31/10 * 0', '5,25,45 0 1,11,21,31 * 0  '],
    ['CRON_TZ=UTC  0 0 * * *', '0 0 * * * any day any weekday'],
    ['@hourly', '0 * * * * any day any weekday'],
    ['@yearly', '0 0 1 1 *  any weekday'],
    ['@every 1h30m', { everySeconds: 5400 }], ['@every 10ms', { everySeconds: 1 }],
    ['@every soon', 'failed to parse duration @every soon: time: invalid duration "soon"'],
    ['@never', 'unrecognized descriptor: @never'], ['', 'empty spec string'],
    ['60 * * * *', 'end of range (60) above maximum (59): 60'], ['* * 0 * *', 'beginning of range (0) below minimum (1): 0'],
    ['5-1 * * * *', 'beginning of range (5) beyond end of range (1): 5-1'], ['*/0 * * * *', 'step of range should be a positive number: */0'],
    ['1-2-3 * * * *', 'too many hyphens: 1-2-3'], ['1/2/3 * * * *', 'too many slashes: 1/2/3'],
    ['x * * * *', 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'],
    ['* * * * 7', 'end of range (7) above maximum (6): 7'],
  ]
  for (const [text, expected] of table) assert.deepEqual(parsed(text), expected, text)
})

test('the table of CronJobs', () => {
  const job = created(cronJobs, sampleCronJob())
  const common = { Schedule: '*/5 * * * *', Suspend: 'False', Age: '<unknown>', Containers: 'web', Images: 'web:1', Selector: '<none>' }
  assert.deepEqual(cellsOf(cronJobs, job), { ...common, Timezone: '<none>', Active: 0, 'Last Schedule': '<none>' })
  const status = { active: [{ name: 'x' }], lastScheduleTime: '2025-12-31T23:59:00Z' }
  assert.deepEqual(cellsOf(cronJobs, changed(job, { 'spec.timeZone': 'UTC', status })), { ...common, Timezone: 'UTC', Active: 1, 'Last Schedule': '60s' })
})
