import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compile } from './compile.ts'
import { createEnvironment } from './environment.ts'
import { kubernetesEnvironment } from './kubernetes-environment.ts'
import { bindingsLibrary } from './library/bindings.ts'
import { listsLibrary } from './library/lists.ts'
import { optionalTypesLibrary } from './library/optional-types.ts'
import { standardLibrary } from './library/standard.ts'
import { stringsLibrary } from './library/strings.ts'
import { formatIssues } from './source.ts'
import { outcome } from './truths.testing.ts'
import { boolType, dynType, intType, listType, mapType, stringType } from './types.ts'

const environment = kubernetesEnvironment({ version: '1.32', variables: { self: dynType, text: stringType } })
const wide = createEnvironment({
  libraries: [standardLibrary, bindingsLibrary, stringsLibrary, listsLibrary, optionalTypesLibrary],
  variables: { text: stringType },
})

/** Bounds are generous: the machine may be busy. What would be a hang takes minutes. */
const SOON_MS = 3000

function soon<T>(run: () => T): T {
  const start = performance.now()
  const result = run()
  assert.ok(performance.now() - start < SOON_MS, `took ${performance.now() - start} ms`)
  return result
}

test('what is written too deep or too long is refused', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['('.repeat(1000) + '1' + ')'.repeat(1000), /expression recursion limit exceeded: 250/],
    ['['.repeat(300) + ']'.repeat(300), /expression recursion limit exceeded: 250/],
    [`self${'.a'.repeat(5000)}`, /expression nests deeper than 800 levels/],
    [`1${' + 1'.repeat(5000)}`, /expression nests deeper than 800 levels/],
    [`self${'[0]'.repeat(5000)}`, /expression nests deeper than 800 levels/],
    ['true ? 1 : '.repeat(300) + '1', /expression recursion limit exceeded: 250/],
    [`'${'x'.repeat(200_000)}'`, /expression code point size exceeds limit: size: 200002, limit 100000/],
    [`${'!'.repeat(99_000)}(`, /Syntax error/],
  ]
  for (const [text, message] of cases) assert.match(String(soon(() => outcome(environment, text))), message)
})

test('what is as deep as it may be can be evaluated', () => {
  const folds = (depth: number): string => (depth === 0 ? 'true' : `[1].all(x${depth}, ${folds(depth - 1)})`)
  assert.equal(outcome(environment, folds(200)), true)
  assert.equal(outcome(environment, `1${' + 1'.repeat(780)}`), 781)
  assert.equal(outcome(environment, `${'('.repeat(240)}1${')'.repeat(240)}`), 1)
  assert.equal(outcome(environment, `size(${'['.repeat(240)}${']'.repeat(240)})`), 1)
  assert.equal(outcome(environment, 'true ? 1 : '.repeat(240) + '1'), 1)
})

test('data that nests too deep ends the evaluation, not the process', () => {
  const deep = (levels: number): unknown => Array.from({ length: levels }).reduce<unknown>((inner) => ({ a: inner }), 1)
  assert.equal(outcome(environment, 'self[0] == self[1]', { self: [deep(500), deep(500)] }), true)
  assert.equal(outcome(environment, 'self[0] == self[1]', { self: [deep(200_000), deep(200_000)] }), 'error: operation cancelled: data nests too deep or a value is too large')
})

test('what is only long is fine', () => {
  assert.equal(soon(() => outcome(environment, `false${' || false'.repeat(8000)}`)), false)
  assert.equal(soon(() => outcome(environment, `size([${'1, '.repeat(20_000)}1])`)), 20_001)
  assert.equal(soon(() => outcome(environment, `${'-'.repeat(50_000)}1`)), 1)
  assert.match(String(soon(() => outcome(environment, '9'.repeat(90_000)))), /invalid int literal/)
})

test('nested folds end at the cost limit', () => {
  const self = Array.from({ length: 1000 }, (_, index) => index)
  for (const text of [
    'self.all(a, self.all(b, self.all(c, a + b + c >= 0)))',
    'self.map(a, self.map(b, self.map(c, [a, b, c]))).size() > 0',
    'self.filter(a, self.exists_one(b, self.exists(c, c == a + b))).size() >= 0',
    'self.exists(a, self.all(b, self.transformMap(i, c, c).size() > 0) && false)',
  ]) assert.equal(soon(() => outcome(environment, text, { self })), 'error: operation cancelled: actual cost limit exceeded', text)
})

test('small expressions do not make large values', () => {
  const doubled = (start: string, times: number): string =>
    Array.from({ length: times }, (_, index) => `cel.bind(v${index + 1}, v${index} + v${index}, `).reduce((all, bind) => all + bind, `cel.bind(v0, ${start}, `) + `v${times}${')'.repeat(times + 1)}.size()`
  assert.match(String(soon(() => outcome(wide, doubled("'aaaaaaaa'", 40)))), /error: (operation cancelled|result too large)/)
  assert.match(String(soon(() => outcome(wide, doubled('[1, 2, 3, 4]', 40)))), /error: operation cancelled: too much data/)
  assert.match(String(soon(() => outcome(wide, "text.replace('', text).replace('', text)", { text: 'x'.repeat(10_000) }))), /error: (operation cancelled|result too large)/)
  assert.match(String(soon(() => outcome(wide, "'%s'.format([text.split('').map(c, text)])", { text: 'x'.repeat(20_000) }))), /error: (operation cancelled|result too large)/)
  assert.match(String(soon(() => outcome(wide, "'%.999999f'.format([1.0])"))), /error: could not parse formatting clause: precision 999999/)
  assert.match(String(soon(() => outcome(wide, 'lists.range(1000000000)'))), /error: (operation cancelled|lists.range)/)
  assert.match(String(soon(() => outcome(wide, "text.split('').map(c, text).join(text)", { text: 'x'.repeat(5000) }))), /error: (operation cancelled|result too large)/)
})

test('cheap calls on large data are watched', () => {
  const text = 'x\u{1F600}'.repeat(500_000)
  assert.match(String(soon(() => outcome(environment, "[1, 2, 3, 4, 5, 6, 7, 8, 9].all(a, [1, 2, 3, 4, 5, 6, 7, 8, 9].all(b, [1, 2, 3, 4, 5, 6, 7, 8, 9].all(c, text.charAt(900000) != '')))", { text }))), /error: operation cancelled/)
  const self = [Array.from({ length: 300_000 }, () => 'x'), Array.from({ length: 300_000 }, () => 'x')]
  assert.match(String(soon(() => outcome(environment, '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].all(a, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].all(b, [self[0]] == [self[1]]))', { self }))), /error: operation cancelled: too much data/)
})

test('regular expressions take linear time', () => {
  const text = `${'a'.repeat(50_000)}!`
  assert.equal(soon(() => outcome(environment, "text.matches('^(a+)+$')", { text })), false)
  assert.equal(soon(() => outcome(environment, "text.matches('^(a|a)*$')", { text })), false)
  assert.match(String(soon(() => outcome(environment, "text.matches('((a{1000}){1000}){1000}')", { text }))), /issue: invalid matches argument/)
  assert.match(String(soon(() => outcome(environment, `text.matches('${'(a|b)'.repeat(3000)}')`, { text }))), /issue: invalid matches argument: regular expression too long/)
})

test('pictures of issues stay small', () => {
  const text = Array.from({ length: 12_000 }, (_, index) => `x${index}`).join('+').slice(0, 50_000).replace(/\+[^+]*$/, '')
  const wide = `[${text.replaceAll('+', ',')}]`
  const compiled = soon(() => compile(environment, wide))
  assert.ok(!compiled.ok)
  assert.equal(compiled.issues.length, 100)
  assert.ok(formatIssues(wide, compiled.issues).length < 120_000)
})

test('names of JavaScript mean nothing', () => {
  for (const text of ['self.constructor', 'self.__proto__', "self['toString']", 'self.hasOwnProperty']) {
    assert.match(String(outcome(environment, text, { self: {} })), /error: no such key/)
  }
  assert.match(String(outcome(environment, 'toString')), /undeclared reference to 'toString'/)
  assert.match(String(outcome(environment, 'constructor()')), /undeclared reference to 'constructor'/)
  assert.match(String(outcome(environment, "'%s'.format([self])", { self: { __proto__: null, a: 1 } })), /\{a: 1\}/)
})

const typed = createEnvironment({
  libraries: [standardLibrary, stringsLibrary, listsLibrary],
  variables: { i: intType, s: stringType, b: boolType, l: listType(intType), m: mapType(stringType, intType) },
  homogeneousLiterals: true,
})
const atoms = fc.constantFrom('i', 's', 'b', 'l', 'm', '1', '-3', "'x'", "''", 'true', '2.5', '7u', '[1, 2]', "{'a': 1}", "duration('1s')", "timestamp('2026-01-01T00:00:00Z')", "b'ab'")
const { expression } = fc.letrec<{ expression: string }>((tie) => {
  const inner = tie('expression')
  const form = (template: string): fc.Arbitrary<string> => fc.tuple(inner, inner, inner).map(([x, y, z]) => template.replaceAll('$1', x).replaceAll('$2', y).replaceAll('$3', z))
  return {
    expression: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      atoms,
      ...[
        '($1 + $2)', '($1 - $2)', '($1 * $2)', '($1 / $2)', '($1 % $2)', '($1 == $2)', '($1 < $2)', '($1 >= $2)', '($1 && $2)', '($1 || $2)', '!($1)', '-($1)',
        '($1 ? $2 : $3)', '($1 in $2)', '($1)[$2]', 'size($1)', 'string($1)', 'int($1)', 'double($1)', 'uint($1)', 'bytes($1)', 'type($1) == type($2)',
        'l.map(x, $1)', '[$1].filter(x, $2)', '[$1].all(x, x == $2)', '[$1].exists(x, $2)', '($1).startsWith($2)', '($1).split($2)', '($1).substring($2)', '($1).join($2)',
        'm.map(k, m[k])', '[$1, $2]', '{$1: $2}', '($1).sort()', '($1).distinct()', '($1).slice($2, $3)', '($1).reverse()', '($1).flatten()', '($1).getHours()', '($1).matches($2)',
      ].map(form),
    ),
  }
})

test('a checked expression never ends in "no such overload", and never throws', () => {
  const input = { i: 3, s: 'abc', b: true, l: [1, 2, 3], m: { a: 1 } }
  let evaluated = 0
  fc.assert(fc.property(expression, (text) => {
    const compiled = compile(typed, text)
    if (!compiled.ok) return
    const result = compiled.program.evaluate(input)
    evaluated++
    if (!result.ok) assert.notEqual(result.error.message, 'no such overload', text)
  }), { numRuns: 1500 })
  assert.ok(evaluated > 60, `only ${evaluated} of the expressions were well typed`)
})

test('no text makes the parser throw', () => {
  const piece = fc.constantFrom('a', '.', '?', '[', ']', '(', ')', '{', '}', ',', ':', '1', '1u', '.5', "'x'", "'", '"""', 'b"', 'r\'', '\\', '&&', '||', '!', '-', '+', 'in', 'has', 'all', 'null', 'true', '`', '//', '\n', ' ', '\u{1F600}', '@', '0x', 'e5')
  fc.assert(fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
    const text = pieces.join('')
    const compiled = compile(environment, text)
    if (compiled.ok) compiled.program.evaluate({ self: {}, text: '' })
  }), { numRuns: 2000 })
})

test('patterns that come with the data are compiled for as long as an evaluation may take, and one only once', () => {
  const large = Array.from({ length: 3_000 }, (_, index) => `^\\pL{0,999}x${index}$`)
  const stopped = 'error: operation cancelled: too much data to compare or copy'
  for (const call of ['"a".matches(p)', 'matches("a", p)', '"a".find(p) != ""', 'size("a".findAll(p)) > 0', 'size("a".findAll(p, 1)) > 0']) {
    assert.equal(soon(() => outcome(environment, `self.exists(p, ${call})`, { self: large })), stopped, call)
  }
  assert.equal(soon(() => outcome(environment, 'self.all(x, !x.matches(text))', { self: large, text: '^\\pL{0,999}y$' })), true)
  const other = 'self.all(i, !"a".matches(i == 1 ? text : text + "!"))'
  assert.equal(soon(() => outcome(environment, other, { self: large.map((_, index) => BigInt(index % 2)), text: '^\\pL{0,999}y$' })), stopped)
  assert.equal(outcome(environment, 'self.map(p, "a".matches(p)) == [true, false, true]', { self: ['a', '^b', 'a'] }), true)
  for (const bomb of ['(?:a{999}){1,900}', 'a{999}'.repeat(900)]) {
    assert.match(String(soon(() => outcome(environment, '"a".matches(text)', { text: bomb }))), /expression too large|invalid repeat count/)
    assert.match(String(soon(() => outcome(environment, `"a".matches("${bomb}")`))), /expression too large|invalid repeat count/)
  }
})
