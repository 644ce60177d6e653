import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textOf } from '../../words/bytes.ts'
import { AnyBytes } from './any-bytes.ts'

test('what many objects share is made bytes once, what is long each time', () => {
  const any = new AnyBytes()
  const [fields, long] = [{ 'f:metadata': { n: 2n ** 60n } }, { text: 'x'.repeat(20_000) }]
  assert.equal(textOf(any.of(fields)), '{"f:metadata":{"n":1152921504606846976}}')
  assert.equal(any.of(fields), any.of(fields))
  assert.notEqual(any.of(long), any.of(long))
  assert.deepEqual(any.of(long), any.of(long))
  assert.equal(textOf(any.of([1, null])), '[1,null]')
})
