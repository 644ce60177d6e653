import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '../../words/status-error.ts'
import { readPoint } from '../storage/resource-version.ts'
import { parseListOptions } from './list-options.ts'

function check(query: string, watch: boolean): string {
  try {
    parseListOptions(new URLSearchParams(query), watch)
    return 'ok'
  } catch (error) {
    assert(error instanceof StatusError)
    return `${error.code} ${error.details?.causes?.map((cause) => `${cause.field}: ${cause.message}`).join(' | ') ?? error.message}`
  }
}

test('combinations of list options that make no sense', () => {
  const table: [string, string][] = [
    ['', 'ok'],
    ['resourceVersion=5&resourceVersionMatch=Exact', 'ok'],
    ['resourceVersion=5&resourceVersionMatch=NotOlderThan&limit=5', 'ok'],
    ['resourceVersionMatch=Exact', '422 resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided'],
    ['resourceVersion=0&resourceVersionMatch=Exact', '422 resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"'],
    ['resourceVersion=5&resourceVersionMatch=Newer', '422 resourceVersionMatch: Unsupported value: "Newer": supported values: "Exact", "NotOlderThan", ""'],
    ['resourceVersion=5&resourceVersionMatch=Exact&continue=abc', '422 resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden when continue is provided'],
    ['sendInitialEvents=true', '422 sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list'],
    ['limit=-1', 'ok'],
    ['limit=9223372036854775807', 'ok'],
    ['limit=92233720368547758080', '400 strconv.ParseInt: parsing "92233720368547758080": value out of range in the parameter limit'],
    ['limit=x', '400 strconv.ParseInt: parsing "x": invalid syntax in the parameter limit'],
  ]
  for (const [query, expected] of table) assert.equal(check(query, false), expected, query)
})

test('combinations of watch options that make no sense', () => {
  const table: [string, string][] = [
    ['resourceVersion=5', 'ok'],
    ['sendInitialEvents=true&resourceVersionMatch=NotOlderThan', 'ok'],
    ['sendInitialEvents=true', '422 resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'],
    ['resourceVersion=5&resourceVersionMatch=NotOlderThan', '422 resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'],
  ]
  for (const [query, expected] of table) assert.equal(check(query, true), expected, query)
})

test('what a read must show', () => {
  const table: [[string, string, number], string][] = [
    [['', '', 0], 'latest'], [['', '', 5], 'latest'], [['0', '', 0], 'any'], [['0', '', 5], 'any'], [['0', 'NotOlderThan', 0], 'any'],
    [['7', '', 0], 'not-older 7'], [['7', '', 5], 'exact 7'], [['7', 'NotOlderThan', 5], 'not-older 7'], [['7', 'Exact', 0], 'exact 7'],
  ]
  for (const [[version, match, limit], expected] of table) {
    const point = readPoint(version, match, limit)
    assert.equal('revision' in point ? `${point.at} ${point.revision}` : point.at, expected)
  }
  assert.throws(() => readPoint('abc', '', 0), /invalid resource version: .*parsing "abc": invalid syntax/)
  assert.throws(() => readPoint('-1', '', 0), /invalid resource version/)
})
