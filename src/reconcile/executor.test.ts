import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keyText } from '../objects/kube-object.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { ConfigMap, Secret } from '../resources/generated/types.ts'
import { silentLog } from '../words/ports.ts'
import { forbidden, tooManyRequests } from '../words/status-error.ts'
import type { LoopLimits } from './control-loop.ts'
import type { Controller, Failure, Plan } from './controller.ts'
import { Executor } from './executor.ts'
import { ManualClock, SeededRandom } from '../words/manual-clock.testing.ts'
import type { Faults } from './memory-client.testing.ts'
import { MemoryClient, noFaults } from './memory-client.testing.ts'

interface View {
  readonly parent: ConfigMap
  readonly children: readonly Secret[]
}

/** As many Secrets as the ConfigMap says: the smallest controller that can overshoot. */
const counting: Controller<View> = {
  name: 'counting',
  account: 'counting',
  reads: [
    { kind: kinds.ConfigMap, keysOf: ({ metadata }) => [metadata.name ?? ''] },
    { kind: kinds.Secret, keysOf: ({ metadata }) => (metadata.ownerReferences ?? []).map(({ name }) => name) },
  ],
  writes: [kinds.Secret],
  observe(key, snapshot) {
    const parent = snapshot.get(kinds.ConfigMap, { namespace: 'shop', name: key })
    return parent === undefined ? undefined : { parent, children: snapshot.ownedBy(kinds.Secret, parent.metadata.uid ?? '') }
  },
  plan({ parent, children }, _now, name, failure): Plan {
    const missing = Number(parent.data?.['count'] ?? '0') - children.length
    const why = `has ${children.length}, ${missing} are missing${failure === undefined ? '' : `; ${failure.message}`}`
    if (missing >= 0) return { actions: Array.from({ length: missing }, () => ({ verb: 'create', kind: kinds.Secret, object: child(parent, name()) }) as const), why }
    return { actions: children.slice(missing).map(({ metadata: { name: childName = '', uid = '' } }) => deletion(childName, uid)), why }
  },
}

function deletion(name: string, uid: string): Plan['actions'][number] {
  return { verb: 'delete', kind: kinds.Secret, key: { namespace: 'shop', name }, options: { uid } }
}

function child(parent: ConfigMap, suffix: string): Secret {
  const { name = '', uid = '' } = parent.metadata
  const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid, controller: true }]
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: `${name}-${suffix}`, namespace: 'shop', ownerReferences } }
}

function parentWith(count: number): ConfigMap {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web', namespace: 'shop' }, data: { count: String(count) } }
}

const hostile: Faults = { lostRequests: 0.1, lostReplies: 0.15, lateRequests: 0.05, maxLatencyMs: 30, maxWatchLagMs: 60, brokenWatches: 0.02 }

interface Run {
  readonly most: number
  readonly fewest: number
  readonly last: number
}

/** Up to 8 children, then down to 3: the most on the way up, the fewest on the way down, and how it ended. */
async function run(seed: number, faults: Faults, limits: Partial<LoopLimits> = {}): Promise<Run> {
  const clock = new ManualClock()
  const random = new SeededRandom(seed)
  const client = new MemoryClient(clock, random)
  await client.create(kinds.ConfigMap, parentWith(8))
  client.faults = faults
  const executor = new Executor([counting], { client, clientOf: () => client, clock, random, log: silentLog }, limits)
  executor.start()
  let most = 0
  for (let step = 0; step < 300; step += 1) {
    await clock.pass(20)
    most = Math.max(most, client.stored(kinds.Secret).length)
  }
  client.faults = noFaults
  await client.update(kinds.ConfigMap, parentWith(3))
  client.faults = faults
  let fewest = most
  for (let step = 0; step < 300; step += 1) {
    await clock.pass(20)
    fewest = Math.min(fewest, client.stored(kinds.Secret).length)
  }
  const last = client.stored(kinds.Secret).length
  void executor.stop()
  await clock.pass(1_000)
  return { most, fewest, last }
}

test('with the fence no seed overshoots, whatever is late or lost', async () => {
  for (let seed = 1; seed <= 40; seed += 1) assert.deepEqual(await run(seed, hostile), { most: 8, fewest: 3, last: 3 }, `seed ${seed}`)
})

test('without the fence a late cache makes too many', async () => {
  let overshoots = 0
  for (let seed = 1; seed <= 10; seed += 1) {
    const { most } = await run(seed, { ...noFaults, maxLatencyMs: 5, maxWatchLagMs: 60 }, { fenced: false })
    if (most > 8) overshoots += 1
  }
  assert.ok(overshoots >= 8, `${overshoots} of 10 seeds overshot`)
})

test('a refusal reaches the next plan, backs off, and ends when the cause does', async () => {
  const clock = new ManualClock()
  const random = new SeededRandom(1)
  const client = new MemoryClient(clock, random)
  await client.create(kinds.ConfigMap, parentWith(4))
  let full = true
  client.refusals.push((verb, kind) => (full && verb === 'create' && kind === kinds.Secret ? forbidden({ group: '', resource: 'secrets' }, '', 'exceeded quota') : undefined))
  const executor = new Executor([counting], { client, clientOf: () => client, clock, random, log: silentLog })
  executor.start()
  await clock.pass(60_000)
  const creates = client.requests.filter((request) => request.startsWith('create secrets')).length
  assert.ok(creates >= 10 && creates <= 20, `${creates} attempts in a minute`)
  const [explanation] = executor.explain()
  assert.match(explanation?.why ?? '', /has 0, 4 are missing; secrets is forbidden: exceeded quota/)
  assert.equal(explanation?.failure?.message, 'secrets is forbidden: exceeded quota')
  assert.match(explanation?.waitsFor ?? '', /^a retry \d+ ms later$/)
  full = false
  await clock.pass(60_000)
  assert.equal(client.stored(kinds.Secret).length, 4)
  const [figures] = executor.queues()
  assert.ok(figures !== undefined && figures.queued.count === figures.adds && figures.worked.count === figures.adds, 'every key is measured')
  assert.deepEqual([figures.depth, figures.unfinished], [0, { sum: 0, longest: 0 }])
  assert.deepEqual(executor.explain().map(({ key, why, waitsFor, failure }) => ({ key, why, waitsFor, failure })), [
    { key: 'web', why: 'has 4, 0 are missing', waitsFor: '', failure: undefined },
  ])
  await executor.stop()
})

test('plans wake when they asked for it; keys run side by side, each alone', async () => {
  const clock = new ManualClock()
  const random = new SeededRandom(1)
  const client = new MemoryClient(clock, random, { ...noFaults, maxLatencyMs: 10 })
  for (const name of ['a', 'b', 'c', 'd']) await settled(clock, client.create(kinds.ConfigMap, { ...parentWith(0), metadata: { name, namespace: 'shop' } }))
  const running = new Set<string>()
  const planned: string[] = []
  const waking: Controller<string> = {
    name: 'waking',
    account: 'waking',
    reads: [{ kind: kinds.ConfigMap, keysOf: ({ metadata }) => [metadata.name ?? ''] }],
    writes: [],
    observe: (key) => key,
    plan(key, now) {
      assert.equal(running.has(key), false)
      planned.push(key)
      return { actions: [], wakeAt: now + 1_000, why: 'waits a second' }
    },
  }
  const executor = new Executor([waking], { client, clientOf: () => client, clock, random, log: silentLog })
  executor.start()
  await clock.pass(500)
  assert.deepEqual(planned.toSorted(), ['a', 'b', 'c', 'd'])
  await clock.pass(1_000)
  assert.equal(planned.length, 8)
  assert.equal(executor.idle, true)
  await executor.stop()
})

const resting: Controller<never> = {
  name: 'resting',
  account: 'resting',
  reads: [{ kind: kinds.ConfigMap, keysOf: ({ metadata }) => [metadata.name ?? ''] }],
  writes: [],
  observe: () => undefined,
  plan: () => ({ actions: [], why: '' }),
}

test('a plan that throws costs its own key only', async () => {
  const clock = new ManualClock()
  const random = new SeededRandom(1)
  const client = new MemoryClient(clock, random)
  for (const name of ['bad', 'good']) await client.create(kinds.ConfigMap, { ...parentWith(0), metadata: { name, namespace: 'shop' } })
  const failures: (Failure | undefined)[] = []
  const picky: Controller<string> = {
    name: 'picky',
    account: 'picky',
    reads: [{ kind: kinds.ConfigMap, keysOf: (object) => [keyText({ namespace: '', name: object.metadata.name ?? '' })] }],
    writes: [],
    observe: (key) => key,
    plan(key, _now, _name, failure) {
      failures.push(failure)
      if (key === 'bad') throw new Error('broken')
      return { actions: [], why: 'well' }
    },
  }
  const executor = new Executor([picky], { client, clientOf: () => client, clock, random, log: silentLog })
  executor.start()
  await clock.pass(1_000)
  assert.deepEqual(executor.explain().map(({ key, why }) => `${key}: ${why}`).toSorted(), ['bad: planning failed: broken', 'good: well'])
  await executor.stop()
})

test('keys beyond the bound are not lost for good', async () => {
  const clock = new ManualClock()
  const random = new SeededRandom(1)
  const client = new MemoryClient(clock, random)
  for (let index = 0; index < 50; index += 1) await client.create(kinds.ConfigMap, { ...parentWith(0), metadata: { name: `c${index}`, namespace: 'shop' } })
  const planned = new Set<string>()
  const seeing: Controller<string> = { ...resting, observe: (key) => key, plan: (key) => ({ actions: [], why: `plan ${planned.add(key).size}` }) }
  const executor = new Executor([seeing], { client, clientOf: () => client, clock, random, log: silentLog }, { maxQueuedKeys: 8 })
  executor.start()
  await clock.pass(100)
  assert.equal(planned.size, 50)
  assert.equal(executor.idle, true)
  planned.clear()
  for (let index = 0; index < 50; index += 1) await client.update(kinds.ConfigMap, { ...parentWith(index), metadata: { name: `c${index}`, namespace: 'shop' } })
  await clock.pass(100)
  assert.equal(planned.size, 50)
  await executor.stop()
})

test('a plan that never converges is slowed down', async () => {
  const clock = new ManualClock()
  const random = new SeededRandom(1)
  const client = new MemoryClient(clock, random)
  await client.create(kinds.ConfigMap, parentWith(0))
  const restless: Controller<ConfigMap> = {
    ...resting,
    observe: (key, snapshot) => snapshot.get(kinds.ConfigMap, { namespace: 'shop', name: key }),
    plan: (object) => ({ actions: [{ verb: 'update', kind: kinds.ConfigMap, object: { ...object, data: { count: `${Number(object.data?.['count']) + 1}` } } as ConfigMap }], why: 'counts' }),
  }
  const executor = new Executor([restless], { client, clientOf: () => client, clock, random, log: silentLog })
  executor.start()
  await clock.pass(60_000)
  const rounds = Number(client.stored(kinds.ConfigMap)[0]?.data?.['count'])
  assert.ok(rounds > 100 && rounds < 140, `${rounds} writes in a minute`)
  await executor.stop()
})

test('too many requests: waits for as long as the server asks', async () => {
  const clock = new ManualClock()
  const random = new SeededRandom(1)
  const client = new MemoryClient(clock, random)
  await client.create(kinds.ConfigMap, parentWith(1))
  client.refusals.push((verb) => (verb === 'create' ? tooManyRequests('busy', 10) : undefined))
  const executor = new Executor([counting], { client, clientOf: () => client, clock, random, log: silentLog })
  executor.start()
  await clock.pass(35_000)
  assert.equal(client.requests.filter((request) => request.startsWith('create secrets')).length, 4)
  await executor.stop()
})

async function settled<T>(clock: ManualClock, promise: Promise<T>): Promise<T> {
  await clock.pass(100)
  return promise
}

test('a controller that is replaced reads what the new one names, and nothing else', async () => {
  const clock = new ManualClock()
  const random = new SeededRandom(1)
  const client = new MemoryClient(clock, random)
  const seen: string[] = []
  const following = (...reads: Controller['reads']): Controller<string> => ({
    name: 'following', account: 'following', reads, writes: [], observe: (key) => key,
    plan: (key) => {
      seen.push(key)
      return { actions: [], why: 'it was seen' }
    },
  })
  const configMaps: Controller['reads'][number] = { kind: kinds.ConfigMap, keysOf: ({ metadata }) => [`map ${metadata.name}`] }
  const secrets: Controller['reads'][number] = { kind: kinds.Secret, keysOf: ({ metadata }) => [`secret ${metadata.name}`] }
  const executor = new Executor([following(configMaps)], { client, clientOf: () => client, clock, random, log: silentLog })
  executor.start()
  await settled(clock, client.create(kinds.ConfigMap, parentWith(0)))
  await settled(clock, client.create(kinds.Secret, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'shop' } }))
  await clock.pass(1_000)
  executor.replace(following(secrets))
  await clock.pass(1_000)
  await settled(clock, client.create(kinds.ConfigMap, { ...parentWith(0), metadata: { name: 'late', namespace: 'shop' } }))
  await clock.pass(1_000)
  assert.deepEqual(seen, ['map web', 'secret s'])
  assert.equal(executor.cacheOf(kinds.ConfigMap), undefined)
  await executor.stop()
})

/** A controller that tries to make a Secret for each ConfigMap, and when it did. */
function strivingSince(clock: ManualClock, tried: number[]): Controller<ConfigMap> {
  const start = clock.now()
  return {
    ...counting,
    reads: [counting.reads[0] as Controller['reads'][number]],
    observe: (key, snapshot) => snapshot.get(kinds.ConfigMap, { namespace: 'shop', name: key }),
    plan(parent) {
      tried.push(clock.now() - start)
      return { actions: [{ verb: 'create', kind: kinds.Secret, object: child(parent, 'x') }], why: 'strives' }
    },
  }
}

test('an object that is made again under its key does not wait for the back-off of the one before', async () => {
  const clock = new ManualClock()
  const client = new MemoryClient(clock, new SeededRandom(1))
  const start = clock.now()
  const tried: number[] = []
  client.refusals.push((verb, kind) => (verb === 'create' && kind === kinds.Secret ? forbidden({ group: '', resource: 'secrets' }, '', 'no') : undefined))
  const executor = new Executor([strivingSince(clock, tried)], { client, clientOf: () => client, clock, random: new SeededRandom(1), log: silentLog })
  executor.start()
  await client.create(kinds.ConfigMap, parentWith(1))
  await clock.pass(120_000)
  const before = tried.length
  assert.ok((tried.at(-1) ?? 0) - (tried.at(-2) ?? 0) > 20_000, 'the back-off has grown')
  await client.delete(kinds.ConfigMap, { namespace: 'shop', name: 'web' })
  await clock.pass(50)
  const at = clock.now() - start
  await client.create(kinds.ConfigMap, parentWith(1))
  await clock.pass(500)
  const after = tried.slice(before).map((time) => time - at)
  assert.ok((after[0] ?? Infinity) <= 5, `tried after ${after} ms`)
  assert.ok(after.length >= 4, `begins with short waits: ${after}`)
  await executor.stop()
})

test('an object that takes the place of another one during its plan is planned at once', async () => {
  const clock = new ManualClock()
  const client = new MemoryClient(clock, new SeededRandom(1))
  const tried: number[] = []
  client.refusals.push((verb, kind) => (verb === 'create' && kind === kinds.Secret ? forbidden({ group: '', resource: 'secrets' }, '', 'no') : undefined))
  const executor = new Executor([strivingSince(clock, tried)], { client, clientOf: () => client, clock, random: new SeededRandom(1), log: silentLog })
  executor.start()
  await client.create(kinds.ConfigMap, parentWith(1))
  await clock.pass(60_000)
  let refuse: () => void = () => {}
  const { create } = client
  client.create = (kind, object) => (kind.plural === 'secrets'
    ? new Promise((_resolve, reject) => { refuse = () => reject(forbidden({ group: '', resource: 'secrets' }, '', 'no')) })
    : create.call(client, kind, object) as Promise<typeof object>)
  const before = tried.length
  while (tried.length === before) await clock.pass(1_000)
  await client.delete(kinds.ConfigMap, { namespace: 'shop', name: 'web' })
  await client.create(kinds.ConfigMap, parentWith(1))
  await clock.pass(10)
  refuse()
  await clock.pass(10)
  assert.equal(tried.length, before + 2)
  await executor.stop()
})
