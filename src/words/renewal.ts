import type { Instant } from './instant.ts'
import type { Random } from './ports.ts'
import { fraction } from './random.ts'

/** From when to when a certificate counts. */
export interface Validity {
  readonly from: Instant
  readonly until: Instant
}

const EARLIEST = 0.7
const LATEST = 0.9
/** A start renews without dice: what has less than a third left. */
const LEFT_AT_START = 1 / 3

/**
 * When a certificate is renewed in a running process: somewhere between 70 and 90 % of its life, as a kubelet does, so that those that were
 * made together are not renewed together. Of one for a year: 255 to 328 days after it was made.
 */
export function renewalTime({ from, until }: Validity, random: Random): Instant {
  return from + Math.max(0, until - from) * (EARLIEST + (LATEST - EARLIEST) * fraction(random))
}

/** Whether one that is found at a start is made anew at once. */
export function isNearEnd({ from, until }: Validity, now: Instant): boolean {
  return until - now < (until - from) * LEFT_AT_START
}
