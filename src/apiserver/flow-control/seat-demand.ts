import type { Instant } from '../../words/instant.ts'

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
    this.#sum += elapsedMs * this.#current
    this.#sumOfSquares += elapsedMs * this.#current * this.#current
  }
}
