import type { Instant } from '../words/instant.ts'
import { parseTime } from '../words/instant.ts'

const MINUTE_S = 60
const HOUR_S = 60 * MINUTE_S
const DAY_S = 24 * HOUR_S
const YEAR_S = 365 * DAY_S

/**
 * A duration as kubectl shows ages: two units while that is short, one unit later.
 * 90 s -> 90s, 150 s -> 2m30s, 5 h 10 min -> 5h10m, 49 h -> 2d1h, 100 days -> 100d.
 */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000)
  if (seconds < -1) return '<invalid>'
  if (seconds < 0) return '0s'
  if (seconds < 2 * MINUTE_S) return `${seconds}s`
  if (seconds < 10 * MINUTE_S) return twoUnits(seconds, MINUTE_S, 'm', 1, 's')
  if (seconds < 3 * HOUR_S) return `${Math.floor(seconds / MINUTE_S)}m`
  if (seconds < 8 * HOUR_S) return twoUnits(seconds, HOUR_S, 'h', MINUTE_S, 'm')
  if (seconds < 2 * DAY_S) return `${Math.floor(seconds / HOUR_S)}h`
  if (seconds < 8 * DAY_S) return twoUnits(seconds, DAY_S, 'd', HOUR_S, 'h')
  if (seconds < 2 * YEAR_S) return `${Math.floor(seconds / DAY_S)}d`
  if (seconds < 8 * YEAR_S) return twoUnits(seconds, YEAR_S, 'y', DAY_S, 'd')
  return `${Math.floor(seconds / YEAR_S)}y`
}

function twoUnits(seconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % large) / small)
  return `${Math.floor(seconds / large)}${largeName}${rest === 0 ? '' : `${rest}${smallName}`}`
}

/** How long ago a timestamp was: 5m, 2d3h; <unknown> where there is none. */
export function ageOf(timestamp: string | undefined, now: Instant): string {
  const instant = timestamp === undefined ? undefined : parseTime(timestamp)
  return instant === undefined ? '<unknown>' : humanDuration(now - instant)
}
