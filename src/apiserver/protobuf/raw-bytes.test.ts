import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textOf } from '../../words/bytes.ts'
import { RawBytes } from './raw-bytes.ts'

test('what many objects share is made bytes once, what is long each time', () => {
  const raw = new RawBytes()
  const [fields, long] = [{ 'f:metadata': { n: 2n ** 60n } }, { text: 'x'.repeat(20_000) }]
  assert.equal(textOf(raw.of(fields)), '{"f:metadata":{"n":1152921504606846976}}')
  assert.equal(raw.of(fields), raw.of(fields))
  assert.notEqual(raw.of(long), raw.of(long))
  assert.deepEqual(raw.of(long), raw.of(long))
  assert.equal(textOf(raw.of([1, null])), '[1,null]')
})
