import type { Clock } from '../words/ports.ts'

/** What one turn of the event loop may take for long works, all together: then whoever asks for little is served. */
const TURN_MS = 5

/**
 * Shares the thread between long works (a LIST of everything) and all others. A work looks after each step whether the turn is over, and
 * then waits for another: however many there are, they take some milliseconds of a turn together, and follow one another.
 */
export class Turns {
  readonly #clock: Clock
  #endsAt = 0
  /** A turn goes on, which a timer ends. */
  #isRunning = false
  /** Works that go on, no more than there are requests. */
  readonly #waiting: (() => void)[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether long works have had their share of this turn. */
  isOver(): boolean {
    if (this.#isRunning) return this.#clock.now() >= this.#endsAt
    this.#begin()
    return false
  }

  /** Resolves when others were served. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
      if (!this.#isRunning) this.#begin()
    })
  }

  #begin(): void {
    this.#isRunning = true
    this.#endsAt = this.#clock.now() + TURN_MS
    this.#clock.after(0, () => this.#end())
  }

  #end(): void {
    this.#isRunning = false
    const resume = this.#waiting.shift()
    if (resume === undefined) return
    this.#begin()
    resume()
  }
}
