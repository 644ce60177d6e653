import type { PriorityLevelConfigurationSpec } from '../../resources/generated/types.ts'
import type { DemandSummary } from './seat-demand.ts'

/** What a priority level may have of the server's seats. */
export interface SeatLimits {
  readonly nominal: number
  /** What is left to it when others borrow. */
  readonly least: number
  readonly most: number
}

export interface NamedLevel {
  readonly name: string
  readonly spec: PriorityLevelConfigurationSpec
}

const DEFAULT_SHARES = 30

/** Shares the server's seats out, rounded up, as the API describes nominalConcurrencyShares, lendablePercent and borrowingLimitPercent. */
export function nominalLimits(levels: readonly NamedLevel[], totalSeats: number): ReadonlyMap<string, SeatLimits> {
  const allShares = levels.reduce((sum, { spec }) => sum + sharesOf(spec), 0)
  return new Map(levels.map(({ name, spec }) => {
    const nominal = allShares === 0 ? 0 : Math.ceil((totalSeats * sharesOf(spec)) / allShares)
    const lendable = Math.round((nominal * (lendablePercent(spec) ?? 0)) / 100)
    const borrowing = spec.limited?.borrowingLimitPercent
    const most = nominal + (borrowing === undefined ? totalSeats : Math.round((nominal * borrowing) / 100))
    return [name, { nominal, least: nominal - lendable, most }]
  }))
}

export function isExempt(spec: PriorityLevelConfigurationSpec): boolean {
  return spec.type === 'Exempt'
}

function sharesOf(spec: PriorityLevelConfigurationSpec): number {
  return isExempt(spec) ? (spec.exempt?.nominalConcurrencyShares ?? 0) : (spec.limited?.nominalConcurrencyShares ?? DEFAULT_SHARES)
}

function lendablePercent(spec: PriorityLevelConfigurationSpec): number | undefined {
  return isExempt(spec) ? spec.exempt?.lendablePercent : spec.limited?.lendablePercent
}

/** How slowly demand is forgotten, per adjustment: a level that was just busy is not lent from at once. */
const SMOOTHING = 0.977

/** Demand jumps up at once and comes down slowly. */
export function smoothedDemand(before: number, { average, deviation }: DemandSummary): number {
  const envelope = average + deviation
  return Math.max(envelope, SMOOTHING * before + (1 - SMOOTHING) * envelope)
}

export interface Borrower {
  readonly limits: SeatLimits
  readonly isExempt: boolean
  readonly highest: number
  readonly smoothed: number
}

export interface Lent {
  readonly seats: readonly number[]
  /** What each level would have, had all what they want. */
  readonly targets: readonly number[]
  readonly fairFraction: number
}

/**
 * Lends seats of levels that do not use them to levels that do: each level's seats for the time until the next adjustment, in order.
 * No level falls below what it needed lately, as far as that is its own; beyond that all get the same part of what they want.
 */
export function lendSeats(levels: readonly Borrower[]): Lent {
  let remaining = levels.reduce((sum, { limits }) => sum + limits.nominal, 0)
  for (const level of levels) if (level.isExempt) remaining -= exemptSeats(level)
  const limited = levels.filter((level) => !level.isExempt)
  const leastSum = limited.reduce((sum, { limits }) => sum + limits.least, 0)
  const ownSum = limited.reduce((sum, level) => sum + ownNeed(level), 0)
  const targets = levels.map((level) => (level.isExempt ? exemptSeats(level) : Math.max(LEAST_TARGET, ownNeed(level), level.smoothed)))
  const lent = (fairFraction: number, seatsOf: (level: Borrower) => number): Lent => (
    { seats: levels.map((level) => (level.isExempt ? exemptSeats(level) : seatsOf(level))), targets, fairFraction })
  if (remaining <= leastSum) return lent(0, ({ limits }) => limits.least)
  if (remaining <= ownSum) {
    const part = (remaining - leastSum) / (ownSum - leastSum)
    const between = ({ least }: SeatLimits, need: number): number => Math.round(least + (need - least) * part)
    return lent(part, (level) => between(level.limits, ownNeed(level)))
  }
  const fraction = fairFraction(limited, remaining)
  return lent(fraction, (level) => Math.round(seatsAt(level, fraction)))
}

function exemptSeats({ limits, smoothed }: Borrower): number {
  return Math.round(Math.max(limits.least, smoothed))
}

function ownNeed({ limits, highest }: Borrower): number {
  return Math.max(limits.least, Math.min(limits.nominal, highest))
}

/** Wanting nothing would divide nothing. */
const LEAST_TARGET = 0.001

function seatsAt(level: Borrower, fraction: number): number {
  const need = ownNeed(level)
  const target = Math.max(LEAST_TARGET, need, level.smoothed)
  return Math.max(need, Math.min(level.limits.most, fraction * target))
}

/** The fraction of everybody's target at which all seats are given out; bisected, as the sum only grows with it. */
function fairFraction(levels: readonly Borrower[], seats: number): number {
  const sumAt = (fraction: number): number => levels.reduce((sum, level) => sum + seatsAt(level, fraction), 0)
  let low = 0
  let high = 1
  while (sumAt(high) < seats && high < 1e9) high *= 2
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2
    if (sumAt(middle) < seats) low = middle
    else high = middle
  }
  return high
}
