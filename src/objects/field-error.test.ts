import assert from 'node:assert/strict'
import { test } from 'node:test'
import { invalidValue } from './field-error.ts'

test('values as messages show them', () => {
  const table: [value: unknown, shown: string][] = [
    ['a', '"a"'], [1, '1'], [null, 'null'], [undefined, 'null'], [{ a: [1, { b: true }] }, '{"a":[1,{"b":true}]}'], ['x'.repeat(254), `"${'x'.repeat(254)}"`], ['x'.repeat(1_000), `"${'x'.repeat(255)}...`],
    [Array(127).fill(1), `[${Array(127).fill(1)}]`], [Array(1_000).fill(1), `[${Array(128).fill(1).join().slice(0, 255)}...`],
  ]
  for (const [value, shown] of table) assert.equal(invalidValue('f', value, '').message, `Invalid value: ${shown}`)
})

test('a large value is shown for each of its parts in no time', () => {
  const references = Array.from({ length: 30_000 }, (_, index) => ({ kind: 'Pod', name: `p${index}` }))
  const start = performance.now()
  for (let count = 0; count < 30_000; count++) invalidValue('f', references, '')
  assert.ok(performance.now() - start < 5_000)
})
