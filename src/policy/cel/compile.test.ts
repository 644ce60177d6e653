import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compile } from './compile.ts'
import { createEnvironment, type Environment } from './environment.ts'
import { kubernetesEnvironment } from './kubernetes-environment.ts'
import { standardLibrary } from './library/standard.ts'
import { formatFailure } from './program.ts'
import { formatIssues } from './source.ts'
import { outcome } from './truths.testing.ts'
import { dynType, intType, listType, mapType, stringType } from './types.ts'

const environment = kubernetesEnvironment({
  version: '1.32',
  variables: { self: mapType(stringType, dynType), count: intType, names: listType(stringType), data: dynType },
})

/** The picture of what is wrong, as a user sees it. */
function picture(text: string, within: Environment = environment): string {
  const compiled = compile(within, text)
  return compiled.ok ? 'compiles' : formatIssues(text, compiled.issues)
}

function lines(...all: readonly string[]): string {
  return all.join('\n')
}

test('an issue points to its place', () => {
  assert.equal(picture('count + nope > 3'), lines(
    "ERROR: <input>:1:9: undeclared reference to 'nope' (in container '')",
    ' | count + nope > 3',
    ' | ........^',
  ))
  assert.equal(picture("count + 'a'"), lines(
    "ERROR: <input>:1:7: found no matching overload for '_+_' applied to '(int, string)'",
    " | count + 'a'",
    ' | ......^',
  ))
  assert.equal(picture('count > 0 &&\n  names.size() > count.size()'), lines(
    "ERROR: <input>:2:28: found no matching overload for 'size' applied to 'int.()'",
    ' |   names.size() > count.size()',
    ' | ...........................^',
  ))
})

test('every issue of a checked expression is told, in the order of the text', () => {
  assert.equal(picture('a + b'), lines(
    "ERROR: <input>:1:1: undeclared reference to 'a' (in container '')",
    ' | a + b',
    ' | ^',
    "ERROR: <input>:1:5: undeclared reference to 'b' (in container '')",
    ' | a + b',
    ' | ....^',
  ))
})

test('columns count code points, and positions are offsets of the text', () => {
  const text = "'\u{1F600}\u{1F600}' + nope"
  const compiled = compile(environment, text)
  assert.deepEqual(compiled.ok ? [] : compiled.issues.map(({ line, column, offset }) => ({ line, column, offset })), [{ line: 1, column: 8, offset: 9 }])
})

test('syntax', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /1:1: Syntax error: mismatched input '<EOF>' expecting {'\[', '{', '\(', .*, STRING, BYTES, IDENTIFIER}/],
    ['1 2', /1:3: Syntax error: extraneous input '2' expecting <EOF>/],
    ['1 2 3', /1:3: Syntax error: mismatched input '2' expecting <EOF>/],
    ['1 +', /1:4: Syntax error: mismatched input '<EOF>'/],
    ['(1', /1:3: Syntax error: mismatched input '<EOF>' expecting '\)'/],
    ['1 + $', /1:5: Syntax error: token recognition error at: '\$'/],
    ['a | b', /1:3: Syntax error: token recognition error at: '\|'/],
    ["'abc", /1:1: Syntax error: token recognition error/],
    ['9223372036854775808', /1:1: invalid int literal/],
    ['18446744073709551616u', /1:1: invalid uint literal/],
    ['1e999', /1:1: invalid double literal/],
    ["'\\q'", /1:1: invalid string literal/],
    ["b'\\u0041'", /1:1: invalid bytes literal/],
    ['has(count)', /1:5: invalid argument to has\(\) macro/],
    ['names.all(a.b, true)', /1:12: argument must be a simple name/],
    ['names.map(1, 2)', /1:11: argument is not an identifier/],
    ['names.all(@result, true)', /token recognition error at: '@'/],
    ['for + 1', /1:1: reserved identifier: for/],
    ['count{}', /'int' is not a type/],
    ['int{}', /'int' is not a message type/],
    ['Nope{}', /1:5: undeclared reference to 'Nope'/],
    ['count.x', /1:6: type 'int' does not support field selection/],
    ['count.all(x, true)', /expression of type 'int' cannot be range of a comprehension/],
    ['names.all(x, x)', /1:10: found no matching overload for '_&&_' applied to '\(bool, string\)'/],
    ["{'a': 1, 'b': 'c'}", /expected type 'int' but found 'string'/],
  ]
  for (const [text, message] of cases) assert.match(picture(text), message, text)
})

test('optional syntax belongs to a library', () => {
  const plain = createEnvironment({ libraries: [standardLibrary], variables: { data: dynType } })
  assert.match(picture('data.?a', plain), /1:5: unsupported syntax '\.\?'/)
  assert.match(picture('data[?0]', plain), /1:5: unsupported syntax '\[\?'/)
  assert.match(picture('{?1: data}', plain), /1:2: unsupported syntax '\?'/)
  assert.match(picture('data.`a-b`', plain), /unsupported syntax: '`'/)
})

test('containers and abbreviations give names a home', () => {
  const within = createEnvironment({
    libraries: [standardLibrary],
    container: 'acme.v1',
    abbreviations: { Limit: 'other.limits.Limit' },
    variables: { 'acme.v1.size_limit': intType, 'acme.top': intType, 'other.limits.Limit': intType, top: stringType },
  })
  const input = { 'acme.v1.size_limit': 7, 'acme.top': 8, 'other.limits.Limit': 9, top: 'root' }
  assert.equal(outcome(within, 'size_limit', input), 7)
  assert.equal(outcome(within, 'top', input), 8)
  assert.equal(outcome(within, '.top', input), 'root')
  assert.equal(outcome(within, 'Limit', input), 9)
  assert.match(picture('nope', within), /undeclared reference to 'nope' \(in container 'acme.v1'\)/)
})

test('a failed evaluation points to its place too', () => {
  const text = 'count > 0 && self.spec.replicas > 1'
  const compiled = compile(environment, text)
  assert.ok(compiled.ok)
  const result = compiled.program.evaluate({ count: 1, self: { spec: {} } })
  assert.equal(result.ok ? '' : formatFailure(text, result.error), lines(
    'ERROR: <input>:1:23: no such key: replicas',
    ' | count > 0 && self.spec.replicas > 1',
    ' | ......................^',
  ))
})

test('a checked program tells its type', () => {
  const types: readonly (readonly [string, string])[] = [['1 + 2', 'int'], ['names', 'list'], ["'a' + 'b'", 'string'], ['self.x', 'dyn'], ['names.map(n, size(n))', 'list'], ['1 > 2', 'bool']]
  for (const [text, kind] of types) {
    const compiled = compile(environment, text)
    assert.equal(compiled.ok ? compiled.program.type.kind : '', kind, text)
  }
})

test('plain JSON goes in: whole numbers are ints where no schema says otherwise', () => {
  const cases: readonly (readonly [string, unknown, unknown])[] = [
    ['data.a == 1', { a: 1 }, true],
    ['type(data.a) == int', { a: 1 }, true],
    ['type(data.a) == double', { a: 1.5 }, true],
    ['data.a.b[1]', { a: { b: [1, 2] } }, 2],
    ['data == {"a": [dyn(1), 2.5, "x", true, null]}', { a: [1, 2.5, 'x', true, null] }, true],
    ['data.map(k, k)', { a: 1, b: 2 }, ['a', 'b']],
    ['has(data.kind) && data.kind == "list"', { kind: 'list' }, true],
    ['"constructor" in data || "__proto__" in data', {}, false],
    ['data.size()', { a: undefined, b: 1 }, 1],
  ]
  for (const [text, data, expected] of cases) assert.deepEqual(outcome(environment, text, { data }), expected, text)
})

test('errors are values: logic needs only what decides', () => {
  const cases: readonly (readonly [string, unknown])[] = [
    ['1 / 0 > 1 || true', true],
    ['true || 1 / 0 > 1', true],
    ['1 / 0 > 1 && false', false],
    ['1 / 0 > 1 || false', 'error: division by zero'],
    ['[1, 0].exists(x, 4 / x == 4)', true],
    ['[0, 1].exists(x, 4 / x == 4)', true],
    ['[0, 2].all(x, 4 / x == 4)', false],
    ['[0, 1].all(x, 4 / x == 4)', 'error: division by zero'],
    ['[0, 1].exists_one(x, 4 / x == 4)', 'error: division by zero'],
    ['true ? 1 : 1 / 0', 1],
    ['data.missing ? 1 : 2', 'error: no such key: missing'],
    ['data.size ? 1 : 2', 'error: no such overload'],
    ['has(data.size.unit)', false],
    ['data.size.unit', 'error: no such key: unit'],
    ['data.size.?unit.hasValue()', false],
    ["dyn([1])['a']", "error: unsupported index type 'string' in list"],
    ['dyn([1])[1.5]', 'error: unsupported index value 1.5 in list'],
    ['9223372036854775807 + 1', 'error: integer overflow'],
    ['-9223372036854775808 / -1', 'error: integer overflow'],
    ['0u - 1u', 'error: unsigned integer overflow'],
    ['[1][1]', 'error: index out of bounds: 1'],
    ['{"a": 1}["b"]', 'error: no such key: b'],
    ["{'a': 1, 'a': 2}", 'error: Failed with repeated key: a'],
    ["int('x')", "error: type conversion error from 'string' to 'int'"],
    ['count', 'error: no such attribute(s): count'],
  ]
  for (const [text, expected] of cases) assert.deepEqual(outcome(environment, text, { data: { size: 1 } }), expected, text)
})
