import type { Trace } from '../trace.ts'

export interface Finding {
  readonly checker: string
  readonly message: string
  /** Virtual time since the start of the run. */
  readonly atMs: number
}

/** What the checkers found wrong. The first finding ends a run: what comes after it is mostly its consequence. */
export class Findings {
  readonly #trace: Trace
  readonly #found: Finding[] = []

  constructor(trace: Trace) {
    this.#trace = trace
  }

  get first(): Finding | undefined {
    return this.#found[0]
  }

  report(checker: string, message: string): void {
    this.#trace.add(`CHECKER ${checker}`, message)
    this.#found.push({ checker, message, atMs: this.#trace.elapsedMs })
  }
}

/** What must be so some time after the faults have stopped. */
export interface Goal {
  readonly name: string
  /** What is not so yet; empty when the goal is reached. */
  problems(): readonly string[]
}
