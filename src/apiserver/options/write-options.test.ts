import assert from 'node:assert/strict'
import { test } from 'node:test'
import { managerFromUserAgent } from './write-options.ts'

test('managers from user agents', () => {
  const table: [agent: string | undefined, manager: string][] = [
    ['kubectl/v1.35.0 (linux/amd64)', 'kubectl'], ['helm', 'helm'], ['', 'unknown'], ['/1', 'unknown'], [undefined, 'unknown'],
    [`${'x'.repeat(200)}/1`, 'x'.repeat(128)], ['a b\u0085c\u00a0\u200b\u00e9/2', 'a bc\u00e9'],
  ]
  for (const [agent, manager] of table) assert.equal(managerFromUserAgent(agent), manager)
})
