import { floorDivide, SECOND } from './time-range.ts'
import { CelError, type Timestamp, type Value } from './values.ts'

/** A moment as a calendar and a clock on the wall of some place show it. */
export interface WallTime {
  readonly year: number
  /** From 1. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly millisecond: number
  /** From 0, Sunday. */
  readonly dayOfWeek: number
  /** From 0. */
  readonly dayOfYear: number
}

const OFFSET = /^([+-]?)(\d\d):(\d\d)$/

/** In UTC, at an offset like +01:00, or in a time zone by its IANA name. */
function wallTime(timestamp: Timestamp, zone: string): WallTime | CelError {
  const seconds = Number(floorDivide(timestamp.nanos, SECOND))
  const millisecond = Number((timestamp.nanos - BigInt(seconds) * SECOND) / 1_000_000n)
  const offset = offsetSeconds(zone, seconds)
  if (typeof offset !== 'number') return offset
  const date = new Date((seconds + offset) * 1000)
  const startOfYear = utcDay(date.getUTCFullYear(), 0, 1)
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond,
    dayOfWeek: date.getUTCDay(),
    dayOfYear: utcDay(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()) - startOfYear,
  }
}

/** Days since 1970; years below 100 are meant as they are. */
function utcDay(year: number, month: number, day: number): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month, day)
  return Math.floor(date.getTime() / 86_400_000)
}

function offsetSeconds(zone: string, seconds: number): number | CelError {
  if (zone === 'UTC' || zone === '') return 0
  const match = OFFSET.exec(zone)
  if (match !== null) {
    const offset = Number(match[2]) * 3600 + Number(match[3]) * 60
    return match[1] === '-' ? -offset : offset
  }
  return zoneOffset(zone, seconds) ?? new CelError(`unknown time zone ${zone.slice(0, 60)}`)
}

/** How far the wall clock of a zone is ahead of UTC at that moment. */
function zoneOffset(zone: string, seconds: number): number | undefined {
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone, hourCycle: 'h23', era: 'short', year: 'numeric', month: 'numeric', day: 'numeric',
      hour: 'numeric', minute: 'numeric', second: 'numeric',
    })
    const parts = new Map(format.formatToParts(new Date(seconds * 1000)).map(({ type, value }) => [type as string, value]))
    const number = (name: string): number => Number(parts.get(name))
    const year = parts.get('era') === 'BC' ? 1 - number('year') : number('year')
    const days = utcDay(year, number('month') - 1, number('day'))
    return days * 86_400 + number('hour') * 3600 + number('minute') * 60 + number('second') - seconds
  } catch {
    return undefined
  }
}

export function wallField(field: (wall: WallTime) => number): (timestamp: Timestamp, zone: string) => Value {
  return (timestamp, zone) => {
    const wall = wallTime(timestamp, zone)
    return wall instanceof CelError ? wall : BigInt(field(wall))
  }
}
