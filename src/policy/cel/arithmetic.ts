import type { WorkMeter } from './frame.ts'
import { mergeItems, type ListSemantics } from './list-semantics.ts'
import { checkedDuration, checkedTimestamp } from './time-range.ts'
import { toJson } from './to-json.ts'
import {
  CelError, Duration, INT_MIN, isInt, isUint, ListValue, noSuchOverload, Timestamp, Uint, type Value, type Wrap,
} from './values.ts'

function int(value: bigint): Value {
  return isInt(value) ? value : new CelError('integer overflow')
}

function uint(value: bigint): Value {
  return isUint(value) ? new Uint(value) : new CelError('unsigned integer overflow')
}

/** A longer text would only be there to fill the memory. */
const MAX_TEXT = 20_000_000

export function tooLong(length: number): CelError | undefined {
  return length > MAX_TEXT ? new CelError(`result too large: ${length} characters, at most ${MAX_TEXT} are allowed`) : undefined
}

export function addValues(a: Value, b: Value, meter: WorkMeter): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return int(a + b)
  if (typeof a === 'string' && typeof b === 'string') return tooLong(a.length + b.length) ?? a + b
  if (typeof a === 'number' && typeof b === 'number') return a + b
  if (a instanceof Uint && b instanceof Uint) return uint(a.value + b.value)
  if (a instanceof ListValue && b instanceof ListValue) return concatenate(a, b, meter)
  if (a instanceof Timestamp && b instanceof Duration) return checkedTimestamp(a.nanos + b.nanos)
  if (a instanceof Duration && b instanceof Timestamp) return checkedTimestamp(a.nanos + b.nanos)
  if (a instanceof Duration && b instanceof Duration) return checkedDuration(a.nanos + b.nanos)
  if (a instanceof Uint8Array && b instanceof Uint8Array) return tooLong(a.length + b.length) ?? concatenateBytes(a, b)
  return noSuchOverload()
}

function concatenate(a: ListValue, b: ListValue, meter: WorkMeter): ListValue {
  if (a.semantics !== undefined && a.wrap !== undefined) return merge(a, a.wrap, a.semantics, b, meter)
  if (a.size === 0) return b
  if (b.size === 0) return a
  meter.spendWork(a.size + b.size)
  if (a.wrap !== undefined && a.wrap === b.wrap) return ListValue.wrapping([...a.items, ...b.items], a.wrap)
  return ListValue.of([...a.values(), ...b.values()])
}

/** Of a set or a map list: elements of b replace those with their key. */
function merge(a: ListValue, wrap: Wrap, semantics: ListSemantics, b: ListValue, meter: WorkMeter): ListValue {
  meter.spendWork(a.size * b.size)
  const added = b.wrap === undefined ? b.values().map(toJson) : b.items
  return ListValue.wrapping(mergeItems(semantics, a.items, added), wrap, semantics)
}

function concatenateBytes(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length)
  joined.set(a)
  joined.set(b, a.length)
  return joined
}

export function subtractValues(a: Value, b: Value): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return int(a - b)
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (a instanceof Uint && b instanceof Uint) return uint(a.value - b.value)
  if (a instanceof Timestamp && b instanceof Timestamp) return checkedDuration(a.nanos - b.nanos)
  if (a instanceof Timestamp && b instanceof Duration) return checkedTimestamp(a.nanos - b.nanos)
  if (a instanceof Duration && b instanceof Duration) return checkedDuration(a.nanos - b.nanos)
  return noSuchOverload()
}

export function multiplyValues(a: Value, b: Value): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return int(a * b)
  if (typeof a === 'number' && typeof b === 'number') return a * b
  if (a instanceof Uint && b instanceof Uint) return uint(a.value * b.value)
  return noSuchOverload()
}

export function divideValues(a: Value, b: Value): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return b === 0n ? new CelError('division by zero') : int(a / b)
  if (typeof a === 'number' && typeof b === 'number') return a / b
  if (a instanceof Uint && b instanceof Uint) return b.value === 0n ? new CelError('division by zero') : new Uint(a.value / b.value)
  return noSuchOverload()
}

export function remainderValues(a: Value, b: Value): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') {
    if (b === 0n) return new CelError('modulus by zero')
    // The quotient would not fit, and cel-go refuses the remainder with it.
    return a === INT_MIN && b === -1n ? new CelError('integer overflow') : a % b
  }
  if (a instanceof Uint && b instanceof Uint) return b.value === 0n ? new CelError('modulus by zero') : new Uint(a.value % b.value)
  return noSuchOverload()
}

export function negateValue(a: Value): Value {
  if (typeof a === 'bigint') return int(-a)
  if (typeof a === 'number') return -a
  return a instanceof Duration ? checkedDuration(-a.nanos) : noSuchOverload()
}
