/** The server dies by SIGKILL among thousands of writes: what it acknowledged is there, nothing is torn, watches go on. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, WatchEvent } from '../../src/client/client.ts'
import { Informer } from '../../src/client/informer.ts'
import { systemClock } from '../../src/host/clock.ts'
import { systemRandom } from '../../src/host/random.ts'
import { kinds } from '../../src/resources/generated/kinds.ts'
import type { ConfigMap } from '../../src/resources/generated/types.ts'
import { silentLog } from '../../src/words/ports.ts'
import { StatusError } from '../../src/words/status-error.ts'
import { errorLines, startServer, type ServerBed } from './server-bed.testing.ts'

const WRITES = 2_000
const CLIENTS = 8
/** Fewer under way than are left when the server is killed: it may have answered all of them, and not been heard yet. */
const WRITES_PER_CLIENT = 40
/** A server that starts shows its last 1,000 changes again: no watch may be further behind. */
const MAX_UNSEEN = 500
const ROUNDS = 3
const NAMESPACE = 'default'

let bed: ServerBed
before(async () => {
  bed = await startServer('server-crash')
})
after(() => bed.remove())

type Ack = { readonly type: WatchEvent<ConfigMap>['type']; readonly name: string; readonly revision: number; readonly sequence: number }

/** The checksum tells a torn object from a whole one. */
function sample(name: string, sequence: number): ConfigMap {
  const payload = `${name}:${sequence}:`.repeat(40 + (sequence % 7) * 30)
  const checksum = createHash('sha256').update(payload).digest('hex')
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: NAMESPACE, labels: { test: 'crash' } }, data: { sequence: String(sequence), payload, checksum } }
}

function checkWhole(object: ConfigMap): void {
  const { sequence, payload = '', checksum } = object.data ?? {}
  const expected = sample(object.metadata.name ?? '', Number(sequence))
  assert.deepEqual([payload, checksum], [expected.data?.['payload'], expected.data?.['checksum']], `${object.metadata.name} is torn`)
}

function revisionOf(object: ConfigMap): number {
  return Number(object.metadata.resourceVersion)
}

/** Runs the jobs, hundreds at once, kills the server after some acknowledgements, starts it again; what was acknowledged. seen: changes in the watch. */
async function crashAmong(jobs: readonly ((client: Client) => Promise<Ack>)[], killAfter: number, seen: () => number): Promise<Ack[]> {
  const clients = Array.from({ length: CLIENTS }, () => bed.typed())
  const acknowledged: Ack[] = []
  let killed: Promise<void> | undefined
  const left = [...jobs]
  const run = async (client: Client): Promise<void> => {
    while (killed === undefined && acknowledged.length - seen() > MAX_UNSEEN) await sleep(10)
    const job = left.shift()
    if (job === undefined) return
    try {
      acknowledged.push(await retryWhenBusy(() => job(client)))
    } catch (error) {
      assert(error instanceof StatusError && error.code === 503, `only lost connections are excused: ${String(error)}`)
    }
    if (acknowledged.length === killAfter) killed ??= bed.kill()
    await run(client)
  }
  await Promise.all(clients.flatMap(({ client }) => Array.from({ length: WRITES_PER_CLIENT }, () => run(client))))
  await killed
  for (const { close } of clients) close()
  assert(killed !== undefined && acknowledged.length < jobs.length, `killed among the writes: ${acknowledged.length} of ${jobs.length} acknowledged`)
  await bed.up()
  return acknowledged
}

/** 429 says that nothing was done. */
async function retryWhenBusy<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof StatusError) || error.code !== 429) throw error
      await sleep(100 + Math.random() * 300)
    }
  }
}

function createJob(name: string): (client: Client) => Promise<Ack> {
  return async (client) => {
    const stored = await client.create(kinds.ConfigMap, sample(name, 0))
    return { type: 'added', name, revision: revisionOf(stored), sequence: 0 }
  }
}

function updateJob(old: ConfigMap): (client: Client) => Promise<Ack> {
  const name = old.metadata.name ?? ''
  const sequence = Number(old.data?.['sequence']) + 1
  return async (client) => {
    const next = sample(name, sequence)
    const stored = await client.update(kinds.ConfigMap, { ...next, metadata: { ...next.metadata, resourceVersion: old.metadata.resourceVersion ?? '' } })
    return { type: 'modified', name, revision: revisionOf(stored), sequence }
  }
}

function deleteJob(old: ConfigMap): (client: Client) => Promise<Ack> {
  const key = { namespace: NAMESPACE, name: old.metadata.name ?? '' }
  return async (client) => {
    await client.delete(kinds.ConfigMap, key)
    return { type: 'deleted', name: key.name, revision: 0, sequence: Number(old.data?.['sequence']) }
  }
}

async function stored(client: Client): Promise<Map<string, ConfigMap>> {
  const { items } = await client.list(kinds.ConfigMap, { namespace: NAMESPACE, labelSelector: 'test=crash' })
  return new Map(items.map((object) => [object.metadata.name ?? '', object]))
}

/** A watch that is resumed from its last revision whenever it breaks, and remembers every event that it was given. */
function record(client: Client, from: string, signal: AbortSignal): { readonly events: Ack[]; readonly done: Promise<void> } {
  const events: Ack[] = []
  let resourceVersion = from
  const follow = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        for await (const event of client.watch(kinds.ConfigMap, { namespace: NAMESPACE, labelSelector: 'test=crash', resourceVersion, signal })) {
          if (event.type === 'bookmark') {
            resourceVersion = event.resourceVersion
            continue
          }
          resourceVersion = event.object.metadata.resourceVersion ?? ''
          checkWhole(event.object)
          events.push({ type: event.type, name: event.object.metadata.name ?? '', revision: Number(resourceVersion), sequence: Number(event.object.data?.['sequence']) })
        }
      } catch (error) {
        assert(error instanceof StatusError && error.code === 503, `a watch resumes: ${String(error)}`)
        await sleep(30)
      }
    }
  }
  return { events, done: follow() }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (condition()) return
    await sleep(20)
  }
  assert.fail(`${what} did not come about within 10 seconds`)
}

/** Ordered, unique, and each leads from the state before it to a state that is possible. */
function replay(state: Map<string, number>, events: readonly Ack[], startRevision: number): number {
  let last = startRevision
  for (const { type, name, revision, sequence } of events) {
    assert(revision > last, `revision ${revision} follows ${last}`)
    last = revision
    const known = state.get(name)
    if (type === 'added') assert.equal(known, undefined, `${name} is added once`)
    if (type === 'modified') assert.equal(sequence, (known ?? NaN) + 1, `no state of ${name} was skipped`)
    if (type === 'deleted') assert.equal(known, sequence, `${name} is deleted in the state that was seen last`)
    if (type === 'deleted') state.delete(name)
    else state.set(name, sequence)
  }
  return last
}

function checkAcknowledged(acks: readonly Ack[], events: readonly Ack[], current: ReadonlyMap<string, ConfigMap>): void {
  const byName = new Map(events.map((event) => [event.name, event]))
  assert.equal(byName.size, events.length, 'one event for each object in a round')
  for (const ack of acks) {
    const event = byName.get(ack.name) ?? assert.fail(`no event for the acknowledged ${ack.type} of ${ack.name}`)
    assert.equal(event.type, ack.type)
    if (ack.type === 'deleted') assert(!current.has(ack.name), `${ack.name} was deleted`)
    else assert.deepEqual([revisionOf(current.get(ack.name) ?? assert.fail(`${ack.name} is lost`)), event.revision], [ack.revision, ack.revision])
  }
}

test('acknowledged creates, updates and deletes survive SIGKILL; a watch and an informer see each change once', { timeout: 90_000 }, async () => {
  const follower = bed.typed()
  const stop = new AbortController()
  const list = await follower.client.list(kinds.ConfigMap, { namespace: NAMESPACE })
  const watch = record(follower.client, list.resourceVersion, stop.signal)
  const informer = new Informer(kinds.ConfigMap, { client: follower.client, clock: systemClock, random: systemRandom, log: silentLog }, { namespace: NAMESPACE, labelSelector: 'test=crash' })
  const informing = informer.run(stop.signal)
  const seen = new Map<string, number>()
  let revision = Number(list.resourceVersion)
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const before = await stored(follower.client)
      const alterations = [...before.values()].map((object, index) => (index % 3 === 0 ? deleteJob(object) : updateJob(object)))
      const creations = Array.from({ length: WRITES - Math.min(alterations.length, WRITES / 2) }, (_, index) => createJob(`r${round}-${index}`))
      const jobs = round === 0 ? creations : [...alterations.slice(0, WRITES / 2), ...creations].map((job, index, all) => all[(index * 7) % all.length] ?? job)
      const from = watch.events.length
      const acks = await crashAmong(jobs, [700, 150, 1400][round] ?? 500, () => watch.events.length - from)

      const current = await stored(follower.client)
      for (const object of current.values()) checkWhole(object)
      const marker = await follower.client.create(kinds.ConfigMap, sample(`marker-${round}`, 0))
      assert([...current.values()].every((object) => revisionOf(object) < revisionOf(marker)), 'revisions go on')
      await until(() => watch.events.at(-1)?.name === `marker-${round}`, 'the marker in the resumed watch')
      const events = watch.events.slice(from)
      revision = replay(seen, events, revision)
      checkAcknowledged(acks, events, current)

      const final = await stored(follower.client)
      assert.deepEqual([...seen].sort(), [...final].map(([name, object]) => [name, Number(object.data?.['sequence'])]).sort(), 'the watch led to the state that a list shows')
      await until(() => informer.cache.revision >= revision, 'the informer at the newest revision')
      assert.deepEqual(new Map([...informer.cache.list()].map((object) => [object.metadata.name ?? '', revisionOf(object)])), new Map([...final].map(([name, object]) => [name, revisionOf(object)])))
    }
  } finally {
    stop.abort()
    await Promise.all([watch.done, informing])
    follower.close()
  }
  assert.deepEqual(errorLines(bed.log()), [])
})

test('a server that is killed while it starts, again and again, starts in the end with everything', { timeout: 60_000 }, async () => {
  const { client, close } = bed.typed()
  try {
    const before = [...await stored(client)].map(([name, object]) => [name, revisionOf(object)])
    for (const delayMs of [60, 150, 250, 350, 450]) {
      await bed.kill()
      const starting = bed.lotse('up')
      await sleep(delayMs)
      await bed.kill()
      await starting
    }
    await bed.up()
    assert.deepEqual([...await stored(client)].map(([name, object]) => [name, revisionOf(object)]), before)
  } finally {
    close()
  }
})
