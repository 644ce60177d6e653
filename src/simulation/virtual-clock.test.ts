import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { VirtualClock } from './virtual-clock.ts'

test('timers fire in order of time, then of their making, whatever is cancelled', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ delayMs: fc.integer({ min: 0, max: 20 }), isCancelled: fc.boolean() }), { maxLength: 40 }),
      async (timers) => {
        const clock = new VirtualClock(0, async () => {})
        const fired: number[] = []
        timers
          .map(({ delayMs }, index) => clock.after(delayMs, () => fired.push(index)))
          .forEach((cancel, index) => timers[index]?.isCancelled && cancel())
        await clock.advance(20)
        const expected = timers.map((timer, index) => ({ ...timer, index })).filter(({ isCancelled }) => !isCancelled)
        assert.deepEqual(
          fired,
          expected.sort((a, b) => a.delayMs - b.delayMs || a.index - b.index).map(({ index }) => index),
        )
        assert.equal(clock.pendingTimers, 0)
      },
    ),
  )
})

test('what a timer sets off runs before the next one', async () => {
  const clock = new VirtualClock(0)
  const seen: string[] = []
  clock.after(1, () => void Promise.resolve().then(() => Promise.resolve()).then(() => seen.push('first is done')))
  clock.after(1, () => seen.push('second'))
  await clock.advance(1)
  assert.deepEqual(seen, ['first is done', 'second'])
})
