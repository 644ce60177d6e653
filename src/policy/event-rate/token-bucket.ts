import type { Instant } from '../../words/instant.ts'

export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

interface Bucket {
  readonly tokens: number
  readonly at: Instant
}

/** Token buckets by key. Of more keys than capacity the one that was used least recently is forgotten, which fills its bucket. */
export class TokenBuckets {
  readonly #rate: Rate
  readonly #capacity: number
  readonly #buckets = new Map<string, Bucket>()

  constructor(rate: Rate, capacity: number) {
    this.#rate = rate
    this.#capacity = capacity
  }

  /** Whether there was a token, which is gone then. */
  take(key: string, now: Instant): boolean {
    const { perSecond, burst } = this.#rate
    const { tokens, at } = this.#buckets.get(key) ?? { tokens: burst, at: now }
    const filled = Math.min(burst, tokens + (Math.max(0, now - at) / 1000) * perSecond)
    const taken = filled >= 1
    this.#buckets.delete(key)
    this.#buckets.set(key, { tokens: taken ? filled - 1 : filled, at: now })
    if (this.#buckets.size > this.#capacity) this.#forgetOldest()
    return taken
  }

  #forgetOldest(): void {
    const oldest = this.#buckets.keys().next()
    if (oldest.done !== true) this.#buckets.delete(oldest.value)
  }
}
