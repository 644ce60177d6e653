import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ageOf, humanDuration } from './age.ts'

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000]

test('durations as kubectl shows them', () => {
  const check = (durationMs: number, expected: string): void => assert.equal(humanDuration(durationMs), expected)
  check(-2 * SECOND, '<invalid>')
  check(-SECOND, '0s')
  check(-1, '0s')
  check(0, '0s')
  check(1999, '1s')
  check(119 * SECOND, '119s')
  check(2 * MINUTE, '2m')
  check(2 * MINUTE + 30 * SECOND, '2m30s')
  check(10 * MINUTE + 30 * SECOND, '10m')
  check(179 * MINUTE, '179m')
  check(3 * HOUR, '3h')
  check(7 * HOUR + 59 * MINUTE, '7h59m')
  check(8 * HOUR + 59 * MINUTE, '8h')
  check(47 * HOUR, '47h')
  check(2 * DAY, '2d')
  check(2 * DAY + 3 * HOUR, '2d3h')
  check(8 * DAY + 3 * HOUR, '8d')
  check(729 * DAY, '729d')
  check(2 * 365 * DAY, '2y')
  check(3 * 365 * DAY + 5 * DAY, '3y5d')
  check(9 * 365 * DAY + 5 * DAY, '9y')
})

test('ages', () => {
  const now = Date.UTC(2026, 0, 1)
  assert.equal(ageOf('2025-12-31T23:55:00Z', now), '5m')
  assert.equal(ageOf('2025-12-31T23:59:59.500000Z', now), '0s')
  assert.equal(ageOf(undefined, now), '<unknown>')
  assert.equal(ageOf('yesterday', now), '<unknown>')
})
