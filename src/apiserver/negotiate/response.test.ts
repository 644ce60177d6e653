import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withWarnings } from './response.ts'

function header(warnings: readonly string[]): string | undefined {
  const response = withWarnings({ type: 'whole', status: 200, headers: {}, body: [] }, warnings)
  return response.type === 'whole' ? response.headers['warning'] : undefined
}

test('warnings become headers that kubectl can print', () => {
  const table: [readonly string[], string | undefined][] = [
    [[], undefined],
    [['', 'a', 'a', 'b'], '299 - "a", 299 - "b"'],
    [[''], undefined],
    [['say "no" \\ or'], '299 - "say \\"no\\" \\\\ or"'],
    [['two\r\nlines'], '299 - "two lines"'],
    // UTF-8, a character for each byte.
    [['grün'], '299 - "gr\u00c3\u00bcn"'],
    // All of them whole as long as all fit.
    [['x'.repeat(4096)], `299 - "${'x'.repeat(4096)}"`],
    [['x'.repeat(4096), 'y'], `299 - "${'x'.repeat(256)}", 299 - "y"`],
    [Array.from({ length: 30 }, (_, index) => `w${index}`), Array.from({ length: 30 }, (_, index) => `299 - "w${index}"`).join(', ')],
  ]
  for (const [warnings, expected] of table) assert.equal(header(warnings), expected)
  const many = header(Array.from({ length: 30 }, (_, index) => `${String(index).padStart(2, '0')}${'z'.repeat(400)}`)) ?? ''
  assert.equal(many.split(', ').length, 16)
})
