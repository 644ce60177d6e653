import type { WorkMeter } from './frame.ts'
import { compareNumbers } from './ordering.ts'
import {
  Duration, ListValue, ObjectValue, OptionalValue, Timestamp, TypeValue, Uint, type MapValue, type Value,
} from './values.ts'

/**
 * a == b. Numbers of different types are equal when they are the same number; values of different types are otherwise not equal.
 * NaN is equal to nothing.
 */
export function equalValues(a: Value, b: Value, meter: WorkMeter): boolean {
  switch (typeof a) {
    case 'string':
    case 'boolean': return a === b
    case 'bigint':
    case 'number': return equalNumbers(a, b)
  }
  if (a === null) return b === null
  if (a instanceof Uint) return equalNumbers(a.value, b)
  if (a instanceof Uint8Array) return b instanceof Uint8Array && equalBytes(a, b)
  if (typeof b !== 'object' || b === null || b instanceof Uint8Array) return false
  switch (a.kind) {
    case 'list': return b instanceof ListValue && equalLists(a, b, meter)
    case 'map': return b.kind === 'map' && equalMaps(a, b, meter)
    case 'object': return b instanceof ObjectValue && equalObjects(a, b, meter)
    case 'timestamp': return b instanceof Timestamp && a.nanos === b.nanos
    case 'duration': return b instanceof Duration && a.nanos === b.nanos
    case 'type': return b instanceof TypeValue && a.name === b.name
    case 'optional': return b instanceof OptionalValue && equalOptionals(a, b, meter)
    case 'opaque': return b.kind === 'opaque' && a.typeName === b.typeName && a.equals(b)
    case 'error': return false
  }
}

function equalNumbers(a: bigint | number, b: Value): boolean {
  if (typeof b === 'bigint' || typeof b === 'number') return compareNumbers(a, b) === 0
  return b instanceof Uint && compareNumbers(a, b.value) === 0
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}

function equalLists(a: ListValue, b: ListValue, meter: WorkMeter): boolean {
  if (a.size !== b.size) return false
  meter.spendWork(a.size)
  if (a.semantics !== undefined) return equalUnordered(a, b, meter)
  for (let index = 0; index < a.size; index++) if (!equalValues(a.at(index), b.at(index), meter)) return false
  return true
}

/** Sets, and lists that are maps by some keys, are equal in any order. */
function equalUnordered(a: ListValue, b: ListValue, meter: WorkMeter): boolean {
  const left = a.values()
  return b.values().every((item) => {
    meter.spendWork(left.length)
    return left.some((other) => equalValues(other, item, meter))
  })
}

function equalMaps(a: MapValue, b: MapValue, meter: WorkMeter): boolean {
  if (a.size !== b.size) return false
  meter.spendWork(a.size)
  return a.keys().every((key) => {
    const left = a.get(key)
    const right = b.get(key)
    return left !== undefined && right !== undefined && equalValues(left, right, meter)
  })
}

function equalObjects(a: ObjectValue, b: ObjectValue, meter: WorkMeter): boolean {
  if (a.type.name !== b.type.name) return false
  if (a.type.isJson && sameJson(a.source, b.source, meter)) return true
  const fields = a.type.setFields(a.source)
  meter.spendWork(fields.length)
  if (fields.length !== b.type.setFields(b.source).length) return false
  if (!sameUndeclared(a, b, meter)) return false
  return fields.every((name) => {
    const left = a.type.field(name)?.read(a.source)
    const right = b.type.field(name)?.isSet(b.source) === true ? b.type.field(name)?.read(b.source) : undefined
    return left !== undefined && right !== undefined && equalValues(left, right, meter)
  })
}

/** Fields that no schema knows are preserved in some objects, and compared as JSON. */
function sameUndeclared(a: ObjectValue, b: ObjectValue, meter: WorkMeter): boolean {
  const left = a.type.undeclared?.(a.source) ?? []
  const right = b.type.undeclared?.(b.source) ?? []
  const [x, y] = [a.source as Readonly<Record<string, unknown>>, b.source as Readonly<Record<string, unknown>>]
  return left.length === right.length && left.every((name) => sameJson(x[name], y[name], meter))
}

/** The short way to equality of objects that nobody changed. */
function sameJson(a: unknown, b: unknown, meter: WorkMeter): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null || Array.isArray(a) !== Array.isArray(b)) return false
  const [left, right] = [a as Readonly<Record<string, unknown>>, b as Readonly<Record<string, unknown>>]
  meter.spendWork(1)
  let count = 0
  for (const key in left) {
    if (left[key] === undefined) continue
    if (!sameJson(left[key], right[key], meter)) return false
    count++
  }
  for (const key in right) if (right[key] !== undefined) count--
  return count === 0
}

function equalOptionals(a: OptionalValue, b: OptionalValue, meter: WorkMeter): boolean {
  if (a.value === undefined || b.value === undefined) return a.value === b.value
  return equalValues(a.value, b.value, meter)
}
