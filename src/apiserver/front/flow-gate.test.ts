import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiVersionOf } from '../../objects/kind.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Delays, User } from '../access.ts'
import { TestClock, settle, startTestServer } from '../apiserver.testing.ts'
import { bootstrapFlowSchemas, bootstrapPriorityLevels } from '../bootstrap/flow-control.ts'
import { lossyStore } from '../lossy-store.testing.ts'
import { FlowControl } from '../flow-control/flow-control.ts'
import { flowDumpRoute } from '../flow-control/flow-dumps.ts'
import { oneSeat, seatsOnly, workOfWrite } from '../flow-control/work-estimate.ts'
import { parseRequest } from '../request-info.ts'
import { FlowGate } from './flow-gate.ts'

const noDelays = (): Delays => ({ queuedMs: 0, webhooksMs: 0, accessMs: 0, execution: undefined })

function user(name: string): User {
  return { name, uid: '', groups: ['system:authenticated'], extra: {} }
}

const info = parseRequest('GET', '/api/v1/namespaces/shop/pods/x', new URLSearchParams())

function gateOf(seats: number): { gate: FlowGate; clock: TestClock } {
  const clock = new TestClock()
  const gate = new FlowGate(clock, { requestTimeoutMs: 60_000 }, new FlowControl(seats, clock.now()))
  gate.configure({ schemas: bootstrapFlowSchemas(), levels: bootstrapPriorityLevels() })
  return { gate, clock }
}

function ask(gate: FlowGate, by: User, answering: () => Promise<void>, signal = new AbortController().signal, work = oneSeat): Promise<void> {
  return Promise.resolve(gate.run(gate.flowOf(by, info), { user: by, info, request: { signal }, delays: noDelays() }, work, answering))
}

const SERVICE_MS = 20

/** How long requests of one user take, one after the other, while another user has so many under way at any time. */
async function latencyBeside(flooders: number, work = oneSeat): Promise<{ readonly meanMs: number; readonly worstMs: number; readonly refused: number }> {
  const { gate, clock } = gateOf(800)
  const served = (): Promise<void> => new Promise((resolve) => clock.after(SERVICE_MS, resolve))
  const latencies: number[] = []
  let over = false
  let refused = 0
  const flood = async (): Promise<void> => {
    while (!over) {
      const answered = await ask(gate, user('flood'), served, undefined, work).then(() => true, () => false)
      if (answered) continue
      refused++
      await new Promise<void>((resolve) => clock.after(1_000, resolve))
    }
  }
  const victim = async (): Promise<void> => {
    for (let count = 0; count < 20; count++) {
      await new Promise<void>((resolve) => clock.after(7, resolve))
      const startedAt = clock.now()
      await ask(gate, user('victim'), served)
      latencies.push(clock.now() - startedAt)
    }
    over = true
  }
  const floods: Promise<void>[] = []
  for (let index = 0; index < flooders; index++) {
    floods.push(flood())
    if (index % 25 === 24) await clock.advance(1)
  }
  const done = victim()
  while (!over) await clock.advance(1)
  await done
  await clock.advance(30_000)
  await Promise.all(floods)
  return { meanMs: latencies.reduce((sum, latency) => sum + latency, 0) / latencies.length, worstMs: Math.max(...latencies), refused }
}

test('a flood of one user, 500 requests at any time, leaves the latency of others within a factor of two', async () => {
  const alone = await latencyBeside(0)
  const beside = await latencyBeside(500)
  assert.equal(alone.meanMs, SERVICE_MS)
  assert(beside.worstMs <= 2 * alone.worstMs, JSON.stringify({ alone, beside }))
  assert(beside.refused > 0)
})

test('so does a flood of large lists, and one of writes that many watches hear of', async () => {
  const alone = await latencyBeside(0)
  for (const work of [seatsOnly(10), workOfWrite(80, 10)]) {
    const beside = await latencyBeside(40, work)
    assert(beside.meanMs <= 2 * alone.meanMs, JSON.stringify({ work, alone, beside }))
  }
})

test('lists that never end leave room for small requests of others', async () => {
  const { gate } = gateOf(800)
  const forever = (): Promise<void> => new Promise(() => {})
  for (let index = 0; index < 100; index++) void ask(gate, user('flood'), forever, undefined, seatsOnly(10)).catch(() => {})
  await settle()
  const { counts, level } = gate.flowOf(user('flood'), info)
  assert(counts.waiting > 0)
  assert(level.queues.executingSeats <= level.queues.seats * 3 / 4 && level.queues.executingSeats > level.queues.seats / 2, String(level.queues.executingSeats))
  for (let index = 0; index < 10; index++) await ask(gate, user('victim'), () => Promise.resolve())
})

test('who waits too long, or goes away, waits no longer; each refusal says why', async () => {
  const { gate, clock } = gateOf(12)
  const alice = user('alice')
  const { counts, level } = gate.flowOf(alice, info)
  const forever = (): Promise<void> => new Promise(() => {})
  for (let index = 0; index < level.limits.nominal; index++) void ask(gate, alice, forever).catch(() => {})
  assert.equal(counts.executing, 1)
  const gone = new AbortController()
  const outcomes: string[] = []
  const note = (name: string) => (error: { code: number; message: string }): unknown => outcomes.push(`${name}: ${error.code} ${error.message}`)
  void ask(gate, alice, forever, gone.signal).catch(note('gone'))
  void ask(gate, alice, forever).catch(note('late'))
  assert.equal(counts.waiting, 2)
  gone.abort()
  await clock.advance(17_000)
  assert.equal(level.dropped.retryAfterSeconds, 1)
  assert.deepEqual(outcomes, ['gone: 429 Too many requests, please try again later.', 'late: 429 Too many requests, please try again later.'])
  assert.deepEqual(counts.rejected, { 'queue-full': 0, 'concurrency-limit': 0, 'time-out': 1, cancelled: 1 })
  for (let index = 0; index < 320; index++) void ask(gate, alice, forever).catch(() => {})
  await settle()
  assert.equal(counts.waiting, 300, 'six queues of fifty')
  assert(counts.rejected['queue-full'] > 10)
})

test('what flow control does can be looked at: by level, by queue, by request', async () => {
  const { gate, clock } = gateOf(12)
  const alice = user('alice')
  const route = flowDumpRoute(gate.control)
  const dump = async (path: string, query = ''): Promise<readonly string[]> => {
    const full = `/debug/api_priority_and_fairness/${path}`
    assert(route.matches(full))
    const answer = await route.handle({ request: { path: full }, query: new URLSearchParams(query) } as Parameters<typeof route.handle>[0])
    assert(answer.type === 'whole')
    return Buffer.concat([...answer.body]).toString().trimEnd().split('\n')
  }
  assert.equal(route.matches('/debug/api_priority_and_fairness/other'), false)
  const { level } = gate.flowOf(alice, info)
  const signal = new AbortController().signal
  const run = (work: typeof oneSeat): void => {
    void Promise.resolve(gate.run(gate.flowOf(alice, info), { user: alice, info, request: { signal }, delays: noDelays() }, work, () => new Promise(() => {}))).catch(() => {})
  }
  assert.equal(level.limits.nominal, 1)
  run(workOfWrite(30, 1))
  await clock.advance(1_500)
  run(seatsOnly(2))
  run(oneSeat)
  const [head, ...levels] = await dump('dump_priority_levels')
  assert.match(head ?? '', /^PriorityLevelName, ActiveQueues, IsIdle, IsQuiescing, WaitingRequests, ExecutingRequests, DispatchedRequests, /)
  assert.deepEqual(levels.filter((line) => /^(catch-all|global-default),/.test(line)), [
    'catch-all,         0,            true,   false,       0,               0,                 0,                  0,                0,                0',
    'global-default,    2,            false,  false,       2,               1,                 1,                  0,                0,                0',
  ])
  const queues = (await dump('dump_queues')).filter((line) => line.startsWith('global-default,'))
  assert.equal(queues.length, level.queueCount)
  const busy = queues.map((line) => line.split(/, +/).slice(2).join(' ')).filter((line) => !line.startsWith('0 0 0'))
  assert.deepEqual(busy.map((line) => line.replace(/[\d.]+ss/, 'R')).sort(), [
    '0 1 1 R 0 0 0.00000000ss', '1 0 0 R 1 1 0.00300000ss', '1 0 0 R 2 2 0.00600000ss',
  ])
  const requests = (await dump('dump_requests', 'includeRequestDetails=1')).slice(1).map((line) => line.split(/, */).toSpliced(2, 1).join(' '))
  const details = 'alice get /api/v1/namespaces/shop/pods/x shop x v1 pods '
  assert.deepEqual(requests.sort(), [
    `global-default global-default -1 alice 2026-01-01T00:00:00.000000Z 1 1 15ms 2026-01-01T00:00:00.000000Z ${details}`,
    `global-default global-default 0 alice 2026-01-01T00:00:01.500000Z 1 0 0s 0001-01-01T00:00:00Z ${details}`,
    `global-default global-default 0 alice 2026-01-01T00:00:01.500000Z 2 0 0s 0001-01-01T00:00:00Z ${details}`,
  ].sort())
})

test('a write that many watches hear of keeps its seats for a while after its answer', async () => {
  const { gate, clock } = gateOf(200)
  const alice = user('alice')
  const flow = gate.flowOf(alice, info)
  const asked = { user: alice, info, request: { signal: new AbortController().signal }, delays: noDelays() }
  assert.equal(await gate.run(flow, asked, workOfWrite(40, 4), () => Promise.resolve('made')), 'made')
  assert.deepEqual([flow.counts.executing, flow.level.queues.executing, flow.level.queues.executingSeats], [0, 0, 4])
  await clock.advance(5)
  assert.deepEqual([flow.level.queues.executingSeats, flow.level.queues.isIdle], [0, true])
})

test('what is answered at once takes no seat; what waits begins in its turn when there is room', async () => {
  const { gate } = gateOf(12)
  const alice = user('alice')
  const flow = gate.flowOf(alice, info)
  const asked = { user: alice, info, request: { signal: new AbortController().signal }, delays: noDelays() }
  let end: () => void = () => {}
  const first = gate.run(flow, asked, oneSeat, () => new Promise<string>((resolve) => { end = () => resolve('first') }))
  const second = gate.run(flow, asked, oneSeat, () => 'second')
  assert(first instanceof Promise && second instanceof Promise)
  assert.equal(flow.counts.waiting, 1)
  end()
  assert.deepEqual([await first, await second], ['first', 'second'])
  assert.equal(gate.run(flow, asked, oneSeat, () => 'third'), 'third')
  assert.deepEqual([flow.counts.dispatched, flow.counts.executing, flow.level.queues.executingSeats], [3, 0, 0])
  await assert.rejects(async () => gate.run(flow, asked, oneSeat, () => Promise.reject(new Error('no'))), /no/)
  assert.equal(flow.level.queues.executingSeats, 0)
})

test('the objects are in force as they change; responses say which flow a request belonged to', async () => {
  const alice = user('alice')
  const server = await startTestServer({ extensions: { authenticators: [{ authenticate: () => alice }] } })
  const level = apiVersionOf(kinds.PriorityLevelConfiguration)
  const pods = '/api/v1/namespaces/shop/pods'
  assert.equal((await server.request('GET', pods)).headers['x-kubernetes-pf-flowschema-uid'], undefined)
  const made = await server.request('POST', `/apis/${level}/prioritylevelconfigurations`, {
    metadata: { name: 'own' }, spec: { type: 'Limited', limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' } } },
  })
  const schema = await server.request('POST', `/apis/${level}/flowschemas`, {
    metadata: { name: 'mine' },
    spec: {
      priorityLevelConfiguration: { name: 'own' }, matchingPrecedence: 100, distinguisherMethod: { type: 'ByUser' },
      rules: [{
        subjects: [{ kind: 'User', user: { name: 'alice' } }],
        resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }],
      }],
    },
  })
  assert.deepEqual([made.status, schema.status], [201, 201])
  const check = (answer: { readonly headers: Readonly<Record<string, string>> }): void => {
    assert.equal(answer.headers['x-kubernetes-pf-flowschema-uid'], schema.get('metadata.uid'))
    assert.equal(answer.headers['x-kubernetes-pf-prioritylevel-uid'], made.get('metadata.uid'))
  }
  check(await server.request('GET', pods))
  check(await server.request('GET', `${pods}/none`))
  const watch = await server.raw('GET', `${pods}?watch=1`)
  assert(watch.type === 'stream')
  check(watch)
  const executing = async (): Promise<string> => (await server.request('GET', '/metrics')).text.split('\n')
    .find((line) => line.startsWith('apiserver_flowcontrol_current_executing_requests{flow_schema="mine"'))?.split(' ')[1] ?? ''
  assert.equal(await executing(), '1', 'a watch has its seat until its state is told')
  const told = await server.watch(`${pods}?watch=1`)
  assert.equal(await executing(), '1')
  await told.close()

  const dangling = async (): Promise<unknown> => (await server.request('GET', `/apis/${level}/flowschemas/mine`)).get('status.conditions.0.status')
  await server.clock.advance(1_000)
  assert.equal(await dangling(), 'False')
  await server.request('DELETE', `/apis/${level}/prioritylevelconfigurations/own`)
  assert.equal((await server.request('GET', pods)).headers['x-kubernetes-pf-flowschema-uid'], undefined, 'it matches nothing without its level')
  await server.clock.advance(1_000)
  assert.equal(await dangling(), 'True')
})

test('what changed while the caches were read anew is in force at once', async () => {
  const writer = await startTestServer()
  const flaky = lossyStore(writer.store)
  const server = await startTestServer({ store: flaky.store })
  const level = `/apis/${apiVersionOf(kinds.PriorityLevelConfiguration)}/prioritylevelconfigurations`
  const levels = async (): Promise<string> => (await server.request('GET', '/debug/api_priority_and_fairness/dump_priority_levels')).text
  flaky.lose()
  await writer.request('POST', level, { metadata: { name: 'own' }, spec: { type: 'Limited', limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' } } } })
  await settle()
  assert.match(await levels(), /^own, /m)
  assert.equal((await server.request('GET', `${level}/own`)).status, 200)
})
