import type { CallExpr } from './ast.ts'
import { addValues } from './arithmetic.ts'
import { constantOf } from './constant-fold.ts'
import { sizeForCost, STRING_FACTOR } from './call-cost.ts'
import { equalValues } from './equality.ts'
import { failAt, failed, type Frame, type Step } from './frame.ts'
import { compareValues } from './ordering.ts'
import type { PlanContext } from './plan.ts'
import { indexValue, optionalIndex, optionalSelect } from './selection.ts'
import { CelError, isError, ListValue, noSuchOverload, normalKey, OptionalValue, type Value } from './values.ts'

/** Operators on any values, with the costs of cel-go; undefined for calls of functions. */
export function planOperator(context: PlanContext, expr: CallExpr, steps: readonly Step[]): Step | undefined {
  const [left, right] = steps
  if (expr.target !== undefined || steps.length !== 2 || left === undefined || right === undefined) return undefined
  const { at } = expr
  switch (expr.name) {
    case '_==_': return binary(left, right, at, (a, b, frame) => equality(a, b, frame))
    case '_!=_': return binary(left, right, at, (a, b, frame) => !equality(a, b, frame))
    case '_<_': return binary(left, right, at, ordering((order) => order < 0))
    case '_<=_': return binary(left, right, at, ordering((order) => order <= 0))
    case '_>_': return binary(left, right, at, ordering((order) => order > 0))
    case '_>=_': return binary(left, right, at, ordering((order) => order >= 0))
    case '_+_': return binary(left, right, at, addition)
    case '@in': return binary(left, right, at, isConstantList(context, expr) ? freeMembership : membership)
    case '_[_]': return binary(left, right, at, charged(indexValue))
    case '_[?_]': return binary(left, right, at, chargedIfPresent(optionalIndex))
    case '_?._': return binary(left, right, at, chargedIfPresent((a, b) => optionalSelect(a, String(b))))
    default: return undefined
  }
}

type Operation = (a: Value, b: Value, frame: Frame) => Value

function binary(left: Step, right: Step, at: number, operation: Operation): Step {
  return (frame) => {
    const a = left(frame)
    const b = right(frame)
    if (isError(a)) return failed(frame, a)
    if (isError(b)) return failed(frame, b)
    const result = operation(a, b, frame)
    return isError(result) ? failAt(result, at) : result
  }
}

function charged(operation: (a: Value, b: Value) => Value): Operation {
  return (a, b, frame) => {
    frame.spend(1)
    return operation(a, b)
  }
}

/** What is not there is not paid for. */
function chargedIfPresent(operation: (a: Value, b: Value) => Value): Operation {
  return (a, b, frame) => {
    const result = operation(a, b)
    if (!(result instanceof OptionalValue) || result.value !== undefined) frame.spend(1)
    return result
  }
}

/** A tenth of the shorter one's size, and 1 for scalars. */
function comparisonCost(a: Value, b: Value): number {
  return Math.ceil(Math.min(sizeForCost(a), sizeForCost(b)) * STRING_FACTOR)
}

function equality(a: Value, b: Value, frame: Frame): boolean {
  if (typeof a === 'bigint' || typeof a === 'boolean' || typeof a === 'number' || a === null || b === null) frame.cost++
  else frame.spend(comparisonCost(a, b))
  return equalValues(a, b, frame)
}

function ordering(holds: (order: number) => boolean): Operation {
  return (a, b, frame) => {
    if (typeof a === 'bigint' && typeof b === 'bigint') {
      frame.cost++
      return holds(a < b ? -1 : a > b ? 1 : 0)
    }
    frame.spend(typeof a === 'string' || a instanceof Uint8Array ? comparisonCost(a, b) : 1)
    const order = compareValues(a, b)
    return order === undefined ? noSuchOverload() : holds(order)
  }
}

function addition(a: Value, b: Value, frame: Frame): Value {
  const isText = typeof a === 'string' || a instanceof Uint8Array
  frame.spend(isText ? Math.ceil((sizeForCost(a) + sizeForCost(b)) * STRING_FACTOR) : 1)
  return addValues(a, b, frame)
}

/** A list that is written out is a set to cel-go. */
function isConstantList(context: PlanContext, expr: CallExpr): boolean {
  const [, list] = expr.args
  return list !== undefined && constantOf(context, list) instanceof ListValue
}

function freeMembership(a: Value, b: Value, frame: Frame): Value {
  return b instanceof ListValue && contains(b, a, frame)
}

function contains(list: ListValue, item: Value, frame: Frame): boolean {
  for (let index = 0; index < list.size; index++) if (equalValues(item, list.at(index), frame)) return true
  return false
}

function membership(a: Value, b: Value, frame: Frame): Value {
  if (b instanceof ListValue) {
    frame.spend(b.size)
    frame.spendWork(b.size)
    return contains(b, a, frame)
  }
  frame.spend(1)
  if (typeof b !== 'object' || b === null || b instanceof Uint8Array || b.kind !== 'map') return noSuchOverload()
  if (normalKey(a) === undefined && typeof a !== 'number') return new CelError('unsupported key type')
  return b.get(a) !== undefined
}
