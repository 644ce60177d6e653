/**
 * The five fields of cron, or @daily and its like, or @every with a duration. The words of an error are those that users of Kubernetes
 * know (github.com/robfig/cron).
 */
export type CronSchedule = CronFields | { readonly everySeconds: number }

export interface CronFields {
  readonly minutes: ReadonlySet<number>
  readonly hours: ReadonlySet<number>
  readonly daysOfMonth: ReadonlySet<number>
  readonly months: ReadonlySet<number>
  /** 0 is Sunday. */
  readonly daysOfWeek: ReadonlySet<number>
  /** Where both days are given, either suffices; a star leaves the choice to the other. */
  readonly anyDayOfMonth: boolean
  readonly anyDayOfWeek: boolean
}

interface Bounds {
  readonly min: number
  readonly max: number
  readonly names: readonly string[]
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
const FIELDS: readonly Bounds[] = [
  { min: 0, max: 59, names: [] }, { min: 0, max: 23, names: [] }, { min: 1, max: 31, names: [] }, { min: 1, max: 12, names: MONTHS },
  { min: 0, max: 6, names: DAYS },
]

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *', '@annually': '0 0 1 1 *', '@monthly': '0 0 1 * *', '@weekly': '0 0 * * 0', '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *', '@hourly': '0 * * * *',
}

/** The text of what is wrong where it cannot be read. A time zone in front (TZ=, CRON_TZ=) is the caller's to refuse: it is passed over. */
export function parseCronSchedule(schedule: string): CronSchedule | string {
  if (schedule === '') return 'empty spec string'
  const text = /^(?:CRON_)?TZ=/.test(schedule) ? schedule.slice(schedule.indexOf(' ') + 1).trim() : schedule
  if (text.startsWith('@every ')) return parseEvery(text.slice('@every '.length))
  if (text.startsWith('@')) {
    const fields = DESCRIPTORS[text]
    return fields === undefined ? `unrecognized descriptor: ${text}` : parseFields(fields)
  }
  return parseFields(text)
}

function parseFields(text: string): CronFields | string {
  const words = text.split(/\s+/).filter((word) => word !== '')
  if (words.length !== FIELDS.length) return `expected exactly ${FIELDS.length} fields, found ${words.length}: [${words.join(' ')}]`
  const sets: Field[] = []
  for (const [index, bounds] of FIELDS.entries()) {
    const field = parseField(words[index] ?? '', bounds)
    if (typeof field === 'string') return field
    sets.push(field)
  }
  const [minutes = NONE, hours = NONE, daysOfMonth = NONE, months = NONE, daysOfWeek = NONE] = sets
  return {
    minutes: minutes.values, hours: hours.values, daysOfMonth: daysOfMonth.values, months: months.values, daysOfWeek: daysOfWeek.values,
    anyDayOfMonth: daysOfMonth.star, anyDayOfWeek: daysOfWeek.star,
  }
}

interface Field {
  readonly values: ReadonlySet<number>
  readonly star: boolean
}

const NONE: Field = { values: new Set(), star: false }

function parseField(text: string, bounds: Bounds): Field | string {
  const values = new Set<number>()
  let star = false
  for (const part of text.split(',')) {
    if (part === '') continue
    const range = parseRange(part, bounds)
    if (typeof range === 'string') return range
    for (let value = range.first; value <= range.last; value += range.step) values.add(value)
    star ||= range.star
  }
  return { values, star }
}

interface Range {
  readonly first: number
  readonly last: number
  readonly step: number
  readonly star: boolean
}

/** 5, 1-5, 10-20/2, a star, a star/15, 5/15 (from 5 on). */
function parseRange(text: string, bounds: Bounds): Range | string {
  const [range = '', stepText, ...moreSteps] = text.split('/')
  const [low = '', high, ...moreBounds] = range.split('-')
  const star = low === '*' || low === '?'
  const first = star ? bounds.min : parseNumberOrName(low, bounds.names, bounds.min)
  if (typeof first === 'string') return first
  if (moreBounds.length > 0 && !star) return `too many hyphens: ${text}`
  const end = star ? bounds.max : high === undefined ? first : parseNumberOrName(high, bounds.names, bounds.min)
  if (typeof end === 'string') return end
  if (moreSteps.length > 0) return `too many slashes: ${text}`
  const step = stepText === undefined ? 1 : parseNumber(stepText)
  if (typeof step === 'string') return step
  const last = stepText !== undefined && high === undefined ? bounds.max : end
  if (first < bounds.min) return `beginning of range (${first}) below minimum (${bounds.min}): ${text}`
  if (last > bounds.max) return `end of range (${last}) above maximum (${bounds.max}): ${text}`
  if (first > last) return `beginning of range (${first}) beyond end of range (${last}): ${text}`
  if (step === 0) return `step of range should be a positive number: ${text}`
  return { first, last, step, star: star && step === 1 }
}

function parseNumberOrName(text: string, names: readonly string[], min: number): number | string {
  const index = names.indexOf(text.toLowerCase())
  return index === -1 ? parseNumber(text) : index + min
}

const MAX_DIGITS = 15

function parseNumber(text: string): number | string {
  const quoted = JSON.stringify(text)
  if (!/^[-+]?\d+$/.test(text)) return `failed to parse int from ${text}: strconv.Atoi: parsing ${quoted}: invalid syntax`
  if (text.length > MAX_DIGITS) return `failed to parse int from ${text}: strconv.Atoi: parsing ${quoted}: value out of range`
  const number = Number(text)
  return number < 0 ? `negative number (${number}) not allowed: ${text}` : number
}

const UNIT_SECONDS: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, 'µs': 1e-6, 'μs': 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 }
const DURATION = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/
const DURATION_PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g
const MAX_DURATION_CHARACTERS = 64

/** Whole seconds, one at least. */
function parseEvery(text: string): CronSchedule | string {
  if (text.length > MAX_DURATION_CHARACTERS || !DURATION.test(text)) {
    return `failed to parse duration @every ${text}: time: invalid duration ${JSON.stringify(text)}`
  }
  let seconds = 0
  for (const [, amount, unit = 's'] of text.matchAll(DURATION_PART)) seconds += Number(amount) * (UNIT_SECONDS[unit] ?? 0)
  return { everySeconds: Math.max(1, Math.floor(text.startsWith('-') ? -seconds : seconds)) }
}
