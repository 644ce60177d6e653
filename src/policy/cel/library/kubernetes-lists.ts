import { utf8 } from '../../../words/bytes.ts'
import { addValues } from '../arithmetic.ts'
import type { CallCosts, CostOf } from '../call-cost.ts'
import { STRING_FACTOR } from '../call-cost.ts'
import { declare, member, type Overload } from '../declaration.ts'
import type { Library } from '../environment.ts'
import { equalValues } from '../equality.ts'
import { freshMeter } from '../frame.ts'
import { compareValues } from '../ordering.ts'
import {
  boolType, bytesType, doubleType, durationType, intType, listType, parameterType, stringType, timestampType, uintType, type Type,
} from '../types.ts'
import { CelError, Duration, isError, ListValue, noSuchOverload, Uint, type Value } from '../values.ts'

const A = parameterType('A')
const comparable: readonly (readonly [string, Type])[] = [
  ['int', intType], ['uint', uintType], ['double', doubleType], ['bool', boolType], ['duration', durationType],
  ['timestamp', timestampType], ['string', stringType], ['bytes', bytesType],
]
const summable: readonly (readonly [string, Type, Value])[] = [
  ['int', intType, 0n], ['uint', uintType, new Uint(0n)], ['double', doubleType, 0], ['duration', durationType, new Duration(0n)],
]

function isSorted(list: ListValue): Value {
  for (let index = 1; index < list.size; index++) {
    const order = compareValues(list.at(index - 1), list.at(index))
    if (order === undefined) return noSuchOverload()
    if (order > 0) return false
  }
  return true
}

function sum(list: ListValue, zero: Value): Value {
  const meter = freshMeter()
  let total = zero
  for (const item of list.values()) {
    total = addValues(total, item, meter)
    if (isError(total)) return total
  }
  return total
}

function extreme(name: string, list: ListValue, wins: (order: number) => boolean): Value {
  let best: Value | undefined
  for (const item of list.values()) {
    const order = compareValues(item, best ?? item)
    if (order === undefined) return noSuchOverload()
    if (best === undefined || wins(order)) best = item
  }
  return best ?? new CelError(`${name} called on empty list`)
}

function extremes(name: 'min' | 'max', wins: (order: number) => boolean): Overload[] {
  return comparable.map(([type, element]) => (
    member(`list_${type}_${name}_${type}`, [listType(element)], element, (list: ListValue) => extreme(name, list, wins))
  ))
}

function indexOf(list: ListValue, item: Value): Value {
  const meter = freshMeter()
  for (let index = 0; index < list.size; index++) if (equalValues(list.at(index), item, meter)) return BigInt(index)
  return -1n
}

function lastIndexOf(list: ListValue, item: Value): Value {
  const meter = freshMeter()
  for (let index = list.size - 1; index >= 0; index--) if (equalValues(list.at(index), item, meter)) return BigInt(index)
  return -1n
}

/** What it costs to look at everything in a value once. */
function traversalOf(value: Value): number {
  if (typeof value === 'string') return Math.floor(utf8(value).length * STRING_FACTOR)
  if (value instanceof Uint8Array) return Math.floor(value.length * STRING_FACTOR)
  if (value instanceof ListValue) return value.values().reduce<number>((total, item) => total + traversalOf(item), 0)
  if (typeof value !== 'object' || value === null || value.kind !== 'map') return 1
  return value.keys().reduce<number>((total, key) => total + traversalOf(key) + traversalOf(value.get(key) ?? null), 0)
}

const traversal: CostOf = { before: ([list = null]) => traversalOf(list) }

const costs: CallCosts = new Map([
  ['isSorted', traversal], ['sum', traversal], ['min', traversal], ['max', traversal],
  // Of lists and of texts alike.
  ['indexOf', traversal], ['lastIndexOf', traversal],
])

/** Kubernetes' functions on lists. */
export const kubernetesListsLibrary: Library = {
  name: 'kubernetes.lists',
  costs,
  functions: [
    declare('isSorted', ...comparable.map(([type, element]) => (
      member(`list_${type}_is_sorted_bool`, [listType(element)], boolType, isSorted)
    ))),
    declare('sum', ...summable.map(([type, element, zero]) => (
      member(`list_${type}_sum_${type}`, [listType(element)], element, (list: ListValue) => sum(list, zero))
    ))),
    declare('min', ...extremes('min', (order) => order < 0)),
    declare('max', ...extremes('max', (order) => order > 0)),
    declare('indexOf', member('list_a_index_of_int', [listType(A), A], intType, indexOf)),
    declare('lastIndexOf', member('list_a_last_index_of_int', [listType(A), A], intType, lastIndexOf)),
  ],
}
