import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeededRandom } from './manual-clock.testing.ts'
import { isNearEnd, renewalTime } from './renewal.ts'

const dice = (byte: number): { bytes(length: number): Uint8Array } => ({ bytes: (length) => new Uint8Array(length).fill(byte) })

test('a certificate is renewed in the last third of its life, at another moment than others', () => {
  const day = 86_400_000
  assert.deepEqual([0, 0x80, 0xff].map((byte) => Math.round(renewalTime({ from: 0, until: 365 * day }, dice(byte)) / day)), [256, 292, 328])
  assert.equal(renewalTime({ from: 100, until: 50 }, dice(0)), 100)
  const random = new SeededRandom(1)
  const times = Array.from({ length: 100 }, () => renewalTime({ from: 1_000, until: 2_000 }, random))
  assert(times.every((time) => time >= 1_700 && time <= 1_900))
  assert(new Set(times.map(Math.round)).size > 50)
})

test('what has less than a third of its life left is made anew at a start', () => {
  const table: [number, boolean][] = [[0, false], [650, false], [680, true], [1_000, true], [2_000, true]]
  for (const [now, expected] of table) assert.equal(isNearEnd({ from: 0, until: 1_000 }, now), expected, String(now))
})
