import type { CheckedExpr } from './checker.ts'
import type { Environment } from './environment.ts'
import { EvaluationStopped, Frame, type Step } from './frame.ts'
import { PER_CALL_LIMIT } from './limits.ts'
import { plan, PlanContext } from './plan.ts'
import { formatIssue, issueAt } from './source.ts'
import type { Type } from './types.ts'
import { isError, type Value } from './values.ts'

export { PER_CALL_LIMIT }

export interface EvaluateOptions {
  /** PER_CALL_LIMIT unless said otherwise. */
  readonly costLimit?: number
  /** Asked now and then while loops run; true ends the evaluation with an error. */
  readonly isCancelled?: () => boolean
}

export type Evaluation =
  | { readonly ok: true; readonly value: Value; readonly cost: number }
  | { readonly ok: false; readonly error: EvaluationFailure; readonly cost: number }

export interface EvaluationFailure {
  /** no such key: replicas */
  readonly message: string
  /** Where in the expression; undefined when it is nowhere in particular. */
  readonly offset: number | undefined
  /** Stopped by a limit or by the caller, not by the data. */
  readonly isStopped: boolean
}

/** A compiled expression: as often as wanted, with other inputs, also at the same time. */
export interface Program {
  readonly text: string
  readonly type: Type
  readonly checked: CheckedExpr
  /** Input: plain JSON (or CEL values) by the names of the environment's variables. Never throws for what is in it. */
  evaluate(input: Readonly<Record<string, unknown>>, options?: EvaluateOptions): Evaluation
}

export function makeProgram(checked: CheckedExpr, environment: Environment): Program {
  const context = new PlanContext(checked, environment)
  const step = plan(context, checked.expr)
  const { slotCount } = context
  return {
    text: checked.text,
    type: checked.type,
    checked,
    evaluate: (input, options = {}) => run(step, new Frame(slotCount, input, options.costLimit ?? PER_CALL_LIMIT, options.isCancelled)),
  }
}

function run(step: Step, frame: Frame): Evaluation {
  try {
    const value = step(frame)
    frame.spend(0)
    if (!isError(value)) return { ok: true, value, cost: frame.cost }
    return { ok: false, error: { message: value.message, offset: value.at, isStopped: false }, cost: frame.cost }
  } catch (error) {
    const message = stopMessage(error)
    if (message === undefined) throw error
    return { ok: false, error: { message, offset: undefined, isStopped: true }, cost: frame.cost }
  }
}

/** JavaScript's own limits, of the stack and of texts, are met by data that nests some thousand levels deep. */
function stopMessage(error: unknown): string | undefined {
  if (error instanceof EvaluationStopped) return error.message
  return error instanceof RangeError ? 'operation cancelled: data nests too deep or a value is too large' : undefined
}

/** The failure with its place in the expression, as compile issues are shown. */
export function formatFailure(text: string, failure: EvaluationFailure): string {
  return failure.offset === undefined ? failure.message : formatIssue(text, issueAt(text, failure.offset, failure.message))
}
