import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatTime } from './instant.ts'

function check(text: string): void {
  assert.equal(formatTime(Date.parse(text)), text)
}

test('times of leap years, ends of months and centuries', () => {
  check('1970-01-01T00:00:00Z')
  check('1999-12-31T23:59:59Z')
  check('2000-02-29T12:00:01Z')
  check('2026-11-23T05:14:26Z')
  check('2100-02-28T00:00:00Z')
  check('2100-03-01T00:00:00Z')
  check('9999-12-31T23:59:59Z')
})

test('any instant is written as the engine writes it, without the fraction', () => {
  fc.assert(fc.property(fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }), (instant) => {
    assert.equal(formatTime(instant), `${new Date(instant).toISOString().slice(0, 19)}Z`)
  }))
})
