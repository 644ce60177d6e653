import { CelError, Duration, isInt, Timestamp } from './values.ts'

export const SECOND = 1_000_000_000n
const MIN_TIMESTAMP = -62_135_596_800n * SECOND
const MAX_TIMESTAMP = 253_402_300_800n * SECOND - 1n

/** Timestamps are of the years 1 to 9999. */
export function checkedTimestamp(nanos: bigint): Timestamp | CelError {
  return nanos < MIN_TIMESTAMP || nanos > MAX_TIMESTAMP ? new CelError('timestamp overflow') : new Timestamp(nanos)
}

/** Durations are of 292 years at most: nanoseconds in 64 bits. */
export function checkedDuration(nanos: bigint): Duration | CelError {
  return isInt(nanos) ? new Duration(nanos) : new CelError('duration overflow')
}

/** Rounded down, also below zero. */
export function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor
  return value % divisor < 0n ? quotient - 1n : quotient
}
