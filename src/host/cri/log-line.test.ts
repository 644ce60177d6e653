import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseLogLine } from './log-line.ts'

test('lines of a log file', () => {
  const check = (line: string, expected: readonly [string, string, boolean, string] | undefined): void => {
    const parsed = parseLogLine(Buffer.from(line))
    assert.deepEqual(parsed && [parsed.time, parsed.stream, parsed.partial, parsed.content.toString()], expected, line)
  }
  check('2026-11-23T05:14:26.1Z stdout F hello world', ['2026-11-23T05:14:26.1Z', 'stdout', false, 'hello world'])
  check('T stderr P no end', ['T', 'stderr', true, 'no end'])
  check('T stdout F ', ['T', 'stdout', false, ''])
  check('T stdout F', ['T', 'stdout', false, ''])
  check('T stdout P:X more tags', ['T', 'stdout', true, 'more tags'])
  check('T stdin F x', undefined)
  check('T stdout Q x', undefined)
  check('T stdout', undefined)
  check('', undefined)
  check('{"log":"docker\'s format"}', undefined)
})
