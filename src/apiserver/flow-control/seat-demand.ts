import type { Instant } from '../../words/instant.ts'
import { RatioTimes } from './level-times.ts'

const DEMAND_RATIOS = [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.7, 2, 2.8, 4, 6] as const

export interface DemandSummary {
  readonly average: number
  readonly deviation: number
  readonly highest: number
}

/** How many seats were wanted over a while: its mean and deviation by time, and its peak. */
export class SeatDemand {
  #current = 0
  #since: Instant | undefined
  #elapsedMs = 0
  #sum = 0
  #sumOfSquares = 0
  #highest = 0
  /** As a part of the seats that the level has by its shares. */
  readonly times = new RatioTimes(DEMAND_RATIOS)

  advance(now: Instant): void {
    this.#integrate(now)
  }

  set(seats: number, now: Instant): void {
    this.#integrate(now)
    this.#current = seats
    if (seats > this.#highest) this.#highest = seats
  }

  /** Of the time since the last call. */
  take(now: Instant): DemandSummary {
    this.#integrate(now)
    const elapsedMs = this.#elapsedMs
    const average = elapsedMs === 0 ? this.#current : this.#sum / elapsedMs
    const variance = elapsedMs === 0 ? 0 : this.#sumOfSquares / elapsedMs - average * average
    const summary = { average, deviation: Math.sqrt(Math.max(0, variance)), highest: this.#highest }
    this.#elapsedMs = 0
    this.#sum = 0
    this.#sumOfSquares = 0
    this.#highest = this.#current
    return summary
  }

  #integrate(now: Instant): void {
    const elapsedMs = this.#since === undefined ? 0 : Math.max(0, now - this.#since)
    this.#since = now
    this.#elapsedMs += elapsedMs
    if (elapsedMs > 0) this.times.note(this.#current, elapsedMs)
    this.#sum += elapsedMs * this.#current
    this.#sumOfSquares += elapsedMs * this.#current * this.#current
  }
}
