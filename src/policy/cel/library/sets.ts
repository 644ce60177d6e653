import type { CostOf } from '../call-cost.ts'
import { sizeForCost } from '../call-cost.ts'
import { declare, overload } from '../declaration.ts'
import type { Library } from '../environment.ts'
import { equalValues } from '../equality.ts'
import { freshMeter, type WorkMeter } from '../frame.ts'
import { boolType, listType, parameterType } from '../types.ts'
import type { ListValue } from '../values.ts'

const list = listType(parameterType('T'))

function containsAll(set: ListValue, items: ListValue, meter: WorkMeter): boolean {
  const values = set.values()
  return items.values().every((item) => {
    meter.spendWork(values.length)
    return values.some((value) => equalValues(value, item, meter))
  })
}

function intersects(a: ListValue, b: ListValue): boolean {
  const meter = freshMeter()
  const values = b.values()
  return a.values().some((item) => {
    meter.spendWork(values.length)
    return values.some((value) => equalValues(value, item, meter))
  })
}

/** Every element is compared with every other one. */
function product(factor: number): CostOf {
  return { before: ([a = null, b = null]) => 1 + sizeForCost(a) * sizeForCost(b) * factor }
}

/** Lists as sets. */
export const setsLibrary: Library = {
  name: 'sets',
  functions: [
    declare('sets.contains', overload('list_sets_contains_list', [list, list], boolType, (a: ListValue, b: ListValue) => (
      containsAll(a, b, freshMeter())
    ))),
    declare('sets.equivalent', overload('list_sets_equivalent_list', [list, list], boolType, (a: ListValue, b: ListValue) => {
      const meter = freshMeter()
      return containsAll(a, b, meter) && containsAll(b, a, meter)
    })),
    declare('sets.intersects', overload('list_sets_intersects_list', [list, list], boolType, intersects)),
  ],
  costs: new Map([['sets.contains', product(1)], ['sets.equivalent', product(2)], ['sets.intersects', product(1)]]),
}
