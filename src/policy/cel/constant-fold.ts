import type { Expr } from './ast.ts'
import type { PlanContext } from './plan.ts'
import { guardOf } from './type-guard.ts'
import { EntryMap, isError, ListValue, type Value } from './values.ts'

/** Conversions that cel-go computes before evaluation when they are given a constant. */
const CONVERSIONS: ReadonlySet<string> = new Set(['bytes', 'double', 'duration', 'int', 'string', 'timestamp', 'uint'])

/** The value of a constant, of a list or map of constants, of a conversion of a constant: known before evaluation, and free in it. */
export function constantOf(context: PlanContext, expr: Expr): Value | undefined {
  switch (expr.kind) {
    case 'constant': return expr.value
    case 'list': {
      const items = expr.elements.map(({ value, optional }) => (optional ? undefined : constantOf(context, value)))
      return items.every((item) => item !== undefined) ? ListValue.of(items) : undefined
    }
    case 'map': return constantMap(context, expr)
    case 'call': return constantConversion(context, expr)
    default: return undefined
  }
}

function constantMap(context: PlanContext, expr: Expr & { kind: 'map' }): Value | undefined {
  // An empty map may be the accumulator of a fold, which grows in place.
  if (expr.entries.length === 0) return undefined
  const map = new EntryMap()
  for (const entry of expr.entries) {
    const key = entry.optional ? undefined : constantOf(context, entry.key)
    const value = constantOf(context, entry.value)
    if (key === undefined || value === undefined || typeof key === 'number' || !map.add(key, value)) return undefined
  }
  return map
}

function constantConversion(context: PlanContext, expr: Expr & { kind: 'call' }): Value | undefined {
  const reference = context.checked.references[expr.id]
  const [only] = reference?.kind === 'call' ? reference.overloads : []
  const [argument] = expr.args
  if (expr.target !== undefined || !CONVERSIONS.has(expr.name) || argument === undefined || expr.args.length !== 1) return undefined
  const value = constantOf(context, argument)
  const [parameter] = only?.parameters ?? []
  if (value === undefined || only?.evaluate === undefined || parameter === undefined || !guardOf(parameter)(value)) return undefined
  const converted = only.evaluate(value)
  return isError(converted) ? undefined : converted
}

/** Whether cel-go plans it as an attribute: as a part of another one (a branch of ?:, an index) its name costs nothing. */
export function isAttribute(context: PlanContext, expr: Expr): boolean {
  const reference = context.checked.references[expr.id]
  if (expr.kind === 'ident') return reference?.kind === 'name' && reference.thing.kind === 'variable'
  if (expr.kind === 'select') return !expr.testOnly && (reference?.kind !== 'name' || reference.thing.kind === 'variable')
  return expr.kind === 'call' && expr.target === undefined && expr.name === '_[_]'
}
