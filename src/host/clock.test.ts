import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from './clock.ts'
import { systemRandom } from './random.ts'

test('the clock shows the wall time and calls back once, unless cancelled', async () => {
  assert(Math.abs(systemClock.now() - Date.now()) < 60)
  const calls: string[] = []
  systemClock.after(1, () => calls.push('cancelled'))()
  await new Promise<void>((resolve) => systemClock.after(5, resolve))
  assert.deepEqual(calls, [])
})

test('no timer is early', async () => {
  const delays = Array.from({ length: 40 }, (_, index) => 1 + index / 8)
  const early = await Promise.all(delays.map(async (delayMs) => {
    const before = systemClock.now()
    await new Promise<void>((resolve) => systemClock.after(delayMs, resolve))
    return systemClock.now() - before < delayMs
  }))
  assert(!early.includes(true))
})

test('random bytes are their own and differ', () => {
  const [first, second] = [systemRandom.bytes(32), systemRandom.bytes(32)]
  assert.equal(first.buffer.byteLength, 32)
  assert.notDeepEqual(first, second)
})
