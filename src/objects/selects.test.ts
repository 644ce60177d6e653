import assert from 'node:assert/strict'
import { test } from 'node:test'
import { selects } from './selects.ts'

type Selector = Parameters<typeof selects>[0]

test('what a selector chooses', () => {
  const expression = (key: string, operator: string, values?: string[]): Selector => ({ matchExpressions: [{ key, operator, ...(values === undefined ? {} : { values }) }] })
  const table: [Selector, Record<string, string> | undefined, boolean][] = [
    [undefined, { a: 'b' }, false], [{}, undefined, true], [{ matchLabels: { a: 'b' } }, { a: 'b', c: 'd' }, true], [{ matchLabels: { a: 'b' } }, undefined, false],
    [expression('a', 'In', ['b', 'c']), { a: 'c' }, true], [expression('a', 'In', ['b']), {}, false],
    [expression('a', 'NotIn', ['b']), {}, true], [expression('a', 'NotIn', ['b']), { a: 'b' }, false],
    [expression('a', 'Exists'), { a: '' }, true], [expression('a', 'DoesNotExist'), { a: '' }, false],
    // What JavaScript objects have of their own is no label.
    [expression('constructor', 'Exists'), {}, false], [expression('toString', 'DoesNotExist'), {}, true], [expression('constructor', 'Exists'), { constructor: 'x' }, true],
  ]
  for (const [selector, labels, expected] of table) assert.equal(selects(selector, labels), expected, JSON.stringify([selector, labels]))
})
