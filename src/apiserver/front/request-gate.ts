import type { Clock } from '../../words/ports.ts'
import type { Instant } from '../../words/instant.ts'
import { timeout, tooManyRequests } from '../../words/status-error.ts'

export type RequestClass = 'read' | 'write'

export interface GateLimits {
  readonly readsInFlight: number
  readonly writesInFlight: number
  readonly requestTimeoutMs: number
}

interface InFlight {
  readonly deadline: Instant
  readonly expire: (error: unknown) => void
}

const CHECK_EVERY_MS = 1_000

/**
 * Bounds the requests that are under way: how many, and for how long. One timer looks after all deadlines, and only while
 * there are requests, because a timer for each would cost more than many a request.
 */
export class RequestGate {
  readonly #clock: Clock
  readonly #limits: GateLimits
  readonly #inFlight = new Set<InFlight>()
  readonly #counts = { read: 0, write: 0 }
  #checking = false

  constructor(clock: Clock, limits: GateLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Runs the work, or refuses it with 429. The caller is answered with 504 at the deadline, though the work may go on. */
  run<T>(of: RequestClass, work: () => T | Promise<T>): T | Promise<T> {
    const limit = of === 'read' ? this.#limits.readsInFlight : this.#limits.writesInFlight
    if (this.#counts[of] >= limit) throw tooManyRequests('The server has too many requests under way, please try again later.', 1)
    const answer = work()
    if (!(answer instanceof Promise)) return answer
    return new Promise<T>((resolve, reject) => {
      this.#counts[of]++
      const leave = (): void => {
        if (this.#inFlight.delete(entry)) this.#counts[of]--
      }
      const fail = (error: unknown): void => {
        leave()
        reject(error)
      }
      const entry = { deadline: this.#clock.now() + this.#limits.requestTimeoutMs, expire: fail }
      this.#inFlight.add(entry)
      this.#watchDeadlines()
      answer.then((value) => {
        leave()
        resolve(value)
      }, fail)
    })
  }

  #watchDeadlines(): void {
    if (this.#checking) return
    this.#checking = true
    this.#clock.after(CHECK_EVERY_MS, () => this.#check())
  }

  /** Entries are in the order of their deadlines. */
  #check(): void {
    const now = this.#clock.now()
    for (const entry of this.#inFlight) {
      if (entry.deadline > now) break
      entry.expire(timeout('The request did not complete within the time allowed.'))
    }
    this.#checking = false
    if (this.#inFlight.size > 0) this.#watchDeadlines()
  }
}
