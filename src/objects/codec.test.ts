import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { textOf, utf8 } from '../words/bytes.ts'
import { decodeJson, duplicateFields } from './codec-json.ts'
import { decodeYaml, decodeYamlStream, encodeYaml } from './codec-yaml.ts'
import { scanJson } from './json-scanner.ts'
import { badRequestOf } from './refusal.testing.ts'

test('JSON: what is wrong and where, never the content', () => {
  const table: [string, string][] = [
    ['', 'json parse error: unexpected end at line 1, column 1'],
    ['{"a": secret}', 'json parse error: unexpected character where a value should begin at line 1, column 7'],
    ['{"a":\n 1 "b"}', "json parse error: expected ',' or '}' at line 2, column 4"],
    ['{"a" 1}', "json parse error: expected ':' after the key at line 1, column 6"],
    ['[1,]', 'json parse error: unexpected character where a value should begin at line 1, column 4'],
    ['{a:1}', 'json parse error: unexpected character where a key should begin at line 1, column 2'],
    ['1 2', 'json parse error: unexpected text after the value at line 1, column 3'],
    ['"abc', 'json parse error: a string does not end at line 1, column 1'],
    ['"\\x"', 'json parse error: a string has a wrong escape at line 1, column 2'],
    ['{"__proto__": {}}', 'json parse error: the key __proto__ is not supported at line 1, column 2'],
    ['{"\\u005f_proto__": {}}', 'json parse error: the key __proto__ is not supported at line 1, column 2'],
    ['['.repeat(100_000), 'json parse error: more than 1000 levels at line 1, column 1001'],
    [`{"a":${'['.repeat(1200)}${']'.repeat(1200)}}`, 'json parse error: more than 1000 levels at line 1, column 1005'],
  ]
  for (const [text, expected] of table) assert.equal(badRequestOf(() => decodeJson(utf8(text))), expected, text.slice(0, 40))
})

test('JSON: what only looks wrong is read', () => {
  assert.deepEqual(decodeJson(utf8(JSON.stringify({ a: '__proto__', b: '['.repeat(5000) }))), { a: '__proto__', b: '['.repeat(5000) })
})

test('JSON: keys that stand twice', () => {
  const table: [string, string[]][] = [
    ['{"a":1,"b":{"a":1}}', []], ['{"a":1,"a":2}', ['a']],
    ['{"spec":{"x":[{"n":1},{"n":1,"n":2,"\\u006e":3}]}}', ['spec.x[1].n', 'spec.x[1].n']],
  ]
  for (const [text, expected] of table) assert.deepEqual(duplicateFields(utf8(text)), expected)
})

test('property: the scanner accepts what JSON.parse accepts', () => {
  const mangled = fc.tuple(fc.json(), fc.nat(40), fc.constantFrom('', '"', ',', '}', '\\', '1', ' ')).map(([text, at, part]) => text.slice(0, at) + part + text.slice(at + 1))
  fc.assert(fc.property(fc.oneof(fc.json(), mangled, fc.string()), (text) => {
    let valid = true
    try { JSON.parse(text) } catch { valid = false }
    assert.equal(text.includes('__proto__') || scanJson(text, 1000).problem === undefined, valid || text.includes('__proto__'))
  }), { numRuns: 500 })
})

test('YAML: as manifests are written', () => {
  const table: [string, unknown][] = [
    ['a: 0644\nb: yes\nc: "yes"\nd: 0x10\ne: 0o17\nf: 1.5\ng: ~\nh: 12:30\ni: 2026-01-01',
      { a: 420, b: true, c: 'yes', d: 16, e: 15, f: 1.5, g: null, h: '12:30', i: '2026-01-01' }],
    ['{"a": [1, "b"]}', { a: [1, 'b'] }], ['x: &x {a: 1}\ny: {<<: *x, b: 2}', { x: { a: 1 }, y: { a: 1, b: 2 } }], ['', null],
    ['# nothing', null],
  ]
  for (const [text, expected] of table) assert.deepEqual(decodeYaml(utf8(text)), expected, text)
  assert.deepEqual(decodeYamlStream(utf8('---\na: 1\n---\n# nothing\n---\nb: 2\n')), [{ index: 0, value: { a: 1 } }, { index: 1, value: { b: 2 } }])
})

test('YAML: the last of two equal keys, where a client does not want strictness', () => {
  assert.deepEqual(decodeYaml(utf8('a: 1\nb: {c: 1, c: 2}\na: 2'), { duplicateKeys: 'last' }), { a: 2, b: { c: 2 } })
})

test('YAML: refused quickly', () => {
  const laughs = Array.from({ length: 10 }, (_, level) => `l${level}: &l${level} [${Array(9).fill(level === 0 ? 'lol' : `*l${level - 1}`).join(',')}]`).join('\n')
  const table: [string, RegExp][] = [
    [laughs, /^yaml: the document expands to more than|alias/], ['a: &a {b: *a}', /an alias within its own anchor/],
    ['['.repeat(100_000), /nesting exceeded/], ['a: [1\nb: }', /at line 2/],
    ['a: 1\na: 2', /duplicated mapping key at line 2, column 1/], ['__proto__: 1', /__proto__/], ['a: .nan', /no JSON form/],
    ['---\n'.repeat(500_000), /more than 10000 documents/], ['a: !!js/function x', /unknown scalar tag/], ['--- 1\n--- 2', /more than one document/],
  ]
  const started = process.hrtime.bigint()
  for (const [text, expected] of table) assert.match(badRequestOf(() => decodeYaml(utf8(text))), expected)
  assert.ok(process.hrtime.bigint() - started < 2_000_000_000n)
})

test('YAML: written as kubectl writes it, and read back', () => {
  assert.equal(textOf(encodeYaml({ kind: 'X', a: ['x', { b: 1, c: [] }], s: 'yes', n: '123', m: 'a\nb\n', y: '0644' })),
    'a:\n- x\n- b: 1\n  c: []\nkind: X\nm: |\n  a\n  b\n"n": "123"\ns: "yes"\n"y": "0644"\n')
  fc.assert(fc.property(fc.dictionary(fc.string().filter((key) => key !== '__proto__'), fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string())), { noNullPrototype: true }), (value) => {
    assert.deepEqual(decodeYaml(encodeYaml(value)), value)
  }), { numRuns: 200 })
})

test('fuzz: any text is a value or a 400', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[ab:&*!\-[\]{}"' \n#|>%?~,]{0,40}$/))
  fc.assert(fc.property(text, (given) => {
    badRequestOf(() => decodeYamlStream(utf8(given)))
    badRequestOf(() => decodeJson(utf8(given)))
  }), { numRuns: 500 })
})
