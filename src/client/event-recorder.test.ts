import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../objects/kube-object.ts'
import type { Event } from '../resources/generated/types.ts'
import type { Clock } from '../words/ports.ts'
import { silentLog } from '../words/ports.ts'
import { notFound, serviceUnavailable } from '../words/status-error.ts'
import type { Client } from './client.ts'
import { EventCorrelator } from './event-correlator.ts'
import type { EventNote } from './event-recorder.ts'
import { EventRecorder } from './event-recorder.ts'

const NOW = 1_800_000_000_000
const web: KubeObject = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '7' } }

function note(message: string, reason = 'Scaled'): EventNote {
  return { regarding: web, type: 'Normal', reason, message, component: 'deployment-controller' }
}

/** Sends notes against a server whose answers are errors as long as there are any. */
async function send(notes: readonly EventNote[], errors: Error[] = []): Promise<{ written: string[]; created: Event[]; dropped: number }> {
  const written: string[] = []
  const created: Event[] = []
  const fail = (): void => {
    const error = errors.shift()
    if (error !== undefined) throw error
  }
  const client = {
    async create(_kind: unknown, event: Event) {
      fail()
      written.push(`create ${event.reason} x${event.count}: ${event.message}`)
      created.push(event)
    },
    async patch(_kind: unknown, _key: unknown, { body }: { body: { count: number; message: string } }) {
      fail()
      written.push(`count ${body.count}: ${body.message}`)
    },
  } as Partial<Client> as Client
  const clock: Clock = { now: () => NOW, after: (_delayMs, callback) => (queueMicrotask(callback), () => {}) }
  const recorder = new EventRecorder({ client, clock, log: silentLog, instance: '' })
  for (const one of notes) recorder.record(one)
  const abort = new AbortController()
  const running = recorder.run(abort.signal)
  await new Promise((resolve) => setImmediate(resolve))
  abort.abort()
  await running
  return { written, created, dropped: recorder.dropped }
}

test('the same happening raises a count', async () => {
  const { written } = await send([note('to 3'), note('to 3'), note('to 4'), note('to 3')])
  assert.deepEqual(written, ['create Scaled x1: to 3', 'count 2: to 3', 'create Scaled x1: to 4', 'count 3: to 3'])
})

test('what an event says', async () => {
  const { created: [event] } = await send([note('to 3')])
  assert.ok(event)
  const { metadata, ...rest } = event
  assert.match(metadata.name ?? '', /^web\.[0-9a-f]{16}$/)
  assert.equal(metadata.namespace, 'shop')
  assert.deepEqual(rest, {
    apiVersion: 'v1', kind: 'Event', type: 'Normal', reason: 'Scaled', message: 'to 3', count: 1,
    involvedObject: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '7' },
    source: { component: 'deployment-controller' }, reportingComponent: 'deployment-controller', reportingInstance: '',
    firstTimestamp: '2027-01-15T08:00:00Z', lastTimestamp: '2027-01-15T08:00:00Z',
  })
})

test('an event that the server forgot begins anew; one that fails is tried again, then dropped', async () => {
  const busy = (): Error => serviceUnavailable('busy')
  const forgotten = notFound({ group: '', resource: 'events' }, 'x')
  assert.deepEqual((await send([note('a'), note('a')], [])).written.length, 2)
  const again = await send([note('a')], [busy(), busy()])
  assert.deepEqual([again.written.length, again.dropped], [1, 0])
  const lost = await send([note('a'), note('b')], [busy(), busy(), busy()])
  assert.deepEqual([lost.written, lost.dropped], [['create Scaled x1: b'], 1])
  const anew = await send([note('a'), note('a')], [forgotten])
  assert.deepEqual([anew.written, anew.dropped], [['count 2: a'], 1])
})

test('many alike are combined; one object gets its share and no more', () => {
  const correlator = new EventCorrelator()
  const outcomes = Array.from({ length: 30 }, (_, index) => correlator.correlate(note(`message ${index}`), NOW, `name-${index}`))
  const shown = outcomes.map((outcome) => (outcome === undefined ? 'dropped' : outcome.message.startsWith('(combined') ? `combined x${outcome.count}` : 'own'))
  assert.deepEqual(shown, [
    ...Array.from({ length: 10 }, () => 'own'), ...Array.from({ length: 15 }, (_, index) => `combined x${index + 1}`), ...Array.from({ length: 5 }, () => 'dropped'),
  ])
  assert.notEqual(correlator.correlate(note('later'), NOW + 300_000, 'x'), undefined)
  assert.equal(correlator.correlate(note('later still'), NOW + 300_000, 'x'), undefined)
})

test('a slow write holds up its own object only, and thousands of objects are told of', async () => {
  const written: string[] = []
  let release: () => void = () => {}
  const slow = new Promise<void>((resolve) => {
    release = resolve
  })
  const client = {
    async create(_kind: unknown, { involvedObject, message }: Event) {
      if (involvedObject.name === 'slow') await slow
      written.push(`${involvedObject.name} ${message}`)
    },
  } as Partial<Client> as Client
  const recorder = new EventRecorder({ client, clock: { now: () => NOW, after: () => () => {} }, log: silentLog, instance: '' })
  const about = (name: string, message: string): void => recorder.record({ ...note(message), regarding: { ...web, metadata: { ...web.metadata, name, uid: name } } })
  const abort = new AbortController()
  const running = recorder.run(abort.signal)
  about('slow', '1')
  about('slow', '2')
  for (let index = 0; index < 5_000; index += 1) about(`p${index}`, 'x')
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([written.length, written.includes('slow 1'), recorder.dropped], [5_000, false, 0])
  release()
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual(written.slice(5_000), ['slow 1', 'slow 2'])
  abort.abort()
  await running
})
