import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bool, bytes, decodeMessage, encodeMessage, inner, int32, int64, list, message, text, textMap } from './protobuf.ts'

const part = message({ name: text(1), count: int64(2) })
const whole = message({
  name: text(1), isSet: bool(2), small: int32(3), large: int64(4), raw: bytes(5), labels: textMap(6), part: inner(7, part), parts: list(inner(8, part)),
  words: list(text(9)), numbers: list(int64(16)),
})

test('bytes on the wire, as the encoding is documented', () => {
  const check = (value: Parameters<typeof encodeMessage<typeof whole>>[1], hex: string): void => {
    assert.equal(encodeMessage(whole, value).toString('hex'), hex)
  }
  check({}, '')
  check({ name: '', isSet: false, small: 0, large: 0n, words: [], labels: {} }, '')
  check({ name: 'ab', isSet: true, small: 150 }, '0a0261621001189601')
  check({ large: -1n }, '20ffffffffffffffffff01')
  check({ part: {} }, '3a00')
  check({ labels: { a: 'b' } }, '32060a0161120162')
  check({ words: ['', 'x'] }, '4a004a0178')
  check({ numbers: [1n, 300n] }, '8001018001ac02')
})

test('reading: defaults, unknown fields, packed numbers, the last of a field wins', () => {
  const empty = { name: '', isSet: false, small: 0, large: 0n, raw: new Uint8Array(0), labels: {}, part: undefined, parts: [], words: [], numbers: [] }
  const check = (hex: string, expected: object): void => assert.deepEqual(decodeMessage(whole, Buffer.from(hex, 'hex')), { ...empty, ...expected })
  check('', {})
  check('0a01610a0162', { name: 'b' })
  check('82010301ac02', { numbers: [1n, 300n] })
  check('18ffffffffffffffffff01', { small: -1 })
  check('a00601aa0602ffffad0600000000a9060000000000000000' + '1001', { isSet: true })
})

test('what was written is read', () => {
  const int64s = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  const plain = { noNullPrototype: true }
  const parts = fc.record({ name: fc.string(), count: int64s }, plain)
  const value = fc.record({
    name: fc.string({ unit: 'grapheme' }),
    isSet: fc.boolean(),
    small: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    large: int64s,
    raw: fc.uint8Array(),
    labels: fc.dictionary(fc.string({ minLength: 1 }).filter((key) => key !== '__proto__'), fc.string(), plain),
    part: fc.option(parts, { nil: undefined }),
    parts: fc.array(parts),
    words: fc.array(fc.string()),
    numbers: fc.array(int64s),
  }, plain)
  fc.assert(fc.property(value, (given) => assert.deepEqual(decodeMessage(whole, encodeMessage(whole, given)), given)), { numRuns: 200 })
})

test('torn and wild bytes end in an error, never in a hang', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (input) => {
    try {
      decodeMessage(whole, input)
    } catch (error) {
      assert.match(String(error), /protobuf/)
    }
  }))
})
