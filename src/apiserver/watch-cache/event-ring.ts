import type { Revision } from '../../store/store.ts'
import type { CacheEvent } from './cache-event.ts'

export interface RingBounds {
  /** Always kept. */
  readonly minEvents: number
  /** Never more, however young. */
  readonly maxEvents: number
  /** Between the two bounds, events younger than this are kept: the time a client needs for coming back after a list. */
  readonly keepForMs: number
}

export const defaultRingBounds: RingBounds = { minEvents: 1_000, maxEvents: 20_000, keepForMs: 75_000 }

/** The last events of one resource, oldest first. complete: every event after that revision is here. */
export class EventRing {
  readonly #bounds: RingBounds
  #events: CacheEvent[] = []
  /** Events before this index were given up; the array is cut when half of it is. */
  #head = 0
  complete: Revision

  constructor(bounds: RingBounds, complete: Revision) {
    this.#bounds = bounds
    this.complete = complete
  }

  push(event: CacheEvent): void {
    this.#events.push(event)
    while (this.#isTooLong(event.seenAtMs)) {
      const oldest = this.#events[this.#head]
      if (oldest === undefined) return
      this.complete = oldest.revision
      this.#head++
    }
    if (this.#head > 1_024 && this.#head * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.#head)
      this.#head = 0
    }
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
    this.#events = []
    this.#head = 0
    this.complete = complete
  }
}
