import { fraction } from '../../words/random.ts'
import type { Random } from '../../words/ports.ts'

/** A write under way that will hold its numbers once it is stored; compared by identity. */
export type Claim = object

interface Holder {
  /** The write under way; undefined once stored. */
  readonly claim: Claim | undefined
  /** namespace/name of the Service. */
  readonly owner: string
}

export interface NumberPoolOptions {
  readonly first: number
  readonly last: number
  /** Numbers below are left to those who ask for a certain one (KEP-3070), until the upper ones are used up. */
  readonly dynamicFrom: number
  readonly random: Random
  /** Whether the stored object of that owner holds the number now: the truth that the pool is only an index of. */
  isHeld(number: number, owner: string): boolean
}

export type Reserved = 'reserved' | 'taken' | 'out-of-range'

/**
 * Who has which number. A number is free again as soon as its owner no longer holds it: that is looked up when somebody
 * else wants it, so that no release can be forgotten. A write under way holds its numbers until it is settled.
 */
export class NumberPool {
  readonly #options: NumberPoolOptions
  readonly #holders = new Map<number, Holder>()

  constructor(options: NumberPoolOptions) {
    this.#options = options
  }

  /** What a stored object holds, at start. */
  record(number: number, owner: string): void {
    this.#holders.set(number, { claim: undefined, owner })
  }

  reserve(number: number, owner: string, claim: Claim): Reserved {
    if (number < this.#options.first || number > this.#options.last) return 'out-of-range'
    if (this.#isTaken(number, claim)) return 'taken'
    this.#holders.set(number, { claim, owner })
    return 'reserved'
  }

  /** A random free number; undefined when there is none. */
  allocate(owner: string, claim: Claim): number | undefined {
    const { first, last, dynamicFrom } = this.#options
    const number = this.#findFree(dynamicFrom, last, claim) ?? this.#findFree(first, dynamicFrom - 1, claim)
    if (number !== undefined) this.#holders.set(number, { claim, owner })
    return number
  }

  settle(number: number, claim: Claim, outcome: 'stored' | 'not-stored'): void {
    const holder = this.#holders.get(number)
    if (holder === undefined || holder.claim !== claim) return
    if (outcome === 'stored') this.#holders.set(number, { claim: undefined, owner: holder.owner })
    else this.#holders.delete(number)
  }

  #findFree(from: number, to: number, claim: Claim): number | undefined {
    const size = to - from + 1
    if (size <= 0) return undefined
    const start = Math.floor(fraction(this.#options.random) * size)
    for (let step = 0; step < size; step++) {
      const number = from + ((start + step) % size)
      if (!this.#isTaken(number, claim)) return number
    }
    return undefined
  }

  #isTaken(number: number, claim: Claim): boolean {
    const holder = this.#holders.get(number)
    if (holder === undefined) return false
    if (holder.claim !== undefined) return holder.claim !== claim
    if (this.#options.isHeld(number, holder.owner)) return true
    this.#holders.delete(number)
    return false
  }
}
