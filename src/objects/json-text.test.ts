import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { textOf, utf8 } from '../words/bytes.ts'
import { decodeJson, duplicateFields } from './codec-json.ts'
import { decodeYaml, encodeYaml } from './codec-yaml.ts'
import { jsonPath } from './json-path.ts'
import { readJson } from './json-reader.ts'
import { integerFrom, integerOf, jsonText, mayHoldLongIntegers, parseJson } from './json-text.ts'
import { copyJson, freezeJson, sameJson, shareUnchanged, type JsonObject } from './json.ts'
import { applyJsonPatch } from './patch-json.ts'
import { applyMergePatch } from './patch-merge.ts'
import { badRequestOf } from './refusal.testing.ts'

const MAX = 2n ** 63n - 1n
const MIN = -(2n ** 63n)

test('integers of 64 bits are exact, everything else is a double', () => {
  const table: [text: string, value: unknown][] = [
    ['9007199254740991', 9007199254740991], ['9007199254740992', 9007199254740992n], ['9007199254740993', 9007199254740993n],
    ['-9007199254740993', -9007199254740993n], ['9223372036854775807', MAX], ['-9223372036854775808', MIN],
    ['9223372036854775808', 2 ** 63], ['-9223372036854775809', -(2 ** 63)], ['1'.repeat(300), 1.1111111111111112e299],
    ['9007199254740993.0', 2 ** 53], ['9007199254740993.5', 9007199254740994], ['9007199254740993e1', Number('90071992547409930')], ['1e18', 1e18], ['0.1234567890123456789', 0.12345678901234568],
    ['"9007199254740993"', '9007199254740993'], ['{"9007199254740993":1}', { '9007199254740993': 1 }],
    [' [9007199254740993 ,\t-9007199254740993\n]', [9007199254740993n, -9007199254740993n]],
    ['{"a":{"b":[1,{"c":9007199254740993}],"d":"x9007199254740993"}}', { a: { b: [1, { c: 9007199254740993n }], d: 'x9007199254740993' } }],
    ['{"a":1,"a":9007199254740993}', { a: 9007199254740993n }],
  ]
  for (const [text, value] of table) {
    assert.deepEqual(parseJson(text), value, text)
    assert.deepEqual(decodeJson(utf8(text)), value, text)
  }
})

test('which texts are read the slow way', () => {
  const table: [text: string, isSlow: boolean][] = [
    ['{"a":123456789012345}', false], ['{"a":1234567890123456}', true], ['{"a":-1234567890123456}', true], ['1234567890123456', true],
    ['{"a":"1234567890123456"}', false], ['{"a":"sha256:1234567890123456"}', true], ['{"a":"ab1234567890123456"}', false], ['{"a":0.1234567890123456}', false],
  ]
  for (const [text, isSlow] of table) assert.equal(mayHoldLongIntegers(text), isSlow, text)
})

test('the reader builds what JSON.parse builds', () => {
  const table: string[] = [
    'true', ' false ', 'null', '-0', '1e3', '-1.5E-2', '""', '[]', '{}', '[ ]', '{ }', '[[],{},[{}]]', '{"a" : [ 1 ,\n-2.5 , "x" , null ] ,\t"b":{"c":true,"d":false}}\r\n',
    '{"a\\"b":"\\u00e4\\n\\\\","":"","\\u0041":"\\\\"}', '{"b":1,"1":2,"a":3,"0":4,"b":5}', '["ä","\u2028","\\ud83d\\ude00"]', '{"__proto__":{"a":1},"constructor":2}',
  ]
  for (const text of table) assert.deepEqual(readJson(text, Number), JSON.parse(text), text)
  // Without escapes: V8 misreads some keys that have them.
  const texts = fc.tuple(fc.json(), fc.constantFrom(undefined, 1, '\t')).map(([text, indent]) => JSON.stringify(JSON.parse(text), null, indent)).filter((text) => !text.includes('\\'))
  fc.assert(fc.property(texts, (text) => assert.deepEqual(readJson(text, Number), JSON.parse(text))), { numRuns: 300 })
})

test('keys with escapes are read as they are written, whatever keys V8 has seen before', () => {
  // Each pair has a first key of its own, so that V8 expects the second one's backslash after it.
  const table: [known: string, text: string, key: string][] = [
    ['\\\\', '\\n', '\n'], ['\\\\', '\\"', '"'], ['\\\\', '\\u0041', 'A'], ['a\\\\', 'a\\n', 'a\n'], ['\\\\nx', '\\nxy', '\nxy'], ['5\\\\', '5\\n', '5\n'], ['b', '\\u0062', 'b'],
    ['k:{\\\\\\"name', 'k:{\\"name\\"', 'k:{"name"'], ['\\\\', '\\\\', '\\'], ['\\u005c', '\\/', '/'],
  ]
  table.forEach(([known, text, key], index) => {
    JSON.parse(`{"known${index}":[],"${known}":0}`)
    const body = `{"known${index}":1,"${text}":[{"a":2}]}`
    const value = { [`known${index}`]: 1, [key]: [{ a: 2 }] }
    assert.deepEqual(parseJson(body), value, body)
    assert.deepEqual(decodeJson(utf8(body)), value, body)
    assert.deepEqual(parseJson(`[[],${body}]`), [[], value], body)
  })
})

test('numbers beyond the range of doubles are refused', () => {
  const table: [text: string, number: string][] = [
    ['1e400', '1e400'], ['{"a":[1,-1E+309]}', '-1E+309'], ['[1.5e0000999 ]', '1.5e0000999'], [`{"a":${'9'.repeat(400)}}`, `${'9'.repeat(40)}...`], ['1'.repeat(310) + '.5e2', `${'1'.repeat(40)}...`],
  ]
  for (const [text, number] of table) {
    assert.equal(badRequestOf(() => decodeJson(utf8(text))), `json: cannot unmarshal number ${number} into Go value of type float64`)
    assert.throws(() => parseJson(text), SyntaxError, text)
  }
  // In YAML they are texts, as upstream has them.
  for (const text of ['1e400', '-1E+309', '9'.repeat(400), `0x${'f'.repeat(400)}`]) assert.deepEqual(decodeYaml(utf8(`a: ${text}`)), { a: text }, text)
  const kept: [text: string, value: unknown][] = [
    ['1e308', 1e308], ['1e-400', 0], ['{"a":"1e400","1e400":[0e999]}', { a: '1e400', '1e400': [0] }], [`0.${'0'.repeat(400)}1e400`, 0.1], ['"sha256:1e400"', 'sha256:1e400'],
  ]
  for (const [text, value] of kept) assert.deepEqual(decodeJson(utf8(text)), value, text)
})

test('a large body is read and written within moments', () => {
  const started = process.hrtime.bigint()
  for (const part of ['9007199254740993,', '1,', '[],', '{"a":1},', '123456789012345,']) {
    const text = `[9007199254740993,${part.repeat(512 * 1024 / part.length).slice(0, -1)}]`
    assert.equal(jsonText(parseJson(text)), text)
  }
  assert.ok(process.hrtime.bigint() - started < 3_000_000_000n)
})

test('strictness and limits hold on the slow way too', () => {
  const table: [text: string, expected: RegExp][] = [
    ['{"a":9007199254740993,}', /^json parse error: unexpected character where a key should begin at line 1, column 23$/],
    ['{"a":09007199254740993}', /^json parse error: expected ',' or '}' at line 1, column 7$/],
    [`{"a":9007199254740993,"b":${'['.repeat(1001)}${']'.repeat(1001)}}`, /^json parse error: more than 1000 levels at line 1, column 1026$/],
    ['{"a":9007199254740993,"__proto__":{}}', /^json parse error: the key __proto__ is not supported at line 1, column 23$/],
    ['{"a":9007199254740993', /^json parse error: expected ',' or '}' at line 1, column 22$/],
  ]
  for (const [text, expected] of table) assert.match(badRequestOf(() => decodeJson(utf8(text))), expected)
  assert.deepEqual(duplicateFields(utf8('{"a":9007199254740993,"a":9007199254740993}')), ['a'])
  const deep = `${'['.repeat(999)}9007199254740993${']'.repeat(999)}`
  assert.equal(jsonText(decodeJson(utf8(deep))), deep)
})

test('written as they are', () => {
  const value = { a: 9007199254740993n, b: [MIN, 1, null, 'x'], c: undefined }
  assert.equal(jsonText(value), '{"a":9007199254740993,"b":[-9223372036854775808,1,null,"x"]}')
  assert.equal(jsonText({ a: MAX }, 2), '{\n  "a": 9223372036854775807\n}')
  assert.equal(textOf(encodeYaml(value)), 'a: 9007199254740993\nb:\n- -9223372036854775808\n- 1\n- null\n- x\n')
  const ring: JsonObject = { a: 1n }
  ring['ring'] = ring
  assert.throws(() => jsonText(ring), /circular|call stack/)
})

test('YAML integers in every base', () => {
  const table: [text: string, value: unknown][] = [
    ['9007199254740993', 9007199254740993n], ['+9007199254740993', 9007199254740993n], ['-9223372036854775808', MIN], ['-9223372036854775809', -(2 ** 63)],
    ['0x20000000000001', 9007199254740993n], ['-0x20000000000001', -9007199254740993n], ['0400000000000000001', 9007199254740993n], ['0o400000000000000001', 9007199254740993n],
    ['0x7fffffffffffffff', MAX], ['0x8000000000000000', 2 ** 63], ['18446744073709551615', 2 ** 64], ['"9007199254740993"', '9007199254740993'],
    ['{a: 9007199254740993}', { a: 9007199254740993n }], ['9007199254740993: x', { '9007199254740993': 'x' }],
  ]
  for (const [text, value] of table) assert.deepEqual(decodeYaml(utf8(text)), value, text)
})

test('texts and bigints as integers', () => {
  const table: [text: string, value: unknown][] = [
    ['7', 7], ['-9007199254740993', -9007199254740993n], ['9223372036854775808', undefined], [`${'0'.repeat(1000)}9007199254740993`, 9007199254740993n],
    ['9'.repeat(100_000), undefined], ['', undefined], ['1.0', undefined], ['1e3', undefined], ['x', undefined],
  ]
  for (const [text, value] of table) assert.equal(integerOf(text), value, text.slice(0, 30))
  assert.deepEqual([integerFrom(7n), integerFrom(2n ** 53n - 1n), integerFrom(2n ** 53n)], [7, 2 ** 53 - 1, 2n ** 53n])
})

test('equal, shared, copied, frozen', () => {
  const table: [a: unknown, b: unknown, same: boolean][] = [
    [2n ** 53n, 2n ** 53n, true], [2n ** 53n, 2n ** 53n + 1n, false], [10n ** 18n, 1e18, true], [1e18, 10n ** 18n, true], [10n ** 18n + 1n, 1e18, false],
    [2n ** 53n, '9007199254740992', false], [2n ** 53n, null, false], [2n ** 53n, 0.5, false], [{ a: [MAX] }, { a: [MAX] }, true], [{ a: [MAX] }, { a: [MIN] }, false],
  ]
  for (const [a, b, same] of table) assert.equal(sameJson(a, b), same)
  const old = freezeJson({ a: MAX, b: { c: MIN } })
  assert.equal(shareUnchanged(copyJson(old), old), old)
  assert.notEqual(shareUnchanged({ ...old, a: MIN }, old), old)
  const power = { a: [2n ** 60n] }
  assert.equal(shareUnchanged({ a: [2 ** 60] }, power), power)
})

test('paths compare them', () => {
  const value = { l: [{ n: 9007199254740993n, x: 'a' }, { n: 9007199254740992n, x: 'b' }, { n: 7, x: 'c' }] }
  const table: [path: string, found: string[]][] = [
    ['.l[?(@.n==9007199254740993)].x', ['a']], ['.l[?(@.n!=9007199254740993)].x', ['b', 'c']], ['.l[?(@.n>9007199254740992)].x', ['a']], ['.l[?(@.n<9007199254740993)].x', ['b', 'c']],
    ['.l[?(@.n>7)].x', ['a', 'b']], ['.l[?(@.x>"a")].x', ['b', 'c']], ['.l[?(@.x>7)].x', []],
  ]
  for (const [path, found] of table) assert.deepEqual([...(jsonPath(path)?.find(value) ?? [])], found, path)
})

const int64 = fc.bigInt({ min: MIN, max: MAX }).map(integerFrom)
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof({ maxDepth: 3, depthSize: 'small' }, int64, fc.integer(), fc.constantFrom(null, true, ''), fc.string(),
    fc.array(tie('tree'), { maxLength: 3 }), fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('tree'), { noNullPrototype: true })),
}))
const trees = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tree, { noNullPrototype: true })

test('property: any tree with integers of 64 bits survives JSON and YAML, and each patch that says it', () => {
  fc.assert(fc.property(trees, trees, (before, after) => {
    const text = jsonText(after)
    assert.deepEqual(parseJson(text), after)
    assert.deepEqual(parseJson(jsonText(after, 2)), after)
    assert.deepEqual(decodeYaml(encodeYaml(after)), after)
    const replaced = [{ op: 'add', path: '/x', value: after }, { op: 'test', path: '/x', value: parseJson(text) }, { op: 'copy', from: '/x', path: '/y' }]
    assert.deepEqual(applyJsonPatch(freezeJson(before), replaced), { ...before, x: after, y: after })
    const merged = applyMergePatch(before, freezeJson({ x: after }))
    assert.deepEqual(applyMergePatch(parseJson(jsonText(merged)), parseJson(jsonText({ x: after }))), merged)
  }), { numRuns: 300 })
})
