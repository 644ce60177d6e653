import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CacheEvent } from './cache-event.ts'
import { CachedObject } from './cached-object.ts'
import { EventRing } from './event-ring.ts'
import { HistoryBudget } from './history-budget.ts'

const BOUNDS = { minEvents: 3, maxEvents: 6, keepForMs: 1_000 }

/** A change of an object of so many bytes, which is as large as before. */
function change(revision: number, bytes: number, seenAtMs = 0): CacheEvent {
  const [previous, current] = [revision - 1, revision].map((at) => new CachedObject('/k/a', at, new Uint8Array(bytes), undefined))
  return new CacheEvent({ key: '/k/a', revision, current, previous, seenAtMs })
}

function kept(ring: EventRing): string {
  return `after ${ring.complete}: ${[...ring.after(ring.complete)].map(({ revision }) => revision).join(' ')}`
}

test('old events are kept while there are few of them, young ones while there are not too many', () => {
  const ring = new EventRing(BOUNDS, new HistoryBudget(), 0)
  const told: string[] = []
  for (const [revision, seenAtMs] of [[1, 0], [2, 0], [3, 0], [4, 500], [5, 900], [6, 1_001], [7, 1_002], [8, 1_003], [9, 1_004], [10, 9_000]] as const) {
    ring.push(change(revision, 10, seenAtMs))
    told.push(kept(ring))
  }
  assert.deepEqual(told, [
    'after 0: 1', 'after 0: 1 2', 'after 0: 1 2 3', 'after 0: 1 2 3 4', 'after 0: 1 2 3 4 5', 'after 3: 4 5 6', 'after 3: 4 5 6 7', 'after 3: 4 5 6 7 8',
    'after 3: 4 5 6 7 8 9', 'after 7: 8 9 10',
  ])
})

test('all rings together have a bound, and the one that holds most gives', () => {
  const budget = new HistoryBudget(800)
  const [small, large] = [new EventRing(BOUNDS, budget, 0), new EventRing(BOUNDS, budget, 0)]
  small.push(change(1, 20))
  small.push(change(2, 20))
  for (const revision of [3, 4, 5]) large.push(change(revision, 100))
  assert.deepEqual([kept(small), kept(large)], ['after 0: 1 2', 'after 0: 3 4 5'], '680 of 800 bytes: each event counts with both of its objects')
  large.push(change(6, 100))
  assert.deepEqual([kept(small), kept(large)], ['after 0: 1 2', 'after 3: 4 5 6'], 'an eighth is freed')
  large.push(change(7, 500))
  assert.deepEqual([kept(small), kept(large)], ['after 0: 1 2', 'after 7: '], 'one event may be more than all of it: then nothing is known of the past')
  large.clear(8)
  for (const revision of [9, 10]) large.push(change(revision, 100))
  assert.deepEqual([kept(large), small.heldBytes + large.heldBytes], ['after 8: 9 10', 480], 'what was given up counts no more')
})
