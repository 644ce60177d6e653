import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sameJson } from './json.ts'

test('deep equality', () => {
  const check = (a: unknown, b: unknown, expected: boolean): void => {
    for (const [left, right] of [[a, b], [b, a]]) assert.equal(sameJson(left, right), expected, JSON.stringify([left, right]))
  }
  check({ a: 1, b: [{ c: 'x' }] }, { b: [{ c: 'x' }], a: 1 }, true)
  check({ a: 1, b: undefined }, { a: 1 }, true)
  check({ a: undefined }, { b: undefined }, true)
  check({ a: undefined }, { b: 1 }, false)
  check({ a: 1 }, { a: 1, b: null }, false)
  check({}, { toString: 'x' }, false)
  check({ constructor: {} }, {}, false)
  check([1, 2], [2, 1], false)
  check([1], [1, undefined], false)
  check({ 0: 'a' }, ['a'], false)
  check(null, {}, false)
  check('1', 1, false)
})
