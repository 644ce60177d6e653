import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startFailure } from './start-failure.ts'

test('why a part did not start', () => {
  const line = (message: string, error: string): string => `${JSON.stringify({ time: 't', level: 'error', message, error })}\n`
  const table: [string, string | undefined][] = [
    [line('cannot start', 'The data file "x" is empty.'), 'The data file "x" is empty.'],
    [line('cannot start', 'in an earlier life') + line('ready', ''), undefined],
    [`${line('cannot start', 'in an earlier life')}Segmentation fault\n`, undefined],
    ['', undefined],
  ]
  for (const [log, expected] of table) assert.equal(startFailure(log), expected)
})
