import type { SeededRandom } from './seeded-random.ts'

/** How a part's way to the server misbehaves: shares of requests, and times in milliseconds. */
export interface LinkFaults {
  /** The request never arrives. */
  readonly lostRequests: number
  /** The request is carried out, but the answer never arrives. */
  readonly lostReplies: number
  /** The caller is told of a failure at once, and the request is carried out later. */
  readonly lateRequests: number
  readonly maxDelayMs: number
  /** Share of messages that take up to slowDelayMs instead. */
  readonly slow: number
  readonly slowDelayMs: number
  /** Mean life of a watch; 0: watches are never cut. */
  readonly watchLifeMs: number
}

export const calmLink: LinkFaults = {
  lostRequests: 0, lostReplies: 0, lateRequests: 0, maxDelayMs: 2, slow: 0, slowDelayMs: 0, watchLifeMs: 0,
}

export type Fate = 'arrives' | 'request lost' | 'reply lost' | 'late'

/** One part's way to the server. */
export class Link {
  readonly name: string
  faults: LinkFaults = calmLink
  /** Nothing passes in either direction. */
  isCut = false
  readonly #random: SeededRandom

  constructor(name: string, random: SeededRandom) {
    this.name = name
    this.#random = random
  }

  delayMs(): number {
    const { maxDelayMs, slow, slowDelayMs } = this.faults
    return 0.05 + this.#random.next() * (this.#random.chance(slow) ? slowDelayMs : maxDelayMs)
  }

  fate(): Fate {
    const { lostRequests, lostReplies, lateRequests } = this.faults
    const drawn = this.#random.next()
    if (drawn < lostRequests) return 'request lost'
    if (drawn < lostRequests + lostReplies) return 'reply lost'
    return drawn < lostRequests + lostReplies + lateRequests ? 'late' : 'arrives'
  }

  /** When a watch that begins now is cut; undefined: not by chance. */
  watchLifeMs(): number | undefined {
    const { watchLifeMs } = this.faults
    return watchLifeMs === 0 ? undefined : -Math.log(1 - this.#random.next()) * watchLifeMs
  }

  /** How a watch is cut: with an error, or as if it had ended well; and whether in the middle of a message. */
  watchEnd(): { readonly isClean: boolean; readonly isTorn: boolean } {
    return { isClean: this.#random.chance(0.4), isTorn: this.#random.chance(0.5) }
  }
}
