import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '../words/ports.ts'
import { silentLog } from '../words/ports.ts'
import { runCompactor } from './compactor.ts'
import { createMemoryStore } from './memory.ts'
import type { Store } from './store.ts'

/** A clock whose timers fire when a test says so. */
function handClock(): Clock & { tick(ms: number): Promise<void> } {
  let now = 0
  let timers: { at: number; callback: () => void }[] = []
  return {
    now: () => now,
    after(delayMs, callback) {
      const timer = { at: now + delayMs, callback }
      timers.push(timer)
      return () => { timers = timers.filter((other) => other !== timer) }
    },
    async tick(ms) {
      now += ms
      const due = timers.filter((timer) => timer.at <= now)
      timers = timers.filter((timer) => timer.at > now)
      for (const timer of due) timer.callback()
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}

test('a revision is forgotten five minutes after it was the latest, not before', async () => {
  const compactions: number[] = []
  const memory = createMemoryStore()
  const store: Store = { ...memory, commit: (transaction) => memory.commit(transaction), latest: () => memory.latest(), compact: (before) => {
    compactions.push(before)
    return Promise.resolve()
  } }
  const clock = handClock()
  const stop = new AbortController()
  const running = runCompactor(store, { clock, log: silentLog }, stop.signal)
  const write = (): Promise<unknown> => memory.commit({ expect: [], writes: [{ key: 'a', value: new Uint8Array([compactions.length]) }] })
  const seen: string[] = []
  for (let minute = 1; minute <= 8; minute += 1) {
    await write()
    await clock.tick(60_000)
    seen.push(compactions.join(','))
  }
  assert.deepEqual(seen, ['', '', '', '', '', '1', '1,2', '1,2,3'])
  stop.abort()
  await running
})
