import { checkedDuration, checkedTimestamp, floorDivide, SECOND } from './time-range.ts'
import { CelError, type Duration, type Timestamp } from './values.ts'

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9})\d*)?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/** 2026-11-23T05:14:26.123456789+01:00 */
export function parseTimestamp(text: string): Timestamp | CelError {
  const match = RFC3339.exec(text)
  const wrong = new CelError(`invalid RFC3339 timestamp: ${JSON.stringify(text.slice(0, 60))}`)
  if (match === null) return wrong
  const [, year, month, day, hour, minute, second, fraction = '', sign, offsetHour, offsetMinute] = match
  const numbers = [year, month, day, hour, minute, second].map(Number)
  const [y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0] = numbers
  if (mo < 1 || mo > 12 || d < 1 || d > daysIn(y, mo) || h > 23 || mi > 59 || s > 59) return wrong
  if (Number(offsetHour ?? 0) > 23 || Number(offsetMinute ?? 0) > 59) return wrong
  const date = new Date(0)
  date.setUTCFullYear(y, mo - 1, d)
  date.setUTCHours(h, mi, s)
  const offset = (Number(offsetHour ?? 0) * 60 + Number(offsetMinute ?? 0)) * (sign === '-' ? -60 : 60)
  const seconds = BigInt(date.getTime()) / 1000n - BigInt(offset)
  return checkedTimestamp(seconds * SECOND + BigInt(fraction.padEnd(9, '0')))
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

export function formatTimestamp(timestamp: Timestamp): string {
  const seconds = floorDivide(timestamp.nanos, SECOND)
  const fraction = timestamp.nanos - seconds * SECOND
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19)
  return `${whole}${fractionText(fraction)}Z`
}

function fractionText(nanos: bigint): string {
  return nanos === 0n ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`
}

const UNIT_NANOS: Readonly<Record<string, bigint>> = {
  ns: 1n, us: 1000n, '\u00b5s': 1000n, '\u03bcs': 1000n, ms: 1_000_000n, s: SECOND, m: 60n * SECOND, h: 3600n * SECOND,
}
const DURATION_PART = /(\d*)(?:\.(\d*))?(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y

/** 1h30m, 1.5s, -100ms: as Go writes durations. */
export function parseDuration(text: string): Duration | CelError {
  const wrong = new CelError(`invalid duration: ${JSON.stringify(text.slice(0, 60))}`)
  const negative = text.startsWith('-')
  const body = negative || text.startsWith('+') ? text.slice(1) : text
  if (body === '0') return checkedDuration(0n)
  if (body === '' || body.length > 200) return wrong
  let nanos = 0n
  for (let offset = 0; offset < body.length;) {
    DURATION_PART.lastIndex = offset
    const match = DURATION_PART.exec(body)
    const [all = '', whole = '', fraction = '', unit = ''] = match ?? []
    if (match === null || whole + fraction === '') return wrong
    const scale = UNIT_NANOS[unit] ?? 0n
    nanos += BigInt(`0${whole}`) * scale + (BigInt(`0${fraction}`) * scale) / 10n ** BigInt(fraction.length)
    offset += all.length
  }
  return checkedDuration(negative ? -nanos : nanos)
}

/** In seconds, as string(duration) gives it: 5400s, 1.5s. */
export function formatDuration(duration: Duration): string {
  const sign = duration.nanos < 0n ? '-' : ''
  const nanos = duration.nanos < 0n ? -duration.nanos : duration.nanos
  return `${sign}${nanos / SECOND}${fractionText(nanos % SECOND)}s`
}
