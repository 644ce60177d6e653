import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RE2JS } from 're2js'
import { patternSize } from './pattern-size.ts'

test('the size of a pattern is about that of its program', () => {
  const patterns = [
    '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', 'a{0,999}', '(a{10}){10}', '((ab|c){2,30}x){20}', '\\pL{0,50}', '\\p{Greek}{0,50}', '[]{3}a]{40}', '[[:alpha:]}]{40}', '\\Qa{9}\\E', '(?:x{7,}|\\{3\\}){9}',
    '(?i)abc{50}', '\\x{10FFFF}{30}', '(a|b)'.repeat(50),
  ]
  for (const pattern of patterns) {
    const compiled = RE2JS.compile(pattern).programSize()
    const estimated = patternSize(pattern)
    assert.ok(estimated > compiled / 4 && estimated < compiled * 2 + 5, `${pattern}: ${estimated} for ${compiled}`)
  }
})

test('what is no pattern has a size too, at once', () => {
  for (const text of ['(((', ')))', '[', 'a{1', '{5}{5}', '\\', '\\Q', '['.repeat(50_000), '(' .repeat(50_000), '\\Q'.repeat(50_000), 'a{'.repeat(50_000), '\\p{'.repeat(5_000)]) {
    const start = performance.now()
    assert.ok(patternSize(text) <= 2 * text.length)
    assert.ok(performance.now() - start < 2_000, `${text.slice(0, 10)} took ${performance.now() - start} ms`)
  }
})
