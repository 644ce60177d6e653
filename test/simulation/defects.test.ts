import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Client } from '../../src/client/client.ts'
import { keyOf } from '../../src/objects/kube-object.ts'
import type { NodeRuntime } from '../../src/node/runtime.ts'
import { SchemaCatalog } from '../../src/resources/schema.ts'
import { runSeed } from '../../src/simulation/run-seed.ts'
import type { SeededRandom } from '../../src/simulation/seeded-random.ts'
import { honestParts, type SimulationParts } from '../../src/simulation/simulation-parts.ts'
import type { Store } from '../../src/store/store.ts'

/** Each defect is put into clusters of a few seeds; one of the checkers that it concerns must see it, in one of them at least. */
const schemas = new SchemaCatalog().lookup
const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const MAX_SEEDS = 12
/** For a defect that shows in one cluster of ten. */
const MANY_SEEDS = 60

async function check(defect: Partial<SimulationParts>, expected: RegExp, maxSeeds = MAX_SEEDS): Promise<void> {
  const seen: string[] = []
  for (let seed = 1; seed <= maxSeeds; seed++) {
    const { finding } = await runSeed({ seed, parts: { ...honestParts, ...defect }, drain, schemas, onLine: () => {} })
    if (finding !== undefined && expected.test(finding.checker)) return
    seen.push(`${seed}: ${finding === undefined ? 'nothing' : `${finding.checker}: ${finding.message}`}`)
  }
  assert.fail(`no checker like ${expected} saw the defect in ${maxSeeds} seeds\n${seen.join('\n')}`)
}

const isConfigMap = (key: string): boolean => key.includes('/configmaps/team-')

test('an engine that loses an acknowledged write', () => check({
  engine: (engine: Store, random: SeededRandom) => ({
    ...bound(engine),
    commit: async (transaction) => {
      const isLost = transaction.writes.some(({ key }) => isConfigMap(key)) && random.chance(0.05)
      return isLost ? { outcome: 'committed', revision: await engine.latest() } : engine.commit(transaction)
    },
  }),
}, /acknowledged writes|the cluster answers|caches agree/))

test('an engine that ignores what a write rests on', () => check({
  engine: (engine) => ({
    ...bound(engine),
    commit: (transaction) => {
      const isBlind = transaction.writes.some(({ key }) => isConfigMap(key))
      return engine.commit(isBlind ? { ...transaction, expect: [] } : transaction)
    },
  }),
}, /acknowledged writes/))

test('controllers that plan with caches older than their own writes', () => check({ isFenced: false }, /deployment bounds/, MANY_SEEDS))

test('a client that applies a write twice', () => check({
  client: (client, part) => (part.startsWith('controllers') ? createsTwice(client) : client),
}, /deployment bounds/))

test('a scheduler whose bindings move pods', () => check({
  engine: (engine, random) => ({
    ...bound(engine),
    commit: (transaction) => engine.commit({ ...transaction, writes: transaction.writes.map((write) => moved(write, random)) }),
  }),
}, /one binding|caches agree|acknowledged writes/))

test('a watch that leaves out an event', () => check({
  client: (client, part, random) => (part.startsWith('reader') ? forgetful(client, random) : client),
}, /watch: (reliable|bookmarkable)/))

test('a watch that tells an event twice', () => check({
  client: (client, part, random) => (part.startsWith('reader') ? stammering(client, random) : client),
}, /watch: unique/))

test('a runtime that forgets to stop a container', () => check({
  runtime: (runtime, random) => ({
    ...withActions(runtime),
    perform: async (action, signal) => {
      const isForgotten = ['stop-container', 'stop-sandbox', 'remove-sandbox'].includes(action.type) && random.chance(0.5)
      return isForgotten ? { type: 'done' } : runtime.perform(action, signal)
    },
    // It also says that the pod is gone, so that nobody asks again.
    observe: async (podUid, signal) => {
      const observed = await runtime.observe(podUid, signal)
      const isEnding = observed?.sandboxes.every(({ state }) => state === 'not-ready') === true || random.chance(0.01)
      return isEnding ? undefined : observed
    },
  }),
}, /no container runs after its pod is gone|nothing is left|one container at a time/))

test('a runtime that starts a container twice', () => check({
  runtime: (runtime) => ({
    ...withActions(runtime),
    perform: async (action, signal) => {
      if (action.type === 'start-container') await runtime.perform(action, signal)
      return runtime.perform(action, signal)
    },
  }),
}, /one container at a time/))

test('an agent that does not see what runs already', () => check({
  runtime: (runtime, random) => ({
    ...withActions(runtime),
    observe: async (podUid, signal) => {
      const observed = await runtime.observe(podUid, signal)
      if (observed === undefined || !random.chance(0.1)) return observed
      return { ...observed, containers: observed.containers.map((container) => ({ ...container, specHash: 'another' })) }
    },
  }),
}, /adoption|one container at a time/))

test('a control plane that does not tell services of their pods', () => check({
  client: (client, part) => (part.startsWith('controllers') ? withoutSliceUpdates(client) : client),
}, /endpoints converge|queues are bounded/))

/** The methods of an engine, which is a class. */
function bound(engine: Store): Store {
  return {
    read: (range, options) => engine.read(range, options),
    commit: (transaction) => engine.commit(transaction),
    watch: (range, after, signal) => engine.watch(range, after, signal),
    compact: (before) => engine.compact(before),
    latest: () => engine.latest(),
    close: () => engine.close(),
  }
}

function withActions(runtime: NodeRuntime): NodeRuntime {
  return {
    observeAll: (signal) => runtime.observeAll(signal),
    observe: (podUid, signal) => runtime.observe(podUid, signal),
    perform: (action, signal) => runtime.perform(action, signal),
    exec: (containerId, command, timeoutMs, signal) => runtime.exec(containerId, command, timeoutMs, signal),
    events: (listener, signal) => runtime.events(listener, signal),
    info: (signal) => runtime.info(signal),
    findImage: (image, signal) => runtime.findImage(image, signal),
    listImages: (signal) => runtime.listImages(signal),
  }
}

/** Pods are made once more, under another name: what a client without care does after a lost reply. */
function createsTwice(client: Client): Client {
  return {
    ...client,
    create: async (kind, object, options) => {
      const created = await client.create(kind, object, options)
      const another = { ...object, metadata: { ...object.metadata, name: `${object.metadata.name}-again` } }
      if (kind.kind === 'Pod') await client.create(kind, another, options).catch(() => undefined)
      return created
    },
  }
}

/** Updates of endpoint slices are answered, and forgotten. */
function withoutSliceUpdates(client: Client): Client {
  return {
    ...client,
    update: (kind, object, options) => {
      return kind.kind === 'EndpointSlice' ? client.get(kind, keyOf(object)) : client.update(kind, object, options)
    },
  }
}

function moved(write: { readonly key: string; readonly value: Uint8Array | undefined }, random: SeededRandom): typeof write {
  if (write.value === undefined || !write.key.startsWith('objects/core/pods/') || !random.chance(0.1)) return write
  const text = new TextDecoder().decode(write.value)
  return { ...write, value: new TextEncoder().encode(text.replace('"nodeName":"node-1"', '"nodeName":"node-2"')) }
}

function forgetful(client: Client, random: SeededRandom): Client {
  return {
    ...client,
    async *watch(kind, options) {
      for await (const event of client.watch(kind, options)) if (event.type !== 'modified' || !random.chance(0.1)) yield event
    },
  }
}

function stammering(client: Client, random: SeededRandom): Client {
  return {
    ...client,
    async *watch(kind, options) {
      for await (const event of client.watch(kind, options)) {
        yield event
        if (event.type === 'modified' && random.chance(0.1)) yield event
      }
    },
  }
}
