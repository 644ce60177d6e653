/** Milliseconds since 1970-01-01T00:00:00Z. Fractions carry microseconds. */
export type Instant = number

/** RFC 3339 with whole seconds, as metav1.Time is written: 2026-11-23T05:14:26Z. */
export function formatTime(instant: Instant): string {
  return new Date(Math.floor(instant / 1000) * 1000).toISOString().replace('.000Z', 'Z')
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
