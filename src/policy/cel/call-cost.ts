import type { Overload } from './declaration.ts'
import { codePoints } from './source.ts'
import { ListValue, type Value } from './values.ts'

/** What one function's call costs at run time: a fixed number, or by its arguments (before the call) and its result (after it). */
export type CostOf = number | {
  before(args: readonly Value[]): number
  after?(args: readonly Value[], result: Value): number
}

/** Costs by the name of a function or, more exactly, by the id of an overload. What is not in it costs 1. */
export type CallCosts = ReadonlyMap<string, CostOf>

/** Characters are cheaper than calls: a tenth. */
export const STRING_FACTOR = 0.1
/** Each part of a pattern is taken to be four characters long. */
export const PATTERN_FACTOR = 0.25

export function callCost(libraries: readonly CallCosts[], name: string, overloads: readonly Overload[]): CostOf {
  for (const costs of libraries) {
    const [only] = overloads
    const byOverload = only === undefined ? undefined : costs.get(only.id)
    const cost = byOverload ?? costs.get(name)
    if (cost !== undefined) return cost
  }
  return 1
}

/** What size() would say; 1 for what has no size. */
export function sizeForCost(value: Value): number {
  if (typeof value === 'string') return codePoints(value)
  if (value instanceof Uint8Array) return value.length
  if (value instanceof ListValue) return value.size
  if (typeof value !== 'object' || value === null) return 1
  if (value.kind === 'map') return value.size
  if (value.kind === 'object' && value.type.isJson) return Object.keys(value.source as object).length
  return value.kind === 'opaque' ? value.size ?? 1 : 1
}
