import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareKeys, inRange, prefixRange, rangeAfter } from './key-range.ts'

const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 })

test('keys compare as their UTF-8 bytes do', () => {
  fc.assert(fc.property(key, key, (a, b) => {
    assert.equal(Math.sign(compareKeys(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)))
  }), { numRuns: 2000 })
})

test('a range holds what it says', () => {
  const check = (range: ReturnType<typeof prefixRange>, inside: string[], outside: string[]): void => {
    assert.deepEqual([...inside, ...outside].filter((each) => inRange(range, each)), inside)
  }
  check(prefixRange('a/'), ['a/', 'a/b', 'a/\u{1f600}', 'a/\uffff'], ['a', 'a0', 'b', 'a.'])
  check(rangeAfter(prefixRange('a'), 'ab'), ['ab0', 'ac'], ['a', 'ab', 'b'])
})
