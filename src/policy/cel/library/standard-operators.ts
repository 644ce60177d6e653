import { addValues, divideValues, multiplyValues, negateValue, remainderValues, subtractValues } from '../arithmetic.ts'
import { declare, declareWhole, overload, type FunctionDeclaration, type Overload } from '../declaration.ts'
import { equalValues } from '../equality.ts'
import { freshMeter } from '../frame.ts'
import { compareValues } from '../ordering.ts'
import { indexValue } from '../selection.ts'
import {
  boolType, bytesType, doubleType, durationType, intType, listType, mapType, parameterType, stringType, timestampType, uintType, type Type,
} from '../types.ts'
import { ListValue, noSuchOverload, type Value } from '../values.ts'

const A = parameterType('A')
const B = parameterType('B')

/** The same operator on pairs of one type: add_int64, add_double. */
function onPairs(prefix: string, types: Readonly<Record<string, Type>>, result?: Type): Overload[] {
  return Object.entries(types).map(([name, type]) => overload(`${prefix}_${name}`, [type, type], result ?? type))
}

const numbers = { int64: intType, uint64: uintType, double: doubleType }
const ordered = { bool: boolType, ...numbers, string: stringType, bytes: bytesType, timestamp: timestampType, duration: durationType }

/** less_int64_double: without dyn() only where the environment allows it. */
function acrossNumbers(prefix: string): Overload[] {
  const names = Object.entries(numbers)
  return names.flatMap(([left, leftType]) => names
    .filter(([right]) => right !== left)
    .map(([right, rightType]) => overload(`${prefix}_${left}_${right}`, [leftType, rightType], boolType)))
}

function comparison(name: string, prefix: string, holds: (order: number) => boolean): FunctionDeclaration {
  const evaluate = (a: Value, b: Value): Value => {
    const order = compareValues(a, b)
    return order === undefined ? noSuchOverload() : holds(order)
  }
  return declareWhole(name, evaluate, ...onPairs(prefix, ordered, boolType), ...acrossNumbers(prefix))
}

const logic: readonly FunctionDeclaration[] = [
  declare('_&&_', overload('logical_and', [boolType, boolType], boolType)),
  declare('_||_', overload('logical_or', [boolType, boolType], boolType)),
  declare('!_', overload('logical_not', [boolType], boolType, (value: boolean) => !value)),
  declare('_?_:_', overload('conditional', [boolType, A, A], A)),
  declare('@not_strictly_false', overload('not_strictly_false', [boolType], boolType)),
]

const addition = declareWhole(
  '_+_',
  (a, b) => addValues(a ?? null, b ?? null, freshMeter()),
  ...onPairs('add', { ...numbers, string: stringType, bytes: bytesType }),
  overload('add_list', [listType(A), listType(A)], listType(A)),
  overload('add_duration_duration', [durationType, durationType], durationType),
  overload('add_duration_timestamp', [durationType, timestampType], timestampType),
  overload('add_timestamp_duration', [timestampType, durationType], timestampType),
)

const arithmetic: readonly FunctionDeclaration[] = [
  addition,
  declareWhole(
    '_-_',
    subtractValues,
    ...onPairs('subtract', numbers),
    overload('subtract_duration_duration', [durationType, durationType], durationType),
    overload('subtract_timestamp_timestamp', [timestampType, timestampType], durationType),
    overload('subtract_timestamp_duration', [timestampType, durationType], timestampType),
  ),
  declareWhole('_*_', multiplyValues, ...onPairs('multiply', numbers)),
  declareWhole('_/_', divideValues, ...onPairs('divide', numbers)),
  declareWhole('_%_', remainderValues, ...onPairs('modulo', { int64: intType, uint64: uintType })),
  declareWhole('-_', negateValue, overload('negate_int64', [intType], intType), overload('negate_double', [doubleType], doubleType)),
]

const relations: readonly FunctionDeclaration[] = [
  declareWhole('_==_', (a, b) => equalValues(a ?? null, b ?? null, freshMeter()), overload('equals', [A, A], boolType)),
  declareWhole('_!=_', (a, b) => !equalValues(a ?? null, b ?? null, freshMeter()), overload('not_equals', [A, A], boolType)),
  comparison('_<_', 'less', (order) => order < 0),
  comparison('_<=_', 'less_equals', (order) => order <= 0),
  comparison('_>_', 'greater', (order) => order > 0),
  comparison('_>=_', 'greater_equals', (order) => order >= 0),
]

const containers: readonly FunctionDeclaration[] = [
  declareWhole('_[_]', indexValue, overload('index_list', [listType(A), intType], A), overload('index_map', [mapType(A, B), A], B)),
  declare(
    '@in',
    overload('in_list', [A, listType(A)], boolType, (item: Value, list: ListValue) => {
      const meter = freshMeter()
      return list.values().some((value) => equalValues(item, value, meter))
    }),
    overload('in_map', [A, mapType(A, B)], boolType),
  ),
]

export const standardOperators: readonly FunctionDeclaration[] = [...logic, ...arithmetic, ...relations, ...containers]
