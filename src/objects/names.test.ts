import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  configKeyErrors, dns1035LabelErrors, dnsLabelErrors, dnsSubdomainErrors, envVarNameErrors, httpHeaderNameErrors,
  labelValueErrors,
  nameErrors, pathSegmentErrors, qualifiedNameErrors,
} from './names.ts'

const SUBDOMAIN = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an "
  + "alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const LABEL = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric "
  + "character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const QUALIFIED = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
  + "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"

const rules: [rule: (value: string) => string[], good: string[], bad: [string, string[]][]][] = [
  [dnsSubdomainErrors, ['a', 'a.b', 'a-b.c-d', '0', 'x'.repeat(253)], [
    ['', [SUBDOMAIN]], ['A', [SUBDOMAIN]], ['a..b', [SUBDOMAIN]], ['a.-b', [SUBDOMAIN]], ['a-.b', [SUBDOMAIN]], ['.a', [SUBDOMAIN]],
    ['a_b', [SUBDOMAIN]], ['a\n', [SUBDOMAIN]],
    ['x'.repeat(254), ['must be no more than 253 bytes']],
  ]],
  [dnsLabelErrors, ['a', 'a-b', '0'],
    [['a.b', ['must not contain dots']], ['-a', [LABEL]], ['x'.repeat(64), ['must be no more than 63 bytes']]]],
  [qualifiedNameErrors, ['a', 'A_b.c', 'example.com/Name', '0'], [
    ['', [`name part must be non-empty`, `name part ${QUALIFIED}`]],
    ['/a', ['prefix part must be non-empty']],
    ['A/b', [`prefix part ${SUBDOMAIN}`]],
    ['a/b/c', [`a qualified name ${QUALIFIED} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`]],
    ['x'.repeat(64), ['name part must be no more than 63 bytes']],
    ['ä'.repeat(32), ['name part must be no more than 63 bytes', `name part ${QUALIFIED}`]],
  ]],
  [pathSegmentErrors, ['a:b', 'system:x', '...'], [['.', ["may not be '.'"]], ['a/b%', ["may not contain '/'", "may not contain '%'"]]]],
  [envVarNameErrors, ['A', 'a b', '1'],
    [['', ['must be non-empty']], ['a=b', ["a valid environment variable name must consist only of printable ASCII characters other than '='"]]]],
]

test('names: good ones have no errors, bad ones have upstream words', () => {
  for (const [rule, good, bad] of rules) {
    for (const value of good) assert.deepEqual(rule(value), [], value)
    for (const [value, errors] of bad) assert.deepEqual(rule(value), errors, value)
  }
})

test('names: other rules accept and refuse', () => {
  const table: [rule: (value: string) => string[], good: string, bad: string][] = [
    [dns1035LabelErrors, 'a-1', '1-a'], [labelValueErrors, '', '-'],
    [configKeyErrors, '.a_B', '..'], [configKeyErrors, 'a', '..a'], [configKeyErrors, 'a', ''],
    [httpHeaderNameErrors, 'X-A', 'X_A'],
  ]
  for (const [rule, good, bad] of table) {
    assert.deepEqual(rule(good), [])
    assert.equal(rule(bad).length, 1, bad)
  }
})

test('generateName may end in a dash', () => {
  assert.deepEqual(nameErrors('dns-subdomain', 'web-', { asPrefix: true }), [])
  assert.equal(nameErrors('dns-subdomain', 'web-').length, 1)
  assert.equal(nameErrors('dns-label', 'Web-', { asPrefix: true }).length, 1)
})

test('names: a long wrong name costs linear time', () => {
  const started = process.hrtime.bigint()
  for (const rule of [dnsSubdomainErrors, dnsLabelErrors, qualifiedNameErrors, labelValueErrors]) rule(`${'a-'.repeat(500_000)}!`)
  assert.ok(process.hrtime.bigint() - started < 1_000_000_000n)
})
