import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isObject } from '../objects/json.ts'
import { MemoryClient } from '../reconcile/memory-client.testing.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { Pod } from '../resources/generated/types.ts'
import { ManualClock, SeededRandom } from '../words/manual-clock.testing.ts'
import { silentLog } from '../words/ports.ts'
import { serviceUnavailable } from '../words/status-error.ts'
import { node, pod } from './scheduling.testing.ts'
import { Scheduler } from './scheduler.ts'

interface Bench {
  readonly client: MemoryClient
  readonly scheduler: Scheduler
  /** 'refused': the binding fails; 'lost': it is made, and the answer is lost. */
  nextBinding: 'made' | 'refused' | 'lost'
  readonly bindings: string[]
  /** Lets time pass and tells where each pod is. */
  after(seconds: number): Promise<Record<string, string>>
  stop(): Promise<void>
}

function start(): Bench {
  const clock = new ManualClock()
  const random = new SeededRandom(1)
  const client = new MemoryClient(clock, random)
  const stop = new AbortController()
  const scheduler = new Scheduler({ client, clock, random, log: silentLog })
  const bench: Bench = {
    client, scheduler, nextBinding: 'made', bindings: [],
    async after(seconds) {
      await clock.pass(seconds * 1000)
      return Object.fromEntries(client.stored(kinds.Pod).map((each) => [each.metadata.name ?? '', each.spec?.nodeName ?? '-']))
    },
    async stop() {
      stop.abort()
      await clock.pass(1)
      await running
    },
  }
  client.createSubresource = async (_, key, __, body) => {
    const how = bench.nextBinding
    bench.nextBinding = 'made'
    if (how === 'refused') throw serviceUnavailable('the store is full')
    const nodeName = 'target' in body && isObject(body.target) ? String(body.target['name']) : ''
    bench.bindings.push(`${key.name} -> ${nodeName}`)
    const current = await client.get(kinds.Pod, key)
    await client.update(kinds.Pod, { ...current, spec: { ...current.spec, containers: current.spec?.containers ?? [], nodeName } })
    if (how === 'lost') throw serviceUnavailable('the connection broke')
    return {} as never
  }
  const running = scheduler.run(stop.signal)
  return bench
}

function named(name: string, requests: Record<string, string> = {}): Pod {
  const made = pod(name, requests)
  return { ...made, metadata: { ...made.metadata, creationTimestamp: '2026-01-01T00:00:00Z' } }
}

test('pods wait for a node, and are bound when one comes', async () => {
  const bench = start()
  await bench.client.create(kinds.Pod, named('a'))
  assert.deepEqual(await bench.after(1), { a: '-' })
  const condition = bench.client.stored(kinds.Pod)[0]?.status?.conditions?.[0]
  assert.deepEqual([condition?.type, condition?.status, condition?.reason, condition?.message], ['PodScheduled', 'False', 'Unschedulable', 'no nodes available to schedule pods'])
  await bench.client.create(kinds.Node, node('n1'))
  assert.deepEqual(await bench.after(3), { a: 'n1' })
  await bench.stop()
})

test('a decision counts at once: two that only fit apart go apart', async () => {
  const bench = start()
  for (const name of ['n1', 'n2']) await bench.client.create(kinds.Node, node(name))
  for (const name of ['a', 'b', 'c']) await bench.client.create(kinds.Pod, named(name, { cpu: '3' }))
  const places = await bench.after(5)
  assert.deepEqual(Object.values(places).sort(), ['-', 'n1', 'n2'])
  await bench.stop()
})

test('room that a pod leaves is used', async () => {
  const bench = start()
  await bench.client.create(kinds.Node, node('n1'))
  await bench.client.create(kinds.Pod, named('a', { cpu: '3' }))
  await bench.after(1)
  await bench.client.create(kinds.Pod, named('b', { cpu: '3' }))
  assert.deepEqual(await bench.after(5), { a: 'n1', b: '-' })
  await bench.client.delete(kinds.Pod, { namespace: 'default', name: 'a' })
  assert.deepEqual(await bench.after(12), { b: 'n1' })
  await bench.stop()
})

test('a binding that fails is tried again, and its room is free meanwhile', async () => {
  const bench = start()
  await bench.client.create(kinds.Node, node('n1'))
  bench.nextBinding = 'refused'
  await bench.client.create(kinds.Pod, named('a', { cpu: '3' }))
  assert.deepEqual(await bench.after(0.5), { a: '-' })
  assert.deepEqual(await bench.after(2), { a: 'n1' })
  assert.deepEqual(bench.bindings, ['a -> n1'])
  const { counts, attempts, untilBound } = bench.scheduler.figures
  assert.deepEqual(counts, { scheduled: 1, unschedulable: 0, error: 1 })
  assert.deepEqual([attempts.scheduled.count, attempts.error.count, untilBound[0]?.count, untilBound[1]?.count], [1, 1, 0, 1])
  assert.ok((untilBound[1]?.sum ?? 0) >= 1, 'from the first attempt, the back-off too')
  await bench.stop()
})

test('a binding whose answer was lost is not made again', async () => {
  const bench = start()
  await bench.client.create(kinds.Node, node('n1'))
  bench.nextBinding = 'lost'
  await bench.client.create(kinds.Pod, named('a', { cpu: '3' }))
  assert.deepEqual(await bench.after(20), { a: 'n1' })
  assert.deepEqual(bench.bindings, ['a -> n1'])
  await bench.stop()
})

test('pods of other schedulers, gated pods and those that are being deleted are left alone', async () => {
  const bench = start()
  await bench.client.create(kinds.Node, node('n1'))
  const other = named('other')
  await bench.client.create(kinds.Pod, { ...other, spec: { containers: [], schedulerName: 'mine' } })
  await bench.client.create(kinds.Pod, { ...named('gated'), spec: { containers: [], schedulingGates: [{ name: 'wait' }] } })
  assert.deepEqual(await bench.after(5), { other: '-', gated: '-' })
  await bench.stop()
})

test('each decision is kept with its reasons', async () => {
  const bench = start()
  await bench.client.create(kinds.Node, node('n1', {}, { unschedulable: true }))
  const { metadata } = await bench.client.create(kinds.Pod, named('a'))
  await bench.after(1)
  const decision = bench.scheduler.explanations.get(metadata.uid ?? '')?.decision
  assert.deepEqual(decision?.rejected, new Map([['node(s) were unschedulable', ['n1']]]))
  await bench.stop()
})
