/**
 * Many writers of the same objects, by every kind of patch and by update, and a server that dies at any commit: no update that was
 * acknowledged is lost, none counts twice, nothing is half done; addresses are unique, quotas hold, finalizers are waited for.
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { memberOf, settle, type TestAnswer } from '../../src/apiserver/apiserver.testing.ts'
import { isObject, type JsonObject } from '../../src/objects/json.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import type { Store } from '../../src/store/store.ts'
import { fuzzAsync } from './fuzzing.testing.ts'
import { finished, startWholeServer, storeWithFate, type Fate, type WholeServer } from './whole-server.testing.ts'

const SHARED = '/api/v1/namespaces/default/configmaps/shared'
const SERVICES = '/api/v1/namespaces/default/services'
const PODS = '/api/v1/namespaces/small/pods'
const MOST_PODS = 3

type Deed = 'update' | 'json' | 'merge' | 'strategic' | 'apply' | 'finalizer' | 'service' | 'end-service' | 'pod' | 'end-pod'
const DEEDS = ['update', 'update', 'json', 'merge', 'strategic', 'apply', 'finalizer', 'service', 'end-service', 'pod', 'pod', 'end-pod'] as const

/** A round: what several clients do at once, and at which commit the server dies, if it does. */
const round = fc.record({
  deeds: fc.array(fc.tuple(fc.constantFrom<Deed>(...DEEDS), fc.nat({ max: 4 })), { minLength: 2, maxLength: 8 }),
  crash: fc.option(fc.record({ atCommit: fc.nat({ max: 10 }), fate: fc.constantFrom<Fate>('lost-before', 'lost-after') }), { nil: undefined, freq: 4 }),
})

/** What was promised: keys that are there, and how often the counter went up at least and at most. */
class Promises {
  readonly keys = new Set<string>()
  readonly tried = new Set<string>()
  readonly finalizers = new Set<string>()
  counted = 0
  perhapsCounted = 0
}

/** Reads, adds one, writes with the revision that it read; again where somebody else was faster. */
async function count(server: WholeServer, promises: Promises, how: 'update' | 'json'): Promise<void> {
  for (;;) {
    const { body } = await server.ask('GET', SHARED)
    const before = String(memberOf(body, 'data.count'))
    const next = String(Number(before) + 1)
    promises.perhapsCounted += 1
    const answer = how === 'update'
      ? await server.ask('PUT', SHARED, { ...body, data: { ...Object(body['data']), count: next } })
      : await server.ask('PATCH', SHARED, [{ op: 'test', path: '/data/count', value: before }, { op: 'replace', path: '/data/count', value: next }], 'application/json-patch+json')
    if (answer.status === 200) promises.counted += 1
    else promises.perhapsCounted -= 1
    if (answer.status === 200) return
    assert.ok(answer.status === (how === 'update' ? 409 : 422), answer.text)
  }
}

async function addKey(server: WholeServer, promises: Promises, how: 'merge' | 'strategic' | 'apply', key: string): Promise<void> {
  promises.tried.add(key)
  const type = { merge: 'application/merge-patch+json', strategic: 'application/strategic-merge-patch+json', apply: 'application/apply-patch+yaml' }[how]
  const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'shared' }, data: { [key]: 'x' } }
  const answer = await server.ask('PATCH', `${SHARED}?fieldManager=${key}`, body, type)
  assert.equal(answer.status, 200, answer.text)
  promises.keys.add(key)
}

async function addFinalizer(server: WholeServer, promises: Promises, name: string): Promise<void> {
  const answer = await server.ask('PATCH', SHARED, { metadata: { finalizers: [name] } }, 'application/strategic-merge-patch+json')
  assert.equal(answer.status, 200, answer.text)
  promises.finalizers.add(name)
}

async function perform(server: WholeServer, promises: Promises, deed: Deed, slot: number, id: string): Promise<void> {
  const expect = (answer: TestAnswer, ...codes: number[]): void => assert.ok(codes.includes(answer.status), `${deed}: ${answer.text}`)
  switch (deed) {
    case 'update': case 'json': return count(server, promises, deed)
    case 'merge': case 'strategic': case 'apply': return addKey(server, promises, deed, `${deed}-${id}`)
    case 'finalizer': return addFinalizer(server, promises, `example.com/f-${slot}`)
    case 'service': return expect(await server.ask('POST', SERVICES, { metadata: { name: `s-${slot}` }, spec: { type: 'NodePort', ports: [{ port: 80 }] } }), 201, 409)
    case 'end-service': return expect(await server.ask('DELETE', `${SERVICES}/s-${slot}`), 200, 404)
    case 'pod': return expect(await server.ask('POST', PODS, { metadata: { name: `p-${slot}` }, spec: { containers: [{ name: 'c', image: 'i' }] } }), 201, 403, 409)
    case 'end-pod': return expect(await server.ask('DELETE', `${PODS}/p-${slot}?gracePeriodSeconds=0`), 200, 404, 409)
  }
}

async function items(server: WholeServer, path: string): Promise<JsonObject[]> {
  const { body, status, text } = await server.ask('GET', path)
  assert.equal(status, 200, text)
  const list = body['items']
  return Array.isArray(list) ? list.filter(isObject) : []
}

async function checkAll(server: WholeServer, promises: Promises): Promise<void> {
  const { body } = await server.ask('GET', SHARED)
  const data = Object(body['data']) as Record<string, string>
  for (const key of promises.keys) assert.ok(Object.hasOwn(data, key), `${key} was acknowledged, and is lost`)
  for (const key of Object.keys(data)) assert.ok(key === 'count' || promises.tried.has(key), `${key}: nobody wrote that`)
  const counted = Number(data['count'])
  assert.ok(counted >= promises.counted && counted <= promises.perhapsCounted, `counted to ${counted}, not from ${promises.counted} to ${promises.perhapsCounted}`)
  const finalizers = memberOf(body, 'metadata.finalizers')
  for (const name of promises.finalizers) assert.ok(Array.isArray(finalizers) && finalizers.includes(name), `the finalizer ${name} is lost`)
  const services = await items(server, '/api/v1/services')
  const addresses = services.map((service) => memberOf(service, 'spec.clusterIP'))
  const ports = services.flatMap((service) => [memberOf(service, 'spec.ports')].flat().map((port) => memberOf(port, 'nodePort')).filter((port) => port !== undefined))
  assert.deepEqual([new Set(addresses).size, new Set(ports).size], [addresses.length, ports.length], 'an address or a port was given out twice')
  assert.ok((await items(server, PODS)).length <= MOST_PODS, 'the quota is exceeded')
}

async function prepare(store: Store): Promise<WholeServer> {
  const server = await startWholeServer(store)
  const made = [
    await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } }), await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'small' } }),
    await server.ask('POST', '/api/v1/namespaces/default/configmaps', { metadata: { name: 'shared' }, data: { count: '0' } }),
    await server.ask('POST', '/api/v1/namespaces/small/resourcequotas', { metadata: { name: 'few' }, spec: { hard: { pods: String(MOST_PODS) } } }),
    await server.ask('POST', '/api/v1/namespaces/small/serviceaccounts', { metadata: { name: 'default' } }),
  ]
  assert.deepEqual(made.map(({ status }) => status), made.map(() => 201), made.map(({ text }) => text).join('\n'))
  // As the quota's controller does when it sees one for the first time.
  await server.ask('PATCH', '/api/v1/namespaces/small/resourcequotas/few/status', { status: { hard: { pods: String(MOST_PODS) }, used: { pods: '0' } } }, 'application/merge-patch+json')
  return server
}

/** The shared object stays until its last finalizer is gone, and takes no new ones. */
async function checkEnd(server: WholeServer): Promise<void> {
  const finalizers = memberOf((await server.ask('GET', SHARED)).body, 'metadata.finalizers')
  const deleted = await server.ask('DELETE', SHARED)
  assert.equal(deleted.status, 200, deleted.text)
  assert.equal((await server.ask('GET', SHARED)).status, finalizers === undefined ? 404 : 200)
  if (finalizers === undefined) return
  const refused = await server.ask('PATCH', SHARED, { metadata: { finalizers: ['example.com/late'] } }, 'application/strategic-merge-patch+json')
  assert.equal(refused.status, 422, 'a finalizer that comes too late')
  await server.ask('PATCH', SHARED, { metadata: { finalizers: null } }, 'application/merge-patch+json')
  assert.equal((await server.ask('GET', SHARED)).status, 404)
}

/** One process: what it is planned to die of, and whether it has. */
interface Life {
  isOver: boolean
  commits: number
  crash: { readonly atCommit: number; readonly fate: Fate } | undefined
}

async function begin(disk: Store, start: (store: Store) => Promise<WholeServer>): Promise<[WholeServer, Life]> {
  const life: Life = { isOver: false, commits: 0, crash: undefined }
  const fate = (): Fate => {
    // After the crash nothing reaches the disk.
    if (life.isOver) return 'lost-before'
    if (life.crash === undefined || life.commits++ !== life.crash.atCommit) return 'done'
    life.isOver = true
    return life.crash.fate
  }
  return [await start(storeWithFate(disk, fate)), life]
}

fuzzAsync('writers and crashes', 0.25, fc.array(round, { minLength: 1, maxLength: 4 }), async (rounds) => {
  const disk = createMemoryStore()
  const promises = new Promises()
  let [server, life] = await begin(disk, prepare)
  for (const [index, { deeds, crash }] of rounds.entries()) {
    life.crash = crash
    life.commits = 0
    const all = deeds.map(([deed, slot], client) => perform(server, promises, deed, slot, `${index}-${client}`))
    if (crash === undefined) {
      for (const result of await finished(server.clock, all)) if (result.status === 'rejected') throw result.reason
    } else {
      // What has begun and is still on its way when the process dies is never answered.
      for (const each of all) each.catch((error: unknown) => (life.isOver ? undefined : Promise.reject(error)))
      for (let turn = 0; turn < 40; turn++) await settle()
      life.isOver = true
      server.stop()
      ;[server, life] = await begin(disk, startWholeServer)
    }
    await checkAll(server, promises)
  }
  await checkEnd(server)
  server.stop()
})
