import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dealHand, flowSeed } from './shuffle-shard.ts'

test('a hand has different queues, all there are at most, and is the same each time', () => {
  fc.assert(fc.property(fc.string(), fc.string(), fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 12 }), (schema, flow, queues, size) => {
    const hand = dealHand(flowSeed(schema, flow), queues, size)
    assert.equal(hand.length, Math.min(queues, size))
    assert.equal(new Set(hand).size, hand.length)
    assert(hand.every((card) => Number.isInteger(card) && card >= 0 && card < queues))
    assert.deepEqual(dealHand(flowSeed(schema, flow), queues, size), hand)
  }))
})

test('a flood on one hand leaves nearly every other flow a queue of its own', () => {
  const flood = new Set(dealHand(flowSeed('global-default', 'flood'), 64, 6))
  const dealt = new Float64Array(64)
  let covered = 0
  for (let index = 0; index < 5_000; index++) {
    const hand = dealHand(flowSeed('global-default', `user-${index}`), 64, 6)
    for (const card of hand) dealt[card] = (dealt[card] ?? 0) + 1
    if (hand.every((card) => flood.has(card))) covered++
  }
  assert.equal(covered, 0)
  // 30,000 cards over 64 queues: 469 each.
  assert(Math.min(...dealt) > 380 && Math.max(...dealt) < 560, `${Math.min(...dealt)} to ${Math.max(...dealt)}`)
})
