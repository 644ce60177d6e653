import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle, startTestServer, TestClock } from '../apiserver.testing.ts'
import type { Delays, RequestInfo, User } from '../access.ts'
import { RatioTimes } from '../flow-control/level-times.ts'
import { FlowControl } from '../flow-control/flow-control.ts'
import { oneSeat, seatsOnly } from '../flow-control/work-estimate.ts'
import { FlowGate } from '../front/flow-gate.ts'
import { flowTimeFamilies } from './flow-time-metrics.ts'

const alice: User = { name: 'alice', uid: '', groups: ['system:authenticated'], extra: {} }
const info: RequestInfo = {
  isResource: true, verb: 'create', group: '', version: 'v1', resource: 'pods', subresource: '', namespace: 'shop', name: '', path: '',
}

/** The level of the catch-all schema has all seats but those of the exempt one; it refuses what finds no room. */
function gateWith(seats: number, queues = 0): { readonly gate: FlowGate; readonly clock: TestClock } {
  const clock = new TestClock()
  const gate = new FlowGate(clock, { requestTimeoutMs: 60_000 }, new FlowControl(seats, clock.now()))
  if (queues === 0) return { gate, clock }
  const queuing = { queues, handSize: 1, queueLengthLimit: 10 }
  gate.configure({
    schemas: [{
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'FlowSchema', metadata: { name: 'mine' },
      spec: {
        priorityLevelConfiguration: { name: 'own' }, matchingPrecedence: 100,
        rules: [{ subjects: [{ kind: 'User', user: { name: 'alice' } }], resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] }] }],
      },
    }],
    levels: [{
      apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind: 'PriorityLevelConfiguration', metadata: { name: 'own' },
      spec: { type: 'Limited', limited: { nominalConcurrencyShares: 1_000_000, borrowingLimitPercent: 0, limitResponse: { type: 'Queue', queuing } } },
    }],
  })
  return { gate, clock }
}

interface Running {
  readonly delays: Delays
  end(): void
}

function run(gate: FlowGate, work = oneSeat): Running {
  let end = (): void => undefined
  const answer = new Promise<void>((resolve) => (end = resolve))
  const delays: Delays = { queuedMs: 0, webhooksMs: 0, accessMs: 0, execution: undefined }
  const asked = { user: alice, info, request: { signal: new AbortController().signal }, delays }
  Promise.resolve(gate.run(gate.flowOf(alice, info), asked, work, () => answer)).catch(() => undefined)
  return { delays, end: () => end() }
}

/** name label values: value, of sums, counts and gauges. */
function shown(gate: FlowGate, name: string): readonly string[] {
  const family = flowTimeFamilies(gate).find((each) => each.name === `apiserver_flowcontrol_${name}`)
  return (family?.samples ?? []).filter(({ suffix, labels }) => suffix !== '_bucket' && labels['priority_level'] !== 'exempt' && labels['priority_level'] !== 'catch-all')
    .map(({ suffix, labels, value }) => `${Object.values(labels).join(' ')}${suffix}: ${Number(value.toFixed(3))}`)
}

test('a time at a number is counted in nanoseconds, by what part of the limit it was then', () => {
  const times = new RatioTimes([0, 0.5, 1])
  times.setLimit(4)
  times.note(0, 1)
  times.note(2, 2)
  times.setLimit(2)
  times.note(2, 4)
  const histogram = times.histogram()
  assert.deepEqual([0, 1, 2].map((index) => histogram.countUpTo(index) / 1e6), [1, 3, 7])
  assert.deepEqual([histogram.count / 1e6, histogram.sum / 1e6], [7, 5])
})

test('seats, demand, queues and virtual time are told as they are', async () => {
  const { gate, clock } = gateWith(2, 1)
  const [first, second, third] = [run(gate), run(gate), run(gate)]
  assert.notEqual(first.delays.execution, undefined)
  assert.equal(third.delays.execution, undefined, 'it waits')
  await clock.advance(1_000)
  const second1 = 1e9
  assert.deepEqual(shown(gate, 'priority_level_seat_utilization'), [`executing own_sum: ${second1}`, `executing own_count: ${second1}`])
  assert.deepEqual(shown(gate, 'demand_seats'), [`own_sum: ${1.5 * second1}`, `own_count: ${second1}`])
  assert.deepEqual(shown(gate, 'priority_level_request_utilization'), [
    `waiting own_sum: ${0.1 * second1}`, `waiting own_count: ${second1}`, `executing own_sum: ${second1}`, `executing own_count: ${second1}`,
  ])
  assert.deepEqual(shown(gate, 'read_vs_write_current_requests').filter((line) => line.includes('mutating')), [
    `waiting mutating_sum: ${second1}`, `waiting mutating_count: ${second1}`, `executing mutating_sum: ${second1}`, `executing mutating_count: ${second1}`,
  ])
  assert.deepEqual(shown(gate, 'request_queue_length_after_enqueue'), ['mine own_sum: 1', 'mine own_count: 1'])
  assert.deepEqual(shown(gate, 'request_dispatch_no_accommodation_total'), ['mine own: 1'])
  assert.deepEqual(shown(gate, 'current_r'), ['own: 2'])
  assert.deepEqual([...shown(gate, 'dispatch_r'), ...shown(gate, 'latest_s')], [], 'nothing has left a queue yet')
  assert.deepEqual(shown(gate, 'next_s_bounds'), ['min own: 0.006', 'max own: 0.006'])
  assert.deepEqual(shown(gate, 'next_discounted_s_bounds'), ['min own: 0', 'max own: 0'])
  first.end()
  await settle()
  assert.notEqual(third.delays.execution, undefined)
  assert.deepEqual([...shown(gate, 'dispatch_r'), ...shown(gate, 'next_s_bounds')], ['own: 2'])
  second.end()
  third.end()
  await clock.advance(1)
})

test('what a request wants is told of all that came', async () => {
  const { gate, clock } = gateWith(10, 1)
  for (const running of [run(gate), run(gate, seatsOnly(4))]) running.end()
  await clock.advance(1)
  assert.deepEqual(shown(gate, 'work_estimated_seats'), ['mine own_sum: 5', 'mine own_count: 2'])
})

test('what was let in is counted when it has been answered, watches when they have told their state', async () => {
  const clock = new TestClock()
  const server = await startTestServer({
    clock,
    extensions: {
      authenticators: [{ authenticate: () => alice }],
      mutators: [{ name: 'slow', matches: () => true, admit: () => new Promise<void>((resolve) => clock.after(400, resolve)) }],
    },
  })
  const maps = '/api/v1/namespaces/shop/configmaps'
  const made = server.request('POST', maps, { metadata: { name: 'a' } })
  await settle()
  await clock.advance(400)
  assert.equal((await made).status, 201)
  await server.request('GET', `${maps}/a`)
  const watch = await server.watch(`${maps}?watch=1`)
  const { text } = await server.request('GET', '/metrics')
  assert.match(text, /^apiserver_flowcontrol_priority_level_seat_utilization_count\{phase="executing",priority_level="exempt"\} 400000000$/m)
  const lines = text.split('\n').filter((line) => /^apiserver_flowcontrol_(request_execution_seconds_(sum|count)|watch_count_samples_count)/.test(line))
  assert.deepEqual(lines.map((line) => line.replace(/^apiserver_flowcontrol_|flow_schema="|priority_level="|type="|"/g, '')), [
    'request_execution_seconds_sum{catch-all,catch-all,regular} 0.4', 'request_execution_seconds_count{catch-all,catch-all,regular} 2',
    'request_execution_seconds_sum{catch-all,catch-all,watch} 0', 'request_execution_seconds_count{catch-all,catch-all,watch} 1',
    'watch_count_samples_count{catch-all,catch-all} 1',
  ])
  await watch.close()
})
