import type { Instant } from '../words/instant.ts'

/** Between attempts that may fail for a while: 10 s, doubling to 5 min, forgotten after 10 min without need. */
export interface BackOff {
  readonly delayMs: number
  readonly updatedAt: Instant
}

const FIRST_MS = 10_000
const MAX_MS = 300_000

/** eventAt: when the thing failed that is tried again now. */
export function nextBackOff(current: BackOff | undefined, eventAt: Instant, now: Instant): BackOff {
  if (current === undefined || isForgotten(current, eventAt)) return { delayMs: FIRST_MS, updatedAt: now }
  return { delayMs: Math.min(current.delayMs * 2, MAX_MS), updatedAt: now }
}

/** Until when to wait after what happened at eventAt; undefined: no need. */
export function backOffUntil(current: BackOff | undefined, eventAt: Instant, now: Instant): Instant | undefined {
  if (current === undefined || isForgotten(current, eventAt)) return undefined
  const until = eventAt + current.delayMs
  return now < until ? until : undefined
}

function isForgotten(current: BackOff, eventAt: Instant): boolean {
  return eventAt - current.updatedAt > 2 * MAX_MS
}

/** As Go prints a duration: 10s, 1m20s, 5m0s, 1.5s, 250ms. Clients and people know back-offs in this form. */
export function formatDuration(durationMs: number): string {
  if (durationMs <= 0) return '0s'
  if (durationMs < 1000) return `${trimZeros(durationMs)}ms`
  const hours = Math.floor(durationMs / 3_600_000)
  const minutes = Math.floor((durationMs % 3_600_000) / 60_000)
  const seconds = trimZeros((durationMs % 60_000) / 1000)
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`
}

function trimZeros(value: number): string {
  return String(Number(value.toFixed(3)))
}
