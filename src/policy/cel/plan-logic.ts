import type { CallExpr } from './ast.ts'
import { failAt, type Step } from './frame.ts'
import { plan, planPart, type PlanContext } from './plan.ts'
import { isError, noSuchOverload, OptionalValue, type Value } from './values.ts'

/** Operators that need not evaluate all their operands; undefined for any other call. */
export function planLogic(context: PlanContext, expr: CallExpr): Step | undefined {
  const { args, at } = expr
  if (expr.target === undefined) {
    switch (expr.name) {
      case '_&&_': return planAbsorbing(context, args, at, false)
      case '_||_': return planAbsorbing(context, args, at, true)
      case '_?_:_': return planConditional(context, args, at)
      case '@not_strictly_false': return planNotStrictlyFalse(context, args)
      default: return undefined
    }
  }
  if (args.length !== 1 || !context.environment.optionalSyntax) return undefined
  if (expr.name === 'or') return planOr(context, expr, (optional) => optional)
  return expr.name === 'orValue' ? planOr(context, expr, (optional) => optional.value ?? null) : undefined
}

type Operands = CallExpr['args']

function steps(context: PlanContext, args: Operands, count: number): Step[] | undefined {
  return args.length === count ? args.map((arg) => plan(context, arg)) : undefined
}

/**
 * false && anything is false and true || anything is true, whichever side is known: an error counts only where the other side does
 * not decide.
 */
function planAbsorbing(context: PlanContext, args: Operands, at: number, absorbing: boolean): Step | undefined {
  const [first, second] = steps(context, args, 2) ?? []
  if (first === undefined || second === undefined) return undefined
  return (frame) => {
    const left = first(frame)
    if (left === absorbing) return absorbing
    const right = second(frame)
    if (right === absorbing) return absorbing
    if (typeof left === 'boolean' && typeof right === 'boolean') return !absorbing
    if (isError(left)) return left
    return isError(right) ? right : failAt(noSuchOverload(), at)
  }
}

function planConditional(context: PlanContext, args: Operands, at: number): Step | undefined {
  const [conditionExpr, trueExpr, falseExpr] = args
  if (conditionExpr === undefined || trueExpr === undefined || falseExpr === undefined || args.length !== 3) return undefined
  const condition = plan(context, conditionExpr)
  const whenTrue = planPart(context, trueExpr)
  const whenFalse = planPart(context, falseExpr)
  return (frame) => {
    const value = condition(frame)
    if (value === true) return whenTrue(frame)
    if (value === false) return whenFalse(frame)
    return isError(value) ? value : failAt(noSuchOverload(), at)
  }
}

/** The condition of all and exists: an error goes on, a later element may still decide. */
function planNotStrictlyFalse(context: PlanContext, args: Operands): Step | undefined {
  const [operand] = steps(context, args, 1) ?? []
  if (operand === undefined) return undefined
  return (frame) => {
    frame.cost++
    return operand(frame) !== false
  }
}

/** a.or(b), a.orValue(b): b is evaluated only where a has no value. */
function planOr(context: PlanContext, expr: CallExpr, ofPresent: (optional: OptionalValue) => Value): Step | undefined {
  const [alternativeExpr] = expr.args
  if (expr.target === undefined || alternativeExpr === undefined) return undefined
  const target = plan(context, expr.target)
  const alternative = plan(context, alternativeExpr)
  const isOr = expr.name === 'or'
  return (frame) => {
    const optional = target(frame)
    if (isError(optional)) return optional
    if (!(optional instanceof OptionalValue)) return failAt(noSuchOverload(), expr.at)
    if (optional.value !== undefined) return ofPresent(optional)
    const other = alternative(frame)
    return isOr && !(other instanceof OptionalValue) && !isError(other) ? failAt(noSuchOverload(), expr.at) : other
  }
}
