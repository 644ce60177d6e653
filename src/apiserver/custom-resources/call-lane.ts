import type { Clock } from '../../words/ports.ts'
import { timeout, tooManyRequests } from '../../words/status-error.ts'

export interface LaneLimits {
  /** So much is under way at once. */
  readonly calls: number
  /** So many more wait; whoever comes then is refused with 429. */
  readonly waiting: number
  /** Who has waited longer than this is refused with 504. */
  readonly waitMs: number
}

interface Waiter {
  readonly since: number
  readonly start: (isLate: boolean) => void
}

/** Lets a few calls go on at once: a webhook that hangs holds a handful of requests, and not all that the server has room for. */
export class CallLane {
  readonly #clock: Clock
  readonly #limits: LaneLimits
  #running = 0
  #waiting: Waiter[] = []

  constructor(clock: Clock, limits: LaneLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** what: for the words of a refusal. */
  async run<T>(what: string, call: () => Promise<T>): Promise<T> {
    if (this.#running < this.#limits.calls) this.#running++
    else await this.#turn(what)
    try {
      return await call()
    } finally {
      this.#next()
    }
  }

  #turn(what: string): Promise<void> {
    const { waiting, waitMs } = this.#limits
    if (this.#waiting.length >= waiting) {
      return Promise.reject(tooManyRequests(`${what} is slow: ${waiting} requests wait for it already, please try again later`, 1))
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        since: this.#clock.now(),
        start: (isLate) => (isLate
          ? reject(timeout(`${what} is slow: it had no time for this request within ${waitMs / 1000} seconds`))
          : resolve()),
      })
    })
  }

  /** Hands the place on, past those for whom it comes too late. */
  #next(): void {
    for (let waiter = this.#waiting.shift(); waiter !== undefined; waiter = this.#waiting.shift()) {
      const isLate = this.#clock.now() - waiter.since > this.#limits.waitMs
      waiter.start(isLate)
      if (!isLate) return
    }
    this.#running--
  }
}
