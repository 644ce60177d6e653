import type { VirtualClock } from '../virtual-clock.ts'
import type { Findings } from './findings.ts'

const WINDOW_MS = 1_000
/** Some thousands are usual when much happens; without any delay between cause and effect there is no end to it. */
const MAX_STEPS_A_WINDOW = 50_000

/** Parts that keep each other busy without rest: a write that is answered by a write, a retry without a delay. */
export class BusyLoop {
  readonly #clock: VirtualClock
  readonly #findings: Findings
  #windowEnd = 0
  #steps = 0

  constructor(clock: VirtualClock, findings: Findings) {
    this.#clock = clock
    this.#findings = findings
  }

  /** To be called for each step of the clock. */
  step(): void {
    const now = this.#clock.now()
    if (now >= this.#windowEnd) {
      this.#windowEnd = now + WINDOW_MS
      this.#steps = 0
    }
    this.#steps++
    if (this.#steps === MAX_STEPS_A_WINDOW)
      this.#findings.report('no busy loop', `more than ${MAX_STEPS_A_WINDOW} steps in ${WINDOW_MS} ms`)
  }
}
