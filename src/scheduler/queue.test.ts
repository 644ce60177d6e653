import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '../resources/generated/types.ts'
import { SchedulingQueue } from './queue.ts'

function waiting(name: string, priority = 0, created = '2026-01-01T00:00:00Z'): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, uid: name, creationTimestamp: created }, spec: { priority, containers: [] } }
}

function names(pods: readonly Pod[]): string {
  return pods.map((pod) => pod.metadata.name).join(' ')
}

test('by priority, then by age', () => {
  const queue = new SchedulingQueue()
  queue.set(waiting('young', 0, '2026-01-02T00:00:00Z'))
  queue.set(waiting('old'))
  queue.set(waiting('important', 10, '2026-01-03T00:00:00Z'))
  assert.equal(names(queue.take(0, 2)), 'important old')
  assert.equal(names(queue.take(0, 2)), 'young')
  assert.equal(names(queue.take(0, 2)), '')
})

test('a failed binding waits 1 s, then 2 s, at most 10 s', () => {
  const queue = new SchedulingQueue()
  queue.set(waiting('p'))
  let now = 0
  const waits: number[] = []
  for (let attempt = 0; attempt < 6; attempt += 1) {
    assert.equal(names(queue.take(now, 1)), 'p')
    queue.retry('p', now)
    const next = queue.nextWake() ?? 0
    assert.equal(names(queue.take(next - 1, 1)), '')
    waits.push(next - now)
    now = next
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 10000, 10000])
})

test('an unschedulable pod waits for a change of the cluster, or five minutes', () => {
  const queue = new SchedulingQueue()
  queue.set(waiting('p'))
  queue.take(0, 1)
  queue.park('p', 0)
  assert.equal(names(queue.take(60_000, 1)), '')
  queue.unpark()
  assert.equal(names(queue.take(60_000, 1)), 'p')
  queue.park('p', 60_000)
  assert.equal(queue.nextWake(), 60_000 + 2_000 + 300_000)
})

test('a pod that went away is not taken', () => {
  const queue = new SchedulingQueue()
  queue.set(waiting('p'))
  queue.remove('p')
  assert.equal(names(queue.take(0, 1)), '')
  assert.equal(queue.size, 0)
})
