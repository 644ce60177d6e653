import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byteLength, isLongerThan } from './bytes.ts'

test('lengths are those of UTF-8', () => {
  const table: [text: string, bytes: number][] = [['', 0], ['abc', 3], ['äö', 4], ['€', 3], ['😀', 4], ['a😀ä', 7], ['x'.repeat(60) + 'ä', 62]]
  for (const [text, bytes] of table) {
    assert.equal(byteLength(text, Infinity), bytes, text)
    assert.deepEqual([isLongerThan(text, bytes - 1), isLongerThan(text, bytes)], [true, false], text)
  }
})
