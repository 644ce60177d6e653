import type { Expr } from '../ast.ts'
import { declare, overload, type FunctionDeclaration, type Overload } from '../declaration.ts'
import type { Library } from '../environment.ts'
import { argument, isOn, memberMacro, type Macro } from '../macro.ts'
import { compareValues } from '../ordering.ts'
import { SyntaxIssue } from '../token.ts'
import { boolType, doubleType, dynType, intType, listType, uintType, type Type } from '../types.ts'
import { CelError, INT_MIN, isInt, ListValue, noSuchOverload, Uint, UINT_MAX, type Value } from '../values.ts'

const numbers: readonly (readonly [string, Type])[] = [['int', intType], ['double', doubleType], ['uint', uintType]]

function isNumeric(expr: Expr): boolean {
  if (expr.kind === 'constant') return typeof expr.value === 'bigint' || typeof expr.value === 'number' || expr.value instanceof Uint
  return expr.kind !== 'list' && expr.kind !== 'map' && expr.kind !== 'struct'
}

/** math.greatest(a, b, ...) and math.least: any number of numbers, or one list of them. */
function extremeMacro(name: string, internal: string): Macro {
  return memberMacro(name, 'any', (make, call) => {
    if (!isOn(call, 'math')) return undefined
    if (call.args.length === 0) throw new SyntaxIssue(`math.${name}() requires at least one argument`, call.at)
    if (call.args.length === 1) {
      const only = argument(call, 0)
      const isList = only.kind === 'list' && only.elements.length > 0 && only.elements.every(({ value }) => isNumeric(value))
      if (!isList && !isNumeric(only)) throw new SyntaxIssue(`math.${name}() invalid single argument value`, only.at)
      return make.call(call.at, internal, only)
    }
    const wrong = call.args.find((arg) => !isNumeric(arg))
    if (wrong !== undefined) throw new SyntaxIssue(`math.${name}() simple literal arguments must be numeric`, wrong.at)
    return make.call(call.at, internal, ...(call.args.length === 2 ? call.args : [make.listOf(call.at, ...call.args)]))
  })
}

/** Of equal numbers the first. */
function extreme(values: readonly Value[], wins: (order: number) => boolean): Value {
  let best: Value | undefined
  for (const value of values) {
    const order = best === undefined ? compareValues(value, value) : compareValues(value, best)
    if (order === undefined || typeof value === 'string' || typeof value === 'boolean') return noSuchOverload()
    if (best === undefined || wins(order)) best = value
  }
  return best ?? new CelError('math.@max(list) argument must not be empty')
}

function extremes(name: string, wins: (order: number) => boolean): FunctionDeclaration {
  const id = `math_${name}`
  const overloads: Overload[] = []
  for (const [left, leftType] of numbers) {
    overloads.push(overload(`${id}_${left}`, [leftType], leftType, (value: Value) => value))
    for (const [right, rightType] of numbers) {
      const result = left === right ? leftType : dynType
      overloads.push(overload(`${id}_${left}_${right}`, [leftType, rightType], result, (a: Value, b: Value) => extreme([a, b], wins)))
    }
    overloads.push(overload(`${id}_list_${left}`, [listType(leftType)], leftType, (list: ListValue) => extreme(list.values(), wins)))
  }
  return declare(`math.${name}`, ...overloads)
}

function onDouble(name: string, result: Type, compute: (value: number) => Value): FunctionDeclaration {
  return declare(`math.${name}`, overload(`math_${name}_double`, [doubleType], result, compute))
}

/** Half away from zero. */
function round(value: number): number {
  if (!Number.isFinite(value)) return value
  const whole = Math.trunc(value)
  return Math.abs(value - whole) >= 0.5 ? whole + Math.sign(value) : whole
}

function bits(name: string, compute: (a: bigint, b: bigint) => bigint): FunctionDeclaration {
  return declare(
    `math.${name}`,
    overload(`math_${name}_int_int`, [intType, intType], intType, (a: bigint, b: bigint) => BigInt.asIntN(64, compute(a, b))),
    overload(`math_${name}_uint_uint`, [uintType, uintType], uintType, (a: Uint, b: Uint) => (
      new Uint(BigInt.asUintN(64, compute(a.value, b.value)))
    )),
  )
}

/** Shifts see the bits of the number as they are: an int shifted right fills with zeros. */
function shift(name: string, compute: (bits: bigint, offset: bigint) => bigint): FunctionDeclaration {
  const checked = (value: bigint, offset: bigint): bigint | CelError => {
    if (offset < 0n) return new CelError(`math.${name}() negative offset: ${offset}`)
    return offset >= 64n ? 0n : compute(BigInt.asUintN(64, value), offset)
  }
  return declare(
    `math.${name}`,
    overload(`math_${name}_int_int`, [intType, intType], intType, (value: bigint, offset: bigint) => {
      const shifted = checked(value, offset)
      return typeof shifted === 'bigint' ? BigInt.asIntN(64, shifted) : shifted
    }),
    overload(`math_${name}_uint_int`, [uintType, intType], uintType, (value: Uint, offset: bigint) => {
      const shifted = checked(value.value, offset)
      return typeof shifted === 'bigint' ? new Uint(BigInt.asUintN(64, shifted)) : shifted
    }),
  )
}

function absolute(value: bigint): Value {
  if (value === INT_MIN) return new CelError('integer overflow')
  return value < 0n ? -value : value
}

/** The mathematical functions of cel-go's extension. */
export const mathLibrary: Library = {
  name: 'math',
  macros: [extremeMacro('greatest', 'math.@max'), extremeMacro('least', 'math.@min')],
  functions: [
    extremes('@max', (order) => order > 0),
    extremes('@min', (order) => order < 0),
    onDouble('ceil', doubleType, Math.ceil),
    onDouble('floor', doubleType, Math.floor),
    onDouble('round', doubleType, round),
    onDouble('trunc', doubleType, Math.trunc),
    onDouble('isNaN', boolType, Number.isNaN),
    onDouble('isInf', boolType, (value) => value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY),
    onDouble('isFinite', boolType, Number.isFinite),
    declare(
      'math.abs',
      overload('math_abs_double', [doubleType], doubleType, Math.abs),
      overload('math_abs_int', [intType], intType, absolute),
      overload('math_abs_uint', [uintType], uintType, (value: Uint) => value),
    ),
    declare(
      'math.sign',
      overload('math_sign_double', [doubleType], doubleType, Math.sign),
      overload('math_sign_int', [intType], intType, (value: bigint) => (value < 0n ? -1n : value > 0n ? 1n : 0n)),
      overload('math_sign_uint', [uintType], uintType, (value: Uint) => new Uint(value.value > 0n ? 1n : 0n)),
    ),
    declare(
      'math.sqrt',
      overload('math_sqrt_double', [doubleType], doubleType, Math.sqrt),
      overload('math_sqrt_int', [intType], doubleType, (value: bigint) => Math.sqrt(Number(value))),
      overload('math_sqrt_uint', [uintType], doubleType, (value: Uint) => Math.sqrt(Number(value.value))),
    ),
    bits('bitAnd', (a, b) => a & b),
    bits('bitOr', (a, b) => a | b),
    bits('bitXor', (a, b) => a ^ b),
    declare(
      'math.bitNot',
      overload('math_bitNot_int_int', [intType], intType, (value: bigint) => (isInt(~value) ? ~value : 0n)),
      overload('math_bitNot_uint_uint', [uintType], uintType, (value: Uint) => new Uint(UINT_MAX - value.value)),
    ),
    shift('bitShiftLeft', (value, offset) => BigInt.asUintN(64, value << offset)),
    shift('bitShiftRight', (value, offset) => value >> offset),
  ],
}
