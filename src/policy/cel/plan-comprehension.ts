import { ACCUMULATOR, UNUSED_VARIABLE, type ComprehensionExpr, type Expr } from './ast.ts'
import { failAt, type Frame, type Step } from './frame.ts'
import { plan, type PlanContext } from './plan.ts'
import { isError, ListValue, noSuchOverload, type MapValue, type Value } from './values.ts'

/** A fold over a list or a map; cel.bind is one over nothing. */
export function planComprehension(context: PlanContext, expr: ComprehensionExpr): Step {
  const range = plan(context, expr.range)
  const initial = plan(context, expr.initial)
  const accumulator = context.newSlot()
  const withAccumulator = new Map([[expr.accumulator, accumulator]])
  const result = context.within(withAccumulator, () => plan(context, expr.result))
  if (expr.variable === UNUSED_VARIABLE) return planBind(initial, accumulator, result)
  const first = context.newSlot()
  const second = expr.secondVariable === undefined ? undefined : context.newSlot()
  const variables = new Map([...withAccumulator, [expr.variable, first]])
  if (expr.secondVariable !== undefined && second !== undefined) variables.set(expr.secondVariable, second)
  const loop = context.within(variables, () => planLoop(context, expr, accumulator))
  return (frame) => {
    const over = range(frame)
    if (isError(over)) return over
    const start = initial(frame)
    const rounds = roundsOf(over)
    if (rounds === undefined) return failAt(noSuchOverload(), expr.range.at)
    frame.slots[accumulator] = start
    return loop(frame, rounds, first, second) ?? result(frame)
  }
}

/** Inner binds of the same name have slots of their own, so that nothing needs to be put back. */
function planBind(initial: Step, slot: number, result: Step): Step {
  return (frame) => {
    frame.slots[slot] = initial(frame)
    return result(frame)
  }
}

interface Rounds {
  readonly count: number
  readonly list: ListValue | undefined
  readonly map: MapValue | undefined
  readonly keys: readonly Value[]
}

function roundsOf(range: Value): Rounds | undefined {
  if (range instanceof ListValue) return { count: range.size, list: range, map: undefined, keys: [] }
  if (typeof range !== 'object' || range === null || range instanceof Uint8Array || range.kind !== 'map') return undefined
  const keys = range.keys()
  return { count: keys.length, list: undefined, map: range, keys }
}

function setVariables(frame: Frame, rounds: Rounds, index: number, first: number, second: number | undefined): void {
  const { list, map } = rounds
  if (list !== undefined) {
    if (second === undefined) frame.slots[first] = list.at(index)
    else {
      frame.slots[first] = BigInt(index)
      frame.slots[second] = list.at(index)
    }
    return
  }
  const key = rounds.keys[index] ?? null
  frame.slots[first] = key
  if (second !== undefined) frame.slots[second] = map?.get(key) ?? null
}

/** Runs the rounds; a value ends the fold with it, undefined leaves the accumulator to the result expression. */
type Loop = (frame: Frame, rounds: Rounds, first: number, second: number | undefined) => Value | undefined

function planLoop(context: PlanContext, expr: ComprehensionExpr, accumulator: number): Loop {
  const collecting = planCollecting(context, expr, accumulator)
  if (collecting !== undefined) return collecting
  const condition = plan(context, expr.condition)
  const step = plan(context, expr.step)
  const isConstant = expr.condition.kind === 'constant' && expr.condition.value === true
  return (frame, rounds, first, second) => {
    for (let index = 0; index < rounds.count; index++) {
      frame.nextRound()
      setVariables(frame, rounds, index, first, second)
      if (!isConstant && condition(frame) !== true) break
      const value = step(frame)
      frame.slots[accumulator] = value
      // Only all and exists go on after an error: a later element may decide.
      if (isConstant && isError(value)) return value
    }
    return undefined
  }
}

/** What map, filter and transformList add in each round. */
interface Collecting {
  readonly predicate: Expr | undefined
  readonly element: Expr
}

function collectingParts(expr: ComprehensionExpr): Collecting | undefined {
  const { initial, step } = expr
  if (expr.accumulator !== ACCUMULATOR || initial.kind !== 'list' || initial.elements.length > 0 || step.kind !== 'call') return undefined
  const predicate = step.name === '_?_:_' ? step.args[0] : undefined
  const addition = step.name === '_?_:_' ? step.args[1] : step
  if (addition?.kind !== 'call' || addition.name !== '_+_') return undefined
  const [accumulated, added] = addition.args
  if (accumulated?.kind !== 'ident' || accumulated.name !== ACCUMULATOR || added?.kind !== 'list') return undefined
  const [element] = added.elements
  return element === undefined || element.optional ? undefined : { predicate, element: element.value }
}

/** Adds to one array, instead of a new list a round; the costs are those of the rounds as written. */
function planCollecting(context: PlanContext, expr: ComprehensionExpr, accumulator: number): Loop | undefined {
  const parts = collectingParts(expr)
  if (parts === undefined) return undefined
  const predicate = parts.predicate === undefined ? undefined : plan(context, parts.predicate)
  const element = plan(context, parts.element)
  return (frame, rounds, first, second) => {
    const items: Value[] = []
    for (let index = 0; index < rounds.count; index++) {
      frame.nextRound()
      setVariables(frame, rounds, index, first, second)
      const chosen = predicate === undefined ? true : predicate(frame)
      if (chosen === false) continue
      if (chosen !== true) return isError(chosen) ? chosen : failAt(noSuchOverload(), expr.step.at)
      const item = element(frame)
      if (isError(item)) return item
      // @result, the list of one, the sum.
      frame.spend(12)
      items.push(item)
    }
    frame.slots[accumulator] = ListValue.of(items)
    return undefined
  }
}
