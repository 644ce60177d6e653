/**
 * What upstream's conformance tests ask of kind after kind: it is found by discovery, and may be created, read, listed, watched, patched, updated,
 * its status too, deleted by name and by collection. Here all kinds are asked, see docs/conformance.md.
 */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { memberOf, settle, type TestAnswer } from '../../src/apiserver/apiserver.testing.ts'
import { isObject } from '../../src/objects/json.ts'
import type { KubeObject } from '../../src/objects/kube-object.ts'
import type { ResourceDefinition } from '../../src/resources/definition.ts'
import { servedResources } from '../../src/resources/registry.ts'
import { sampleMutatingPolicy } from '../../src/resources/sample-extension-objects.testing.ts'
import { sampleOf } from '../../src/resources/sample-objects.testing.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { startWholeServer, type WholeServer } from '../fuzz/whole-server.testing.ts'

const MERGE = 'application/merge-patch+json'
/** Their deletion has a life of its own, which other tests look at. */
const LONG_DEATHS: ReadonlySet<string> = new Set(['namespaces'])

/** The server writes their status itself, whenever it comes to that. */
const SERVER_WRITES: ReadonlySet<string> = new Set(['customresourcedefinitions'])

/** Where the whole server asks for more than the kind's own validation. */
const SAMPLES: Readonly<Record<string, () => KubeObject>> = {
  mutatingadmissionpolicies: () => {
    const policy = sampleMutatingPolicy()
    const mutations = [{ patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{op: "test", path: "/kind", value: "Pod"}]' } }]
    return { ...policy, spec: { ...policy.spec, mutations } } as KubeObject
  },
}

let server: WholeServer
before(async () => {
  server = await startWholeServer(createMemoryStore())
  await ok(server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'default' } }))
  await ok(server.ask('POST', '/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'default' } }))
})

async function ok(answered: Promise<TestAnswer>): Promise<TestAnswer> {
  const answer = await answered
  assert.ok(answer.status < 300, answer.text)
  return answer
}

interface Found {
  readonly verbs: readonly string[]
  readonly hasStatus: boolean
}

/** As the discovery documents say, from the root down. */
async function discover({ kind }: ResourceDefinition): Promise<Found> {
  if (kind.group !== '') {
    const groups = (await ok(server.ask('GET', '/apis'))).body['groups']
    assert.ok(Array.isArray(groups))
    const group: unknown = groups.find((each) => memberOf(each, 'name') === kind.group)
    const versions = memberOf(group, 'versions')
    assert.ok(Array.isArray(versions) && versions.some((each) => memberOf(each, 'groupVersion') === `${kind.group}/${kind.version}`), `${kind.group}/${kind.version} is announced`)
    assert.deepEqual((await ok(server.ask('GET', `/apis/${kind.group}`))).body['versions'], versions)
  }
  const resources = (await ok(server.ask('GET', rootOf({ kind })))).body['resources']
  assert.ok(Array.isArray(resources))
  const one: unknown = resources.find((each) => memberOf(each, 'name') === kind.plural)
  const verbs = memberOf(one, 'verbs')
  assert.ok(Array.isArray(verbs), `${kind.plural} is announced`)
  assert.deepEqual([memberOf(one, 'kind'), memberOf(one, 'namespaced')], [kind.kind, kind.namespaced])
  return { verbs: verbs.map(String), hasStatus: resources.some((each) => memberOf(each, 'name') === `${kind.plural}/status`) }
}

function rootOf({ kind }: Pick<ResourceDefinition, 'kind'>): string {
  return kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`
}

/** Of a life from creation to deletion: what a watch must have told. */
async function live(definition: ResourceDefinition, { verbs, hasStatus }: Found): Promise<void> {
  const { kind } = definition
  const collection = `${rootOf(definition)}${kind.namespaced ? '/namespaces/default' : ''}/${kind.plural}`
  const sample = SAMPLES[kind.plural]?.() ?? sampleOf(kind)
  const labelled: KubeObject = { ...sample, metadata: { ...sample.metadata, labels: { ...sample.metadata.labels, conformance: 'yes' } } }
  const name = sample.metadata.name ?? ''
  const one = `${collection}/${name}`
  const selected = `${collection}?labelSelector=conformance%3Dyes`
  const list = await ok(server.ask('GET', selected))
  const watch = await server.watch(`${selected}&watch=true&resourceVersion=${String(list.get('metadata.resourceVersion'))}`)
  const seen: string[] = []
  const expectEvent = async (...events: string[]): Promise<void> => {
    seen.push(...events.map((event) => `${event} ${name}`))
    // The server's own writes follow.
    for (let turn = 0; turn < 5; turn++) await settle()
  }
  const end = async (): Promise<void> => {
    await watch.end()
    const counted = SERVER_WRITES.has(kind.plural) ? withoutModified : onceModified
    assert.deepEqual(counted(watch.told), counted(seen), kind.kind)
  }

  const created = await ok(server.ask('POST', collection, labelled))
  assert.equal(created.status, 201)
  await expectEvent('ADDED')
  const patched = await ok(server.ask('PATCH', one, { metadata: { annotations: { patched: 'true' } } }, MERGE))
  assert.equal(patched.get('metadata.annotations.patched'), 'true')
  const updated = await ok(server.ask('PUT', one, { ...patched.body, metadata: { ...patched.body.metadata, annotations: { updated: 'true' } } }))
  assert.deepEqual([updated.get('metadata.annotations.updated'), updated.get('metadata.uid')], ['true', created.get('metadata.uid')])
  await expectEvent('MODIFIED', 'MODIFIED')
  assert.equal((await server.ask('PUT', one, created.body)).status, 409, 'an update of what was before')
  if (hasStatus) {
    const status = await ok(server.ask('GET', `${one}/status`))
    assert.equal(status.get('metadata.name'), name)
    await ok(server.ask('PATCH', `${one}/status`, {}, MERGE))
    await ok(server.ask('PUT', `${one}/status`, status.body))
  }
  const read = await ok(server.ask('GET', one))
  assert.deepEqual([read.get('metadata.uid'), read.get('kind'), read.get('apiVersion')], [created.get('metadata.uid'), kind.kind, definition.kind.group === '' ? kind.version : `${kind.group}/${kind.version}`])
  for (const path of new Set([selected, `${rootOf(definition)}/${kind.plural}?labelSelector=conformance%3Dyes`])) {
    const { body } = await ok(server.ask('GET', path))
    assert.deepEqual([body['kind'], Array.isArray(body['items']) ? body['items'].length : 0], [`${kind.kind}List`, 1])
  }
  if (LONG_DEATHS.has(kind.plural)) return end()
  await die(() => ok(server.ask('DELETE', one)), one, expectEvent)
  if (verbs.includes('deletecollection')) {
    assert.equal((await ok(server.ask('POST', collection, labelled))).status, 201)
    await expectEvent('ADDED')
    await die(() => ok(server.ask('DELETE', selected)), one, expectEvent)
    const left = (await ok(server.ask('GET', selected))).body['items']
    assert.deepEqual(left, [])
  }
  await end()
}

function withoutModified(told: readonly string[]): string[] {
  return told.filter((event) => !event.startsWith('MODIFIED'))
}

/** A status that stays as it was may be written or not: how often one is modified in a row is not told apart. */
function onceModified(told: readonly string[]): string[] {
  return told.filter((event, index) => !event.startsWith('MODIFIED') || told[index - 1] !== event)
}

/** Where a finalizer protects it, it is marked first and goes when that is taken off. */
async function die(end: () => Promise<TestAnswer>, one: string, expectEvent: (...events: string[]) => Promise<void>): Promise<void> {
  await end()
  const left = await server.ask('GET', one)
  if (left.status === 404) return expectEvent('DELETED')
  assert.ok(isObject(left.body.metadata) && left.get('metadata.deletionTimestamp') !== undefined, left.text)
  await expectEvent('MODIFIED')
  // Of some the server takes it off itself, maybe just now.
  const freed = await server.ask('PATCH', one, { metadata: { finalizers: null } }, MERGE)
  assert.ok(freed.status === 200 || freed.status === 404, freed.text)
  assert.equal((await server.ask('GET', one)).status, 404)
  await expectEvent('DELETED')
}

for (const definition of servedResources()) {
  const { group, version, plural } = definition.kind
  test(`${plural} of ${group === '' ? 'core' : group}/${version}`, async () => {
    const found = await discover(definition)
    if (found.verbs.includes('list') && found.verbs.includes('create')) await live(definition, found)
  })
}
