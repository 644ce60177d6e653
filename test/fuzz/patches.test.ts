/** The four patches: a result or a refusal, never a changed target, and the laws that each of them has. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { applyConfiguration } from '../../src/objects/apply/apply-configuration.ts'
import { FieldSetPool } from '../../src/objects/apply/field-set-pool.ts'
import { decodeEntries } from '../../src/objects/apply/managers.ts'
import { trackUpdate } from '../../src/objects/apply/track-update.ts'
import { copyJson, freezeJson, sameJson, shareUnchanged, type JsonObject } from '../../src/objects/json.ts'
import { jsonText, parseJson } from '../../src/objects/json-text.ts'
import type { KubeObject } from '../../src/objects/kube-object.ts'
import { applyJsonPatch } from '../../src/objects/patch-json.ts'
import { applyMergePatch } from '../../src/objects/patch-merge.ts'
import { applyStrategicPatch } from '../../src/objects/patch-strategic.ts'
import { normalizeObject } from '../../src/objects/schema-walk.ts'
import { deploymentSchema } from '../../src/objects/sample-schemas.testing.ts'
import { accepted, fuzz } from './fuzzing.testing.ts'
import { hostileJson, hostileKey, hostileObject } from './hostile-values.testing.ts'

const pointer = fc.oneof(
  fc.constantFrom('', '/', '/metadata', '/metadata/labels/a', '/spec/template/spec/containers/0', '/spec/template/spec/containers/-', '/spec/template/spec/containers/0/env/1', 'x', '/__proto__/a', '/constructor/prototype'),
  fc.array(hostileKey, { maxLength: 4 }).map((steps) => steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')),
)
const operation = fc.record({ op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'fly'), path: pointer, from: pointer, value: hostileJson }, { requiredKeys: ['op', 'path'], noNullPrototype: true })

const NAMES = ['a', 'b', 'c'] as const
const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(arbitrary, { maxLength: 3 })
const variable = fc.record({ name: fc.constantFrom(...NAMES), value: fc.constantFrom('1', '2') }, { requiredKeys: ['name'], noNullPrototype: true })
const port = fc.record({ containerPort: fc.constantFrom(80, 81), protocol: fc.constantFrom('TCP', 'UDP'), name: fc.constantFrom(...NAMES) }, { requiredKeys: ['containerPort'], noNullPrototype: true })
const container = fc.record(
  { name: fc.constantFrom(...NAMES), image: fc.constantFrom('1', '2'), env: fc.uniqueArray(variable, { selector: ({ name }) => name, maxLength: 3 }), ports: some(port), args: some(fc.constantFrom('x', 'y')) },
  { requiredKeys: ['name'], noNullPrototype: true },
)
const containers = fc.uniqueArray(container, { selector: ({ name }) => name, minLength: 1, maxLength: 3 })
const labels = fc.dictionary(fc.constantFrom(...NAMES, 'constructor', 'toString'), fc.constantFrom('1', '2'), { maxKeys: 3, noNullPrototype: true })
const metadata = fc.record({ labels, finalizers: fc.uniqueArray(fc.constantFrom('a/a', 'b/b'), { maxLength: 2 }) }, { requiredKeys: [], noNullPrototype: true })

/** A Deployment as somebody might write it: sound but for what two writers disagree on. */
const deployment: fc.Arbitrary<JsonObject> = fc.tuple(metadata, containers, fc.option(fc.nat({ max: 3 }), { nil: undefined })).map(([meta, list, replicas]) => ({
  apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default', ...meta },
  spec: { ...(replicas === undefined ? {} : { replicas }), template: { spec: { containers: list } } },
}))
/** Also what is no Deployment at all. */
const anything: fc.Arbitrary<JsonObject> = fc.oneof({ weight: 2, arbitrary: deployment }, hostileObject)

fuzz('JSON patches', 0.04, fc.tuple(anything, fc.array(fc.oneof({ weight: 9, arbitrary: operation as fc.Arbitrary<unknown> }, hostileJson), { maxLength: 8 })), ([given, patch]) => {
  const target = freezeJson(given)
  const before = jsonText(target)
  const patched = accepted(() => applyJsonPatch(target, freezeJson(patch)))
  assert.equal(jsonText(target), before)
  if (patched !== undefined) assert.deepEqual(parseJson(jsonText(patched)), parseJson(jsonText(applyJsonPatch(copyJson(target), patch))))
})

fuzz('merge patches', 0.03, fc.tuple(anything, fc.oneof(anything, hostileJson)), ([given, patch]) => {
  const target = freezeJson(given)
  const once = applyMergePatch(target, freezeJson(patch))
  assert.deepEqual(applyMergePatch(once, patch), once)
  assert.ok(sameJson(applyMergePatch(target, {}), target))
})

fuzz('strategic merge patches of sound objects', 0.04, fc.tuple(deployment, deployment), ([given, patch]) => {
  const target = freezeJson(given)
  const once = accepted(() => applyStrategicPatch(deploymentSchema, target, freezeJson(patch)))
  if (once !== undefined) assert.deepEqual(applyStrategicPatch(deploymentSchema, freezeJson(once), patch), once)
  assert.equal(applyStrategicPatch(deploymentSchema, target, {}), target)
})

fuzz('strategic merge patches of anything', 0.03, fc.tuple(anything, anything), ([given, patch]) => {
  const target = freezeJson(given)
  const patched = accepted(() => applyStrategicPatch(deploymentSchema, target, freezeJson(patch)))
  if (patched !== undefined) assert.doesNotMatch(jsonText(patched), /native code/)
})

const sets = new FieldSetPool()

function normal(draft: JsonObject): KubeObject | undefined {
  const copy = copyJson(draft)
  return accepted(() => {
    normalizeObject(deploymentSchema, copy, { kind: 'Deployment', version: 'apps/v1' })
    return copy as JsonObject & KubeObject
  })
}

type Write = readonly [how: 'apply' | 'force' | 'update', manager: string, wanted: JsonObject]
const writes: fc.Arbitrary<Write[]> = fc.array(fc.tuple(fc.constantFrom('apply', 'force', 'update'), fc.constantFrom('x', 'y', 'kubectl'), deployment), { minLength: 1, maxLength: 5 })

/** As an update of it that leaves the managers as they are. */
function withEntries(next: KubeObject, { metadata: { managedFields } }: KubeObject): KubeObject {
  return managedFields === undefined ? next : { ...next, metadata: { ...next.metadata, managedFields } }
}

function write(live: KubeObject | undefined, [how, manager, wanted]: Write, now: number): KubeObject | undefined {
  const config = normal(wanted)
  if (config === undefined) return live
  freezeJson(config)
  if (how === 'update') {
    const next = live === undefined ? config : shareUnchanged(withEntries(copyJson(config), live), live)
    const managedFields = trackUpdate(deploymentSchema, live, freezeJson(next), { manager, apiVersion: 'apps/v1', subresource: '', now }, sets)
    const { managedFields: _, ...meta } = next.metadata
    return { ...next, metadata: managedFields === undefined ? meta : { ...meta, managedFields } }
  }
  const request = { schema: deploymentSchema, live, config, manager, subresource: '', force: how === 'force', now, ignore: [], sets }
  const applied = accepted(() => applyConfiguration(request))
  if (applied === undefined) return live
  // Applied again at once it changes nothing, and what was applied is there.
  assert.equal(applyConfiguration({ ...request, live: freezeJson(applied), now: now + 1_000 }), applied)
  return applied
}

fuzz('server-side apply by several managers', 0.08, writes, (all) => {
  let live: KubeObject | undefined
  for (const [index, each] of all.entries()) {
    live = write(live, each, index * 1_000)
    if (live === undefined) continue
    freezeJson(live)
    // What is stored of the managers can be read again, and is what was stored.
    const entries = live.metadata.managedFields ?? []
    assert.deepEqual(decodeEntries(copyJson(entries)), entries)
  }
})
