import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ElementLedger } from './element-ledger.ts'
import { changeScript } from './nft-table.ts'
import type { Elements } from './service-elements.ts'

function elements(...texts: readonly string[]): Elements {
  const result: Elements = new Map()
  for (const text of texts) {
    const [container = '', key = '', value = ''] = text.split(' ')
    result.set(container, new Map([...(result.get(container) ?? []), [key, value]]))
  }
  return result
}

test('a story of two Services', () => {
  const ledger = new ElementLedger()
  const steps: [string, Elements, string][] = [
    ['web', elements('one a x', 'hairpin p'), 'add element ip t one { a : x }\nadd element ip t hairpin { p }\n'],
    ['web', elements('one a x', 'hairpin p'), ''],
    ['api', elements('one b y', 'hairpin p'), 'add element ip t one { b : y }\n'],
    ['web', elements('one a z', 'hairpin p'), 'delete element ip t one { a }\nadd element ip t one { a : z }\n'],
    // The pod is behind api still, so its element stays.
    ['web', elements(), 'delete element ip t one { a }\n'],
    ['api', elements(), 'delete element ip t one { b }\ndelete element ip t hairpin { p }\n'],
  ]
  for (const [owner, wanted, expected] of steps) assert.equal(changeScript('t', ledger.set(owner, wanted)), expected)
})

test('an address that two claim belongs to the first, then to the second', () => {
  const ledger = new ElementLedger()
  ledger.set('first', elements('one a x'))
  assert.equal(changeScript('t', ledger.set('second', elements('one a y'))), '')
  assert.equal(changeScript('t', ledger.set('first', elements())), 'delete element ip t one { a }\nadd element ip t one { a : y }\n')
  assert.equal(changeScript('t', ledger.set('second', elements())), 'delete element ip t one { a }\n')
})
