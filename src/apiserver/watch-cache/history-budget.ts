/** What keeps a part of the past. */
export interface History {
  readonly heldBytes: number
  /** Gives up the oldest, until it holds no more than that. */
  shrinkTo(bytes: number): void
}

const BOUND_BYTES = 256 * 1024 * 1024
/** What is given up at once, so that it need not be looked for with each event. */
const FREED_PART = 1 / 8

/**
 * How much of the past all caches keep together, counted as both objects of each event as they are stored. Few resources change so fast, or
 * have such large objects, that it matters: then those that hold most of it remember less.
 */
export class HistoryBudget {
  readonly #boundBytes: number
  readonly #histories = new Set<History>()
  #heldBytes = 0

  constructor(boundBytes = BOUND_BYTES) {
    this.#boundBytes = boundBytes
  }

  add(history: History): void {
    this.#histories.add(history)
  }

  took(bytes: number): void {
    this.#heldBytes += bytes
    if (this.#heldBytes > this.#boundBytes) this.#shrink()
  }

  gave(bytes: number): void {
    this.#heldBytes -= bytes
  }

  #shrink(): void {
    const wanted = this.#boundBytes * (1 - FREED_PART)
    for (const largest of [...this.#histories].sort((a, b) => b.heldBytes - a.heldBytes)) {
      const excess = this.#heldBytes - wanted
      if (excess <= 0) return
      largest.shrinkTo(Math.max(0, largest.heldBytes - excess))
    }
  }
}
