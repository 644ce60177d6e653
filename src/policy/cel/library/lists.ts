import { UNUSED_VARIABLE, type Expr } from '../ast.ts'
import type { CallCosts, CostOf } from '../call-cost.ts'
import { sizeForCost } from '../call-cost.ts'
import { declare, member, overload } from '../declaration.ts'
import type { Library } from '../environment.ts'
import { equalValues } from '../equality.ts'
import { freshMeter, type WorkMeter } from '../frame.ts'
import { argument, memberMacro, targetOf, variableName } from '../macro.ts'
import { compareValues } from '../ordering.ts'
import { collected } from '../standard-macros.ts'
import { dynType, intType, listType, optionalType, parameterType } from '../types.ts'
import { CelError, ListValue, none, normalKey, OptionalValue, type Value } from '../values.ts'

const T = parameterType('T')
const U = parameterType('U')
const listT = listType(T)
const MAX_RANGE = 1_000_000n

function flatten(list: ListValue, depth = 1n): Value {
  if (depth < 0n) return new CelError('level must be non-negative')
  const meter = freshMeter()
  return ListValue.of(flat(list, depth, meter))
}

function flat(list: ListValue, depth: bigint, meter: WorkMeter): Value[] {
  meter.spendWork(list.size)
  return list.values().flatMap((item) => (item instanceof ListValue && depth > 0n ? flat(item, depth - 1n, meter) : [item]))
}

function slice(list: ListValue, start: bigint, end: bigint): Value {
  if (start < 0n || end < 0n) return new CelError(`cannot slice(${start}, ${end}), negative indexes not supported`)
  if (start > end) return new CelError(`cannot slice(${start}, ${end}), start index must be less than or equal to end index`)
  if (end > list.size) return new CelError(`cannot slice(${start}, ${end}), list is length ${list.size}`)
  return ListValue.of(list.values().slice(Number(start), Number(end)))
}

/** A list in the order of its keys. */
function sortBy(items: readonly Value[], keys: readonly Value[]): Value {
  const first = keys[0]
  const wrong = keys.some((key) => first === undefined || compareValues(first, key) === undefined || typeof key !== typeof first)
  if (wrong) return new CelError('list elements must have the same type and be comparable')
  const order = keys.map((_, index) => index)
  order.sort((a, b) => compareValues(keys[a] ?? null, keys[b] ?? null) ?? 0)
  return ListValue.of(order.map((index) => items[index] ?? null))
}

function sortByKeys(list: ListValue, keys: ListValue): Value {
  return sortBy(list.values(), keys.values())
}

function itemAt(list: ListValue, index: number): OptionalValue {
  return list.size === 0 ? none : new OptionalValue(list.at(index))
}

/** Scalars are looked up, everything else is compared with all before. */
function distinct(list: ListValue): Value {
  const seen = new Set<unknown>()
  const others: Value[] = []
  const meter = freshMeter()
  return ListValue.of(list.values().filter((item) => {
    const key = normalKey(item)
    if (key !== undefined) return !seen.has(key) && seen.add(key) !== undefined
    meter.spendWork(others.length)
    if (others.some((other) => equalValues(other, item, meter))) return false
    others.push(item)
    return true
  }))
}

function range(count: bigint): Value {
  if (count < 0n || count > MAX_RANGE) return new CelError(`lists.range: ${count} is not between 0 and ${MAX_RANGE}`)
  return ListValue.of(Array.from({ length: Number(count) }, (_, index) => BigInt(index)))
}

/** An element costs as much as a comparison. */
const perElement: CostOf = { before: ([list = null]) => sizeForCost(list) }
const sortCost: CostOf = { before: ([list = null]) => Math.ceil(sizeForCost(list) * Math.log2(sizeForCost(list) + 2)) }

const costs: CallCosts = new Map([
  ['flatten', perElement],
  ['list_slice', { before: ([, start, end]: readonly Value[]) => Math.max(1, Number(end ?? 0n) - Number(start ?? 0n)) }],
  ['list_sort', sortCost],
  ['@sortByAssociatedKeys', sortCost],
  ['list_distinct', { before: ([list = null]: readonly Value[]) => sizeForCost(list) ** 2 / 100 + sizeForCost(list) }],
  ['lists.range', { before: ([count]: readonly Value[]) => Math.max(1, Math.min(Number(count), Number(MAX_RANGE))) }],
  ['list_reverse', perElement],
])

/** The lists extension of cel-go: slice, flatten, sort, sortBy, distinct, range, reverse, first, last. */
export const listsLibrary: Library = {
  name: 'lists',
  costs,
  functions: [
    declare('slice', member('list_slice', [listT, intType, intType], listT, slice)),
    declare(
      'flatten',
      member('list_flatten', [listType(listT)], listT, (list: ListValue) => flatten(list)),
      member('list_flatten_int', [listType(dynType), intType], listType(dynType), flatten),
    ),
    declare('sort', member('list_sort', [listT], listT, (list: ListValue) => sortBy(list.values(), list.values()))),
    declare('@sortByAssociatedKeys', member('list_@sortByAssociatedKeys', [listT, listType(U)], listT, sortByKeys)),
    declare('distinct', member('list_distinct', [listT], listT, distinct)),
    declare('lists.range', overload('lists_range', [intType], listType(intType), range)),
    declare('reverse', member('list_reverse', [listT], listT, (list: ListValue) => ListValue.of(list.values().toReversed()))),
    declare('first', member('list_first', [listT], optionalType(T), (list: ListValue) => itemAt(list, 0))),
    declare('last', member('list_last', [listT], optionalType(T), (list: ListValue) => itemAt(list, list.size - 1))),
  ],
  macros: [
    memberMacro('sortBy', 2, (make, call) => {
      const { at } = call
      const target = targetOf(call)
      const name = '@__sortBy_input__'
      const input = (): Expr => make.ident(at, name)
      const variables = { range: input(), variable: variableName(argument(call, 0)), secondVariable: undefined }
      const keys = collected(make, at, variables, undefined, argument(call, 1))
      return make.comprehension(at, {
        range: make.listOf(at),
        variable: UNUSED_VARIABLE,
        secondVariable: undefined,
        accumulator: name,
        initial: target,
        condition: make.constant(at, false),
        step: input(),
        result: make.memberCall(at, input(), '@sortByAssociatedKeys', [keys]),
      })
    }),
  ],
}
