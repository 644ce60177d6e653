import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../words/manual-clock.testing.ts'
import { silentLog } from '../words/ports.ts'
import { runCompactor } from './compactor.ts'
import { createMemoryStore } from './memory.ts'
import type { Store } from './store.ts'

test('a revision is forgotten five minutes after it was the latest, not before', async () => {
  const compactions: number[] = []
  const memory = createMemoryStore()
  const store: Store = { ...memory, commit: (transaction) => memory.commit(transaction), latest: () => memory.latest(), compact: (before) => {
    compactions.push(before)
    return Promise.resolve()
  } }
  const clock = new ManualClock()
  const stop = new AbortController()
  const running = runCompactor(store, { clock, log: silentLog }, stop.signal)
  const write = (): Promise<unknown> => memory.commit({ expect: [], writes: [{ key: 'a', value: new Uint8Array([compactions.length]) }] })
  const seen: string[] = []
  for (let minute = 1; minute <= 8; minute += 1) {
    await write()
    await clock.pass(60_000)
    seen.push(compactions.join(','))
  }
  assert.deepEqual(seen, ['', '', '', '', '', '1', '1,2', '1,2,3'])
  stop.abort()
  await running
})
