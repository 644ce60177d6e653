import { Histogram } from '../../words/histogram.ts'

const SEAT_RATIOS = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1] as const
const REQUEST_RATIOS = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.25, 0.5, 0.75, 1] as const
const NANOSECONDS_PER_MS = 1e6

/**
 * For how long something was how large, as part of a limit: a histogram of as many values as nanoseconds have passed, as upstream's are.
 * Noting a time adds a number to another; it becomes ratios when the limit changes or somebody asks.
 */
export class RatioTimes {
  readonly #ratios: Histogram
  /** Milliseconds, by how large it was. */
  #elapsedMs: number[] = []
  #limit = 1

  constructor(bounds: readonly number[]) {
    this.#ratios = new Histogram(bounds)
  }

  note(count: number, elapsedMs: number): void {
    this.#elapsedMs[count] = (this.#elapsedMs[count] ?? 0) + elapsedMs
  }

  setLimit(limit: number): void {
    const next = Math.max(1, limit)
    if (next === this.#limit) return
    this.#settle()
    this.#limit = next
  }

  histogram(): Histogram {
    this.#settle()
    return this.#ratios
  }

  #settle(): void {
    this.#elapsedMs.forEach((elapsedMs, count) => this.#ratios.observe(count / this.#limit, Math.round(elapsedMs * NANOSECONDS_PER_MS)))
    this.#elapsedMs = []
  }
}

/** How busy a priority level was over time: its seats, the requests that had some, and those that waited. */
export class LevelTimes {
  readonly seats = new RatioTimes(SEAT_RATIOS)
  readonly executing = new RatioTimes(REQUEST_RATIOS)
  readonly waiting = new RatioTimes(REQUEST_RATIOS)

  setSeats(limit: number): void {
    this.seats.setLimit(limit)
    this.executing.setLimit(limit)
  }
}

const KIND_RATIOS = [0, 0.001, 0.01, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1] as const

interface Kinds {
  readonly read: number
  readonly write: number
}

/** How many reads and writes were under way and waited over time: of all seats together, and as such. */
export class KindTimes {
  readonly executing = { read: new RatioTimes(KIND_RATIOS), write: new RatioTimes(KIND_RATIOS) }
  readonly waiting = { read: new RatioTimes(KIND_RATIOS), write: new RatioTimes(KIND_RATIOS) }
  #lastAt: number | undefined

  constructor(allSeats: number) {
    for (const times of [this.executing.read, this.executing.write]) times.setLimit(allSeats)
  }

  /** Before any of the numbers changes. */
  advance(now: number, executing: Kinds, waiting: Kinds): void {
    const elapsedMs = this.#lastAt === undefined ? 0 : now - this.#lastAt
    if (elapsedMs < 0) return
    this.#lastAt = now
    if (elapsedMs === 0) return
    this.executing.read.note(executing.read, elapsedMs)
    this.executing.write.note(executing.write, elapsedMs)
    this.waiting.read.note(waiting.read, elapsedMs)
    this.waiting.write.note(waiting.write, elapsedMs)
  }
}
