import { Duration, Timestamp, Uint, type Value } from './values.ts'

/** Negative, zero, positive; NaN where a NaN is involved; undefined where the values have no order. */
export function compareValues(a: Value, b: Value): number | undefined {
  if (typeof a === 'string') return typeof b === 'string' ? compareStrings(a, b) : undefined
  if (typeof a === 'boolean') return typeof b === 'boolean' ? Number(a) - Number(b) : undefined
  const left = numberOf(a)
  const right = numberOf(b)
  if (left !== undefined && right !== undefined) return compareNumbers(left, right)
  if (a instanceof Timestamp && b instanceof Timestamp) return compareBigints(a.nanos, b.nanos)
  if (a instanceof Duration && b instanceof Duration) return compareBigints(a.nanos, b.nanos)
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b)
  return undefined
}

/** A double and an integer are compared as doubles, as the specification has it: near 2^63 neighbours are equal. */
export function compareNumbers(a: bigint | number, b: bigint | number): number {
  if (typeof a === 'bigint' && typeof b === 'bigint') return compareBigints(a, b)
  const left = Number(a)
  const right = Number(b)
  return left < right ? -1 : left > right ? 1 : left === right ? 0 : Number.NaN
}

function numberOf(value: Value): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value
  return value instanceof Uint ? value.value : undefined
}

function compareBigints(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** By code points; UTF-16 units would put U+1F600 before U+FF5E. */
function compareStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index)
    const right = b.charCodeAt(index)
    if (left !== right) return codePointRank(left) - codePointRank(right)
  }
  return a.length - b.length
}

/** Surrogates stand for code points above all others. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let index = 0; index < length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
