import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { sha256 } from './sha256.ts'

test('as everybody computes it, whatever the length', () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 0xff)
    assert.deepEqual(Buffer.from(sha256(bytes)), createHash('sha256').update(bytes).digest(), `${length} bytes`)
  }
})
