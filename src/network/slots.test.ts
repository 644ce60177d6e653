import assert from 'node:assert/strict'
import { test } from 'node:test'
import { slotsFor } from './slots.ts'
import type { Backend } from './service-endpoints.ts'

function backends(count: number): Backend[] {
  return Array.from({ length: count }, (_, index) => ({ address: `10.244.0.${index}`, port: 80, isLocal: true }))
}

function shares(chosen: readonly Backend[]): number[] {
  const counts = new Map<string, number>()
  for (const { address } of chosen) counts.set(address, (counts.get(address) ?? 0) + 1)
  return [...counts.values()]
}

test('each backend gets the same share, to within one slot', () => {
  for (let count = 1; count <= 60; count += 1) {
    const slots = slotsFor(backends(count), false)?.backends ?? []
    assert.equal(shares(slots).length, count)
    assert.ok(Math.max(...shares(slots)) - Math.min(...shares(slots)) <= 1, `${count} backends`)
  }
})

test('when a backend goes, the clients of the others stay where they are', () => {
  const before = slotsFor(backends(5), true)?.backends ?? []
  const after = slotsFor(backends(4), true)?.backends ?? []
  const moved = before.filter((backend, slot) => after[slot]?.address !== backend.address)
  assert.deepEqual(new Set(moved.map((backend) => backend.address)), new Set(['10.244.0.4']))
  assert.ok(moved.length > 40 && moved.length < 130, `${moved.length} of 420 slots moved`)
})

test('no backend, no slots', () => assert.equal(slotsFor([], false), undefined))
