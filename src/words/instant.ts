/** Milliseconds since 1970-01-01T00:00:00Z. Fractions carry microseconds. */
export type Instant = number

/** RFC 3339 with whole seconds, as metav1.Time is written: 2026-11-23T05:14:26Z. */
export function formatTime(instant: Instant): string {
  const seconds = Math.floor(instant / 1000)
  if (!(seconds >= 0 && seconds < END_OF_9999)) return new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
  const days = Math.floor(seconds / 86_400)
  const time = seconds - days * 86_400
  return `${formatDate(days)}T${two(Math.floor(time / 3600))}:${two(Math.floor(time / 60) % 60)}:${two(time % 60)}Z`
}

const END_OF_9999 = 253_402_300_800

/**
 * The Gregorian date of a day since 1970-01-01, counted in years that begin with March, so that the leap day comes last
 * (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"). Every write formats a time; a Date costs ten times as much.
 */
function formatDate(days: number): string {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const leapDays = Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096)
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365)
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
  return `${yearOfEra + era * 400 + (month <= 2 ? 1 : 0)}-${two(month)}-${two(day)}`
}

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number)
}

/** RFC 3339 with six digits, as metav1.MicroTime is written: 2026-11-23T05:14:26.123456Z. */
export function formatMicroTime(instant: Instant): string {
  const micros = Math.floor((instant - Math.floor(instant / 1000) * 1000) * 1000)
  return formatTime(instant).replace('Z', `.${String(micros).padStart(6, '0')}Z`)
}

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/

/** Undefined when the text is no RFC 3339 time. */
export function parseTime(text: string): Instant | undefined {
  const match = RFC3339.exec(text)
  if (match === null) return undefined
  const whole = Date.parse(text.toUpperCase().replace(match[1] ?? '', ''))
  if (Number.isNaN(whole)) return undefined
  return whole + (match[1] === undefined ? 0 : Number(match[1]) * 1000)
}
