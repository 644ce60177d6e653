import type { Instant } from '../../words/instant.ts'
import type { Clock } from '../../words/ports.ts'

/** Something that must be over by then. Compared by identity. */
export interface Deadline {
  readonly at: Instant
  expire(): void
}

const CHECK_EVERY_MS = 1_000

/**
 * Looks after deadlines that are all equally far away when they are set, so that they expire in the order of their setting. One timer
 * for all, and only while there are any, because a timer for each would cost more than many a request; an expiry is up to a second late.
 */
export class Deadlines {
  readonly #clock: Clock
  readonly #pending = new Set<Deadline>()
  #checking = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(deadline: Deadline): void {
    this.#pending.add(deadline)
    this.#watch()
  }

  /** False: it has expired already. */
  remove(deadline: Deadline): boolean {
    return this.#pending.delete(deadline)
  }

  #watch(): void {
    if (this.#checking) return
    this.#checking = true
    this.#clock.after(CHECK_EVERY_MS, () => this.#check())
  }

  #check(): void {
    const now = this.#clock.now()
    for (const deadline of this.#pending) {
      if (deadline.at > now) break
      this.#pending.delete(deadline)
      deadline.expire()
    }
    this.#checking = false
    if (this.#pending.size > 0) this.#watch()
  }
}
