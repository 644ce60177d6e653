import assert from 'node:assert/strict'
import { test } from 'node:test'
import { waitUntil } from './wait.ts'

test('a wait looks until it sees, or says what it missed', async () => {
  let looks = 0
  await waitUntil(() => (looks += 1) === 3, { what: 'the third look', timeoutMs: 1000, pollMs: 1 })
  assert.equal(looks, 3)
  const never = { what: () => Promise.resolve('rain'), timeoutMs: 2, pollMs: 1 }
  await assert.rejects(waitUntil(() => false, never), { message: 'waited 0.002 s for rain' })
})
