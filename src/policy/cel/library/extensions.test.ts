import { test } from 'node:test'
import { createEnvironment } from '../environment.ts'
import { assertErrors, assertTruths } from '../truths.testing.ts'
import { bindingsLibrary } from './bindings.ts'
import { encodersLibrary } from './encoders.ts'
import { listsLibrary } from './lists.ts'
import { mathLibrary } from './math.ts'
import { optionalTypesLibrary } from './optional-types.ts'
import { standardLibrary } from './standard.ts'
import { stringsLibrary } from './strings.ts'

const environment = createEnvironment({
  libraries: [standardLibrary, bindingsLibrary, encodersLibrary, listsLibrary, mathLibrary, optionalTypesLibrary, stringsLibrary],
})

test('lists', () => {
  assertTruths(environment, [
    '[1, 2, 3, 4].slice(1, 3) == [2, 3]', '[1, 2].slice(2, 2) == []', '[[1], [2, [3]]].flatten() == [1, 2, [3]]', '[1, [2, [3]]].flatten(2) == [1, 2, 3]',
    '[3, 1, 2].sort() == [1, 2, 3]', "['b', 'a'].sort() == ['a', 'b']", "[{'n': 2}, {'n': 1}].sortBy(e, e.n) == [{'n': 1}, {'n': 2}]",
    '[1, 2, 2, 1.0].distinct() == [1, 2]', '[[1], [1], [2]].distinct() == [[1], [2]]', 'lists.range(3) == [0, 1, 2]', '[1, 2].reverse() == [2, 1]',
    '[1, 2].first().value() == 1', '[1, 2].last().value() == 2', '![].first().hasValue()',
  ])
  assertErrors(environment, [
    ['[1].slice(0, 2)', /error: cannot slice\(0, 2\), list is length 1/],
    ['[1].slice(-1, 1)', /error: cannot slice\(-1, 1\), negative indexes not supported/],
    ["[dyn(1), 'a'].sort()", /error: list elements must have the same type and be comparable/],
    ['lists.range(-1)', /error: lists.range: -1 is not between/],
  ])
})

test('bindings, encoders and mathematics', () => {
  assertTruths(environment, [
    'cel.bind(x, 2, x * x) == 4', "cel.bind(a, 'x', cel.bind(b, a + a, b + a)) == 'xxx'", 'cel.bind(x, 1 / 0, true || x == 1)',
    "base64.decode(base64.encode(b'hello')) == b'hello'", "base64.decode('aGk') == b'hi'",
    'math.greatest(1, 2.5, 2u) == 2.5', 'math.least([3, 1, 2]) == 1', 'math.round(-1.5) == -2.0', 'math.sqrt(9) == 3.0', 'math.bitShiftRight(-1, 63) == 1',
  ])
  assertErrors(environment, [
    ["base64.decode('!')", /error: illegal base64 data/],
    ['math.greatest()', /issue: math.greatest\(\) requires at least one argument/],
    ["math.least('a', 1)", /issue: math.least\(\) simple literal arguments must be numeric/],
  ])
})

test('texts count code points', () => {
  assertTruths(environment, [
    "'a\u{1F600}b'.size() == 3", "'a\u{1F600}b'.charAt(1) == '\u{1F600}'", "'a\u{1F600}b'.charAt(3) == ''", "'a\u{1F600}b'.indexOf('b') == 2", "'a\u{1F600}b'.substring(1, 2) == '\u{1F600}'",
    "'a\u{1F600}b'.reverse() == 'b\u{1F600}a'", "'a\u{1F600}b'.lastIndexOf('b', 2) == 2", "'\u{1F600}' > '\uff5e'", "'a\u{1F600}'.split('') == ['a', '\u{1F600}']",
    "'a\u{1F600}'.replace('', '-') == '-a-\u{1F600}-'", "b'\u00e9'.size() == 2", "strings.quote('a\"b\\n') == '\"a\\\\\"b\\\\n\"'",
  ])
  assertErrors(environment, [["'a'.charAt(2)", /error: index out of range: 2/], ["'abc'.substring(2, 1)", /error: invalid substring range. start: 2, end: 1/]])
})

test('times', () => {
  assertTruths(environment, [
    "timestamp('2009-02-13T23:31:30Z').getHours('-08:00') == 15", "timestamp('2009-02-13T23:31:30Z').getHours('Europe/Berlin') == 0", "timestamp('2024-02-29T00:00:00Z').getDayOfYear() == 59",
    "timestamp('0001-01-01T00:00:00Z').getFullYear() == 1", "string(timestamp('2026-01-01T00:00:00.120Z')) == '2026-01-01T00:00:00.12Z'", "string(duration('1h30m0.5s')) == '5400.5s'",
    "duration('1h') + duration('30m') == duration('90m')", "timestamp('2026-01-02T00:00:00Z') - timestamp('2026-01-01T00:00:00Z') == duration('24h')", "duration('-1.5s').getMilliseconds() == -1500",
    "int(timestamp('1969-12-31T23:59:59.5Z')) == -1", "timestamp(0) == timestamp('1970-01-01T00:00:00Z')",
  ])
  assertErrors(environment, [
    ["timestamp('2026-02-30T00:00:00Z')", /error: invalid RFC3339 timestamp/],
    ["timestamp('9999-12-31T23:59:59Z') + duration('1s')", /error: timestamp overflow/],
    ["timestamp('2026-01-01T00:00:00Z').getHours('Nowhere/Land')", /error: unknown time zone Nowhere\/Land/],
    ["duration('1')", /error: invalid duration/],
  ])
})
