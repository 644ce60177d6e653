import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  addQuantities, canonicalQuantity, compareQuantities, formatQuantity, milliUnits, parseQuantity, quantityFromMilli,
  quantityToMilli, quantityToNumber, readQuantity, subtractQuantities, wholeUnits, type Quantity,
} from './quantity.ts'

function q(text: string): Quantity {
  const quantity = parseQuantity(text)
  assert.ok(quantity !== undefined, text)
  return quantity
}

test('canonical forms', () => {
  const table: [string, string | undefined][] = [
    ['0', '0'], ['0m', '0'], ['00', '0'], ['-0', '0'], ['1000m', '1'], ['1500m', '1500m'], ['0.5', '500m'], ['.5', '500m'], ['1.', '1'],
    ['1024Ki', '1Mi'], ['1Mi', '1Mi'], ['1.5Gi', '1536Mi'],
    ['100Ki', '100Ki'], ['1Ki', '1Ki'], ['0.5Ki', '512'], ['1000', '1k'], ['1000k', '1M'], ['1234', '1234'], ['12e6', '12e6'],
    ['1e3', '1e3'], ['1E3', '1e3'], ['1E', '1E'], ['1000E', '1e21'],
    ['-1.5', '-1500m'], ['+2', '2'], ['1n', '1n'], ['0.1n', '1n'], ['0.0000000001', '1n'], ['100u', '100u'], ['0.1Ki', '102400m'],
    ['1e-3', '1e-3'], ['1e+3', '1e3'],
    ['10000000000000000Ei', '9223372036854775807'], ['999Gi', '999Gi'], ['1.000000001', '1000000001n'],
    ['', undefined], ['m', undefined], ['1x', undefined], ['1 Gi', undefined], ['1.2.3', undefined], ['1Zi', undefined], ['--1', undefined],
    ['1e', undefined], ['1e999999999', undefined], ['NaN', undefined],
  ]
  for (const [text, expected] of table) assert.equal(canonicalQuantity(text), expected, text)
})

test('errors in upstream words', () => {
  assert.deepEqual(readQuantity('abc'), { error: "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'" })
  assert.deepEqual(readQuantity('1kk'), { error: "unable to parse quantity's suffix" })
})

test('numbers', () => {
  const table: [string, whole: number | undefined, milli: number | undefined][] = [
    ['1', 1, 1000], ['1500m', 2, 1500], ['64Mi', 67_108_864, 67_108_864_000], ['100u', 1, 1], ['1.2', 2, 1200], ['-1.5', -2, -1500],
    ['1k', 1000, 1_000_000], ['x', undefined, undefined], ['12345678', 12_345_678, 12_345_678_000],
  ]
  for (const [text, whole, milli] of table) {
    assert.equal(wholeUnits(text), whole, text)
    assert.equal(milliUnits(text), milli, text)
  }
  assert.equal(formatQuantity(quantityFromMilli(1500)), '1500m')
})

test('sums keep the format of their first part', () => {
  assert.equal(formatQuantity(addQuantities(q('1Gi'), q('1Mi'))), '1025Mi')
  assert.equal(formatQuantity(addQuantities(q('0'), q('1Mi'))), '1Mi')
  assert.equal(formatQuantity(subtractQuantities(q('1'), q('250m'))), '750m')
  assert.equal(compareQuantities(q('1'), q('1000m')), 0)
  assert.equal(compareQuantities(q('1Gi'), q('1G')), 1)
})

test('property: canonical text is stable, keeps the value, and the fast paths agree with the exact ones', () => {
  const suffix = fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'e3', 'e-2', 'E5')
  const number = fc.oneof(fc.integer({ min: -100_000, max: 100_000 }).map(String), fc.stringMatching(/^[0-9]{1,5}\.[0-9]{0,4}$/))
  fc.assert(fc.property(number, suffix, (digits, unit) => {
    const text = digits + unit
    const quantity = q(text)
    const canonical = formatQuantity(quantity)
    assert.equal(q(canonical).nanos, quantity.nanos, text)
    // 62.5Ki is 64000, which has lost that it was binary, and would be 64k.
    if (canonical.endsWith('i') || !unit.endsWith('i')) assert.equal(canonicalQuantity(canonical), canonical)
    assert.equal(canonicalQuantity(text), canonical)
    assert.equal(wholeUnits(text), quantityToNumber(quantity))
    assert.equal(milliUnits(text), quantityToMilli(quantity))
  }), { numRuns: 500 })
})
