import type { Revision } from '../../store/store.ts'
import type { CacheEvent } from './cache-event.ts'
import type { History, HistoryBudget } from './history-budget.ts'

export interface RingBounds {
  /** Kept however old they are. */
  readonly minEvents: number
  /** Never more, however young. */
  readonly maxEvents: number
  /** Between the two bounds, events younger than this are kept: the time a client needs for coming back after a list. */
  readonly keepForMs: number
}

export const defaultRingBounds: RingBounds = { minEvents: 1_000, maxEvents: 20_000, keepForMs: 75_000 }

/**
 * The last events of one resource, oldest first. complete: every event after that revision is here. Fewer than the bounds say where the
 * budget of all is used up.
 */
export class EventRing implements History {
  readonly #bounds: RingBounds
  readonly #budget: HistoryBudget
  #events: (CacheEvent | undefined)[] = []
  /** Events before this index were given up; the array is cut when half of it is. */
  #head = 0
  #heldBytes = 0
  complete: Revision

  constructor(bounds: RingBounds, budget: HistoryBudget, complete: Revision) {
    this.#bounds = bounds
    this.#budget = budget
    this.complete = complete
    budget.add(this)
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  push(event: CacheEvent): void {
    this.#events.push(event)
    this.#heldBytes += event.storedBytes
    while (this.#isTooLong(event.seenAtMs)) this.#forgetOldest()
    this.#cut()
    this.#budget.took(event.storedBytes)
  }

  shrinkTo(bytes: number): void {
    while (this.#heldBytes > bytes && this.#head < this.#events.length) this.#forgetOldest()
    this.#cut()
  }

  #forgetOldest(): void {
    const oldest = this.#events[this.#head]
    if (oldest === undefined) return
    this.complete = oldest.revision
    this.#events[this.#head] = undefined
    this.#head++
    this.#heldBytes -= oldest.storedBytes
    this.#budget.gave(oldest.storedBytes)
  }

  #cut(): void {
    if (this.#head <= 1_024 || this.#head * 2 <= this.#events.length) return
    this.#events = this.#events.slice(this.#head)
    this.#head = 0
  }

  #isTooLong(nowMs: number): boolean {
    const length = this.#events.length - this.#head
    if (length <= this.#bounds.minEvents) return false
    const oldest = this.#events[this.#head]
    return length > this.#bounds.maxEvents || (oldest !== undefined && nowMs - oldest.seenAtMs > this.#bounds.keepForMs)
  }

  /** In order. The caller has compared the revision with complete. */
  *after(revision: Revision): Generator<CacheEvent> {
    let low = this.#head
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#events[middle]?.revision ?? 0) <= revision) low = middle + 1
      else high = middle
    }
    for (let index = low; index < this.#events.length; index++) {
      const event = this.#events[index]
      if (event !== undefined) yield event
    }
  }

  clear(complete: Revision): void {
    this.shrinkTo(0)
    this.#events = []
    this.#head = 0
    this.complete = complete
  }
}
