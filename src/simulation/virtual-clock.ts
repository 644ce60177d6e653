import type { Instant } from '../words/instant.ts'
import type { Clock } from '../words/ports.ts'

interface Timer {
  readonly at: Instant
  readonly order: number
  readonly callback: () => void
}

/** Turns of the microtask queue after each timer: more than any chain of awaits between two timers is long. */
const SETTLE_TURNS = 200

/** Time that moves only when told. Timers fire in order of their time, those of one time in the order they were set. */
export class VirtualClock implements Clock {
  #now: Instant
  #order = 0
  readonly #timers = new Set<Timer>()

  constructor(now: Instant = Date.UTC(2026, 0, 1)) {
    this.#now = now
  }

  now(): Instant {
    return this.#now
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Fires all that is due in the next durationMs, and lets all that it sets off run. */
  async advance(durationMs: number): Promise<void> {
    const end = this.#now + durationMs
    await settle()
    for (let next = this.#next(); next !== undefined && next.at <= end; next = this.#next()) {
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.callback()
      await settle()
    }
    this.#now = end
  }

  /** Advances until the condition holds; false when it does not within the limit. */
  async advanceUntil(condition: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.#now + limitMs
    await settle()
    while (!condition()) {
      const next = this.#next()
      if (next === undefined || next.at > end) {
        await this.advance(end - this.#now)
        return condition()
      }
      await this.advance(next.at - this.#now)
    }
    return true
  }

  get pendingTimers(): number {
    return this.#timers.size
  }

  #next(): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) {
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer
    }
    return first
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < SETTLE_TURNS; turn++) await Promise.resolve()
}
