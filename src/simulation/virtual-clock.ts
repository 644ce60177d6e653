import type { Instant } from '../words/instant.ts'
import type { Clock } from '../words/ports.ts'

interface Timer {
  readonly at: Instant
  readonly order: number
  readonly callback: () => void
  isCancelled: boolean
}

/** Turns of the microtask queue after each timer: more than any chain of awaits between two timers is long. */
const SETTLE_TURNS = 200

/** Resolves when everything that only waits for promises has run. Where there is a task queue, a turn of it is quicker and certain. */
export type Drain = () => Promise<void>

/** Time that moves only when told. Timers fire in order of their time, those of one time in the order they were set. */
export class VirtualClock implements Clock {
  #now: Instant
  #order = 0
  #pending = 0
  readonly #drain: Drain
  /** A binary heap by time and order; cancelled timers leave it when they reach its top. */
  readonly #heap: Timer[] = []

  constructor(now: Instant = Date.UTC(2026, 0, 1), drain: Drain = settle) {
    this.#now = now
    this.#drain = drain
  }

  now(): Instant {
    return this.#now
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, delayMs), order: this.#order++, callback, isCancelled: false }
    this.#pending++
    this.#add(timer)
    return () => {
      if (!timer.isCancelled) this.#pending--
      timer.isCancelled = true
    }
  }

  /** Fires all that is due in the next durationMs, and lets all that it sets off run. */
  async advance(durationMs: number): Promise<void> {
    const end = this.#now + durationMs
    await this.#drain()
    while (await this.#fireNext(end));
    this.#now = end
  }

  /** Advances until the condition holds; false when it does not within the limit. */
  async advanceUntil(condition: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.#now + limitMs
    await this.#drain()
    while (!condition()) {
      if (await this.#fireNext(end)) continue
      this.#now = end
      return condition()
    }
    return true
  }

  get pendingTimers(): number {
    return this.#pending
  }

  /** False when nothing is due up to then. */
  async #fireNext(end: Instant): Promise<boolean> {
    const next = this.#first()
    if (next === undefined || next.at > end) return false
    this.#removeFirst()
    this.#pending--
    next.isCancelled = true
    this.#now = Math.max(this.#now, next.at)
    next.callback()
    await this.#drain()
    return true
  }

  #first(): Timer | undefined {
    while (this.#heap[0]?.isCancelled === true) this.#removeFirst()
    return this.#heap[0]
  }

  #add(timer: Timer): void {
    const heap = this.#heap
    let index = heap.push(timer) - 1
    while (index > 0) {
      const above = (index - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || isBefore(parent, timer)) break
      heap[index] = parent
      index = above
    }
    heap[index] = timer
  }

  #removeFirst(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let index = 0
    for (;;) {
      let below = 2 * index + 1
      let child = heap[below]
      const right = heap[below + 1]
      if (child === undefined) break
      if (right !== undefined && isBefore(right, child)) {
        child = right
        below += 1
      }
      if (isBefore(last, child)) break
      heap[index] = child
      index = below
    }
    heap[index] = last
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < SETTLE_TURNS; turn++) await Promise.resolve()
}
