import type { Instant } from '../../words/instant.ts'

const MAX_RETRY_AFTER_SECONDS = 32

interface Second {
  readonly second: number
  count: number
}

/**
 * How long those are told to stay away that a priority level has no room for. As with TCP the time doubles while many are refused (three
 * for each of its seconds), at most once in that time, and goes back by a second whenever there were few.
 */
export class DroppedRequests {
  #retryAfterSeconds = 1
  #raisedAtSecond = -Infinity
  #current: Second = { second: -Infinity, count: 0 }
  /** Seconds that are over, at most as many as count. */
  #history: Second[] = []

  get retryAfterSeconds(): number {
    return this.#retryAfterSeconds
  }

  note(now: Instant): void {
    const second = Math.floor(now / 1_000)
    if (second === this.#current.second) {
      this.#current.count++
      return
    }
    this.#history.push(this.#current)
    this.#history = this.#history.filter((past) => second - past.second <= MAX_RETRY_AFTER_SECONDS)
    this.#current = { second, count: 1 }
    this.#adjust(second)
  }

  #adjust(second: number): void {
    const retryAfter = this.#retryAfterSeconds
    const dropped = this.#history.reduce((sum, past) => (second - past.second <= retryAfter ? sum + past.count : sum), 0)
    if (second - this.#raisedAtSecond >= retryAfter && dropped >= 3 * retryAfter) {
      this.#retryAfterSeconds = Math.min(MAX_RETRY_AFTER_SECONDS, 2 * retryAfter)
      this.#raisedAtSecond = second
    } else if (dropped < retryAfter && retryAfter > 1) this.#retryAfterSeconds--
  }
}
