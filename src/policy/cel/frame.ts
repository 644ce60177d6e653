import { CelError, type Value } from './values.ts'

/** Evaluation was stopped: too expensive, or cancelled. Goes through || and every other operator; evaluate() makes a result of it. */
export class EvaluationStopped extends Error {
  override readonly name = 'EvaluationStopped'
}

/** Counts work that the cost model of Kubernetes takes for free: elements compared and copied. */
export interface WorkMeter {
  /** Throws EvaluationStopped when there was too much. */
  spendWork(elements: number): void
}

/** Some tenths of a second. No rule that does something sensible gets near it. */
const MAX_WORK = 5_000_000
/** How many rounds of loops pass between two looks at the clock of the caller. */
const ROUNDS_PER_CHECK = 100

/** One evaluation: the variables, and what has been spent. */
export class Frame implements WorkMeter {
  /** Variables of the input and of comprehensions, by the slot the plan gave them; undefined is not read yet. */
  readonly slots: (Value | undefined)[]
  readonly input: Readonly<Record<string, unknown>>
  cost = 0
  readonly #costLimit: number
  readonly #isCancelled: (() => boolean) | undefined
  #work = 0
  #rounds = 0

  constructor(slotCount: number, input: Readonly<Record<string, unknown>>, costLimit: number, isCancelled: (() => boolean) | undefined) {
    this.slots = new Array<Value | undefined>(slotCount)
    this.input = input
    this.#costLimit = costLimit
    this.#isCancelled = isCancelled
  }

  spend(cost: number): void {
    this.cost += cost
    if (this.cost > this.#costLimit) throw new EvaluationStopped('operation cancelled: actual cost limit exceeded')
  }

  spendWork(elements: number): void {
    this.#work += elements
    if (this.#work > MAX_WORK) throw new EvaluationStopped('operation cancelled: too much data to compare or copy')
  }

  /** Called once a round of a loop. */
  nextRound(): void {
    this.spendWork(1)
    if (this.cost > this.#costLimit) this.spend(0)
    if (this.#isCancelled === undefined || ++this.#rounds < ROUNDS_PER_CHECK) return
    this.#rounds = 0
    if (this.#isCancelled()) throw new EvaluationStopped('operation interrupted')
  }
}

/** For functions that compare or copy outside of an evaluation's meter. */
export function freshMeter(): WorkMeter {
  let work = 0
  return {
    spendWork(elements) {
      work += elements
      if (work > MAX_WORK) throw new EvaluationStopped('operation cancelled: too much data to compare or copy')
    },
  }
}

/** A compiled part of an expression. */
export type Step = (frame: Frame) => Value

export function failAt(error: CelError, at: number): CelError {
  return error.at === undefined ? new CelError(error.message, at) : error
}

/** A call that cannot be made has its cost too. */
export function failed(frame: Frame, error: CelError): CelError {
  frame.cost++
  return error
}
