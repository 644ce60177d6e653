import type { CallExpr } from './ast.ts'
import { callCost, type CostOf } from './call-cost.ts'
import type { FunctionDeclaration, Implementation, Overload } from './declaration.ts'
import { failAt, failed, type Step } from './frame.ts'
import { plan, planPart, type PlanContext } from './plan.ts'
import { PATTERN_FUNCTIONS, patternStep } from './pattern.ts'
import { planLogic } from './plan-logic.ts'
import { planOperator } from './plan-operator.ts'
import { guardOf, type Guard } from './type-guard.ts'
import { CelError, isError, noSuchOverload, type Value } from './values.ts'

/** A call: the operators of logic first, which do not evaluate all they are given, then operators, then functions. */
export function planCall(context: PlanContext, expr: CallExpr): Step {
  const special = planLogic(context, expr) ?? planBlock(context, expr)
  if (special !== undefined) return special
  const reference = context.checked.references[expr.id]
  const isQualified = reference?.kind === 'call' && reference.isQualified
  const isMember = expr.target !== undefined && !isQualified
  const operands = isMember && expr.target !== undefined ? [expr.target, ...expr.args] : expr.args
  const isIndex = expr.name === '_[_]'
  const steps = operands.map((operand, position) => (isIndex && position === 1 ? planPart(context, operand) : plan(context, operand)))
  const operator = planOperator(context, expr, steps)
  if (operator !== undefined) return operator
  const name = reference?.kind === 'call' ? reference.name : expr.name
  const declaration = context.environment.functions.get(name)
  if (declaration === undefined) return planUnbound(expr)
  const resolved = reference?.kind === 'call' ? reference.overloads : []
  // An expression that did not pass the checker may still be evaluated, by the tests of the specification: then all overloads count.
  const overloads = resolved.length > 0 ? resolved : declaration.overloads.filter((overload) => overload.isMember === isMember)
  const pattern = steps[1]
  if (pattern !== undefined && PATTERN_FUNCTIONS.has(name) && operands[1]?.kind !== 'constant') steps[1] = patternStep(pattern)
  const constants = operands.map((operand) => (operand.kind === 'constant' ? operand.value : undefined))
  const evaluate = dispatcher(declaration, overloads, constants)
  const isConstant = operands.length > 0 && constants.every((constant) => constant !== undefined)
  return applied(expr, steps, isConstant ? once(evaluate) : evaluate, callCost(context.environment.costs, name, overloads))
}

/** Functions give the same for the same: quantity('10Gi') is read once for all evaluations. */
function once(evaluate: Implementation): Implementation {
  let known: Value | undefined
  return (...args) => (known ??= evaluate(...args))
}

function planUnbound(expr: CallExpr): Step {
  const error = new CelError(`unbound function: ${expr.name}`, expr.at)
  return () => error
}

/** Evaluates the arguments, spends the cost, calls. Like cel-go it evaluates both of two arguments, whatever the first one is. */
function applied(expr: CallExpr, steps: readonly Step[], evaluate: Implementation, cost: CostOf): Step {
  const { at } = expr
  const settle = (value: Value): Value => (isError(value) ? failAt(value, at) : value)
  const [first, second] = steps
  if (first !== undefined && steps.length === 1) {
    return (frame) => {
      const a = first(frame)
      if (isError(a)) return failed(frame, a)
      frame.spend(typeof cost === 'number' ? cost : cost.before([a]))
      if (isLong(a)) frame.spendWork(a.length >> 3)
      const result = evaluate(a)
      if (typeof cost !== 'number' && cost.after !== undefined) frame.spend(cost.after([a], result))
      return settle(result)
    }
  }
  if (first !== undefined && second !== undefined && steps.length === 2) {
    return (frame) => {
      const a = first(frame)
      const b = second(frame)
      if (isError(a)) return failed(frame, a)
      if (isError(b)) return failed(frame, b)
      frame.spend(typeof cost === 'number' ? cost : cost.before([a, b]))
      if (isLong(a)) frame.spendWork(a.length >> 3)
      const result = evaluate(a, b)
      if (typeof cost !== 'number' && cost.after !== undefined) frame.spend(cost.after([a, b], result))
      return settle(result)
    }
  }
  return (frame) => {
    const args: Value[] = []
    for (const step of steps) {
      const value = step(frame)
      if (isError(value)) return value
      args.push(value)
    }
    frame.spend(typeof cost === 'number' ? cost : cost.before(args))
    const [subject = null] = args
    if (isLong(subject)) frame.spendWork(subject.length >> 3)
    const result = evaluate(...args)
    if (typeof cost !== 'number' && cost.after !== undefined) frame.spend(cost.after(args, result))
    return settle(result)
  }
}

/** Functions like charAt cost 1 whatever they are called on, but walk through all of a text. */
function isLong(value: Value): value is string {
  return typeof value === 'string' && value.length > 1000
}

/** Picks the overload that fits the values. Data may not be what its schema says, so this is looked at even when one is left. */
function dispatcher(
  declaration: FunctionDeclaration, overloads: readonly Overload[], constants: readonly (Value | undefined)[],
): Implementation {
  if (declaration.evaluate !== undefined) return declaration.evaluate
  const candidates = overloads.flatMap((overload) => {
    const evaluate = overload.specialize?.(constants) ?? overload.evaluate
    return evaluate === undefined ? [] : [{ guards: overload.parameters.map(guardOf), evaluate }]
  })
  const [only] = candidates
  if (only !== undefined && candidates.length === 1) {
    const { guards, evaluate } = only
    return (...args) => (fits(guards, args) ? evaluate(...args) : noSuchOverload())
  }
  return (...args) => {
    for (const { guards, evaluate } of candidates) if (fits(guards, args)) return evaluate(...args)
    return noSuchOverload()
  }
}

function fits(guards: readonly Guard[], args: readonly (Value | undefined)[]): boolean {
  if (guards.length !== args.length) return false
  for (let index = 0; index < guards.length; index++) if (guards[index]?.(args[index] ?? null) !== true) return false
  return true
}

/** cel.@block([a, b], result): each part is computed once, when it is first needed. */
function planBlock(context: PlanContext, expr: CallExpr): Step | undefined {
  const [bindings, resultExpr] = expr.args
  if (expr.name !== 'cel.@block' || bindings?.kind !== 'list' || resultExpr === undefined) return undefined
  const slots = new Map(bindings.elements.map((_, index) => [`@index${index}`, context.newSlot()]))
  return context.within(slots, () => {
    const steps = bindings.elements.map(({ value }) => plan(context, value))
    const result = plan(context, resultExpr)
    const numbers = [...slots.values()]
    return (frame) => {
      for (const [index, step] of steps.entries()) frame.slots[numbers[index] ?? 0] = step(frame)
      return result(frame)
    }
  })
}
