import type { Instant } from './instant.ts'
import type { Clock, Random } from './ports.ts'

interface Timer {
  readonly at: Instant
  readonly serial: number
  readonly callback: () => void
}

/** Time that passes only when a test says so. */
export class ManualClock implements Clock {
  #now: Instant
  #serial = 0
  readonly #timers = new Set<Timer>()

  constructor(now: Instant = 1_800_000_000_000) {
    this.#now = now
  }

  now(): Instant {
    return this.#now
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delayMs), serial: (this.#serial += 1), callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Fires what is due within that time, in order; lets promises settle before each. */
  async pass(durationMs: number): Promise<void> {
    const until = this.#now + durationMs
    for (;;) {
      await settle()
      const next = this.#next()
      if (next === undefined || next.at > until) break
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.callback()
    }
    this.#now = until
  }

  #next(): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) {
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.serial < first.serial)) first = timer
    }
    return first
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Mulberry32: a small generator whose runs can be repeated from their seed. */
export class SeededRandom implements Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** In [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => Math.floor(this.next() * 256))
  }
}
