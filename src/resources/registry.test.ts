import assert from 'node:assert/strict'
import { test } from 'node:test'
import { copyJson, freezeJson, isObject } from '../objects/json.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import type { ResourceDefinition } from './definition.ts'
import { NOW, context, messagesOf } from './kinds/checking.testing.ts'
import { richPod } from './kinds/pod/rich-pod.testing.ts'
import { kindConversions, servedResources } from './registry.ts'
import { sampleOf } from './sample-objects.testing.ts'
import { SchemaCatalog } from './schema.ts'
import { tableColumns } from './table.ts'

function fresh(definition: ResourceDefinition): KubeObject {
  return sampleOf(definition.kind)
}

function stored(definition: ResourceDefinition, object: KubeObject): KubeObject {
  const draft = copyJson(object)
  definition.defaults(draft)
  definition.prepareForCreate(draft, context)
  return draft
}

/** Everything that is done to an object, so that a hole anywhere shows. */
function exercise(definition: ResourceDefinition, object: KubeObject): string[] {
  const draft = stored(definition, object)
  const errors = definition.validateCreate(draft)
  // What is refused is never stored, and so never shown.
  if (errors.length > 0) return messagesOf(errors)
  for (const column of tableColumns(definition)) column.cell(draft, NOW)
  for (const value of Object.values(definition.selectableFields)) assert.equal(typeof value(draft), 'string')
  definition.deletionGraceSeconds?.(draft, undefined)
  definition.scale?.selector(draft)
  return messagesOf(errors)
}

test('each kind is served once, with a schema and a sample that is valid', () => {
  const catalog = new SchemaCatalog()
  const seen = new Set<string>()
  for (const definition of servedResources()) {
    const { group, version, plural, schema } = definition.kind
    const id = `${plural}.${group}/${version}`
    assert.ok(!seen.has(id), `${id} is listed twice`)
    seen.add(id)
    assert.notEqual(catalog.lookup(schema), undefined, `${id} has no schema`)
    assert.deepEqual(exercise(definition, fresh(definition)), [], id)
  }
})

test('finalizers without a domain: kinds whose metadata upstream checks with the rules of apimachinery alone', () => {
  const free = servedResources().filter(({ finalizerRule, virtual }) => finalizerRule === 'qualified' && !virtual)
  assert.deepEqual(free.map(({ kind }) => kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`).sort(), [
    'apiservices.apiregistration.k8s.io', 'customresourcedefinitions.apiextensions.k8s.io', 'events', 'leases.coordination.k8s.io',
    'mutatingadmissionpolicies.admissionregistration.k8s.io', 'mutatingadmissionpolicybindings.admissionregistration.k8s.io',
    'mutatingwebhookconfigurations.admissionregistration.k8s.io', 'poddisruptionbudgets.policy', 'runtimeclasses.node.k8s.io',
    'validatingadmissionpolicies.admissionregistration.k8s.io', 'validatingadmissionpolicybindings.admissionregistration.k8s.io',
    'validatingwebhookconfigurations.admissionregistration.k8s.io',
  ])
})

test('defaults that stand are left alone: nothing shared is written to', () => {
  for (const definition of servedResources()) {
    const first = freezeJson(stored(definition, fresh(definition)))
    const draft = { ...first }
    definition.defaults(draft)
    assert.deepEqual(draft, first, definition.kind.kind)
  }
})

test('preparing an update does not write to what the draft shares with the old object', () => {
  for (const definition of servedResources()) {
    const old = freezeJson(stored(definition, fresh(definition)))
    const draft = { ...old }
    definition.prepareForUpdate(draft, old, context)
    assert.deepEqual(draft, old, definition.kind.kind)
    assert.deepEqual(messagesOf(definition.validateUpdate(draft, old)), [], definition.kind.kind)
    const statusDraft = { ...old }
    definition.status?.prepareForUpdate(statusDraft, old, context)
    assert.deepEqual(statusDraft, old, definition.kind.kind)
    assert.deepEqual(messagesOf(definition.status?.validateUpdate(statusDraft, old) ?? []), [], definition.kind.kind)
  }
})

/** The object without one of its fields, for each of them. */
function* mutilations(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      yield value.toSpliced(index, 1)
      for (const part of mutilations(item)) yield value.with(index, part)
    }
  } else if (isObject(value)) {
    for (const [key, member] of Object.entries(value)) {
      const { [key]: _, ...rest } = value
      yield rest
      for (const part of mutilations(member)) yield { ...value, [key]: part }
    }
  }
}

test('an object that lacks any one field gets errors at most, never an exception', () => {
  for (const definition of servedResources()) {
    const samples = definition.kind.kind === 'Pod' ? [fresh(definition), richPod()] : [fresh(definition)]
    for (const sample of samples) {
      for (const part of mutilations(sample)) {
        const object = { metadata: {}, ...Object(part), apiVersion: sample.apiVersion, kind: sample.kind }
        if (isObject(object.metadata)) check(definition, object)
      }
    }
  }
})

function check(definition: ResourceDefinition, object: KubeObject): void {
  try {
    exercise(definition, object)
  } catch (error) {
    assert.fail(`${String(error instanceof Error ? error.stack : error)}\nof ${JSON.stringify(object)}`)
  }
}

test('kinds that share their objects show them without a loss', () => {
  for (const { served, stored: core, toStored, toServed } of kindConversions()) {
    const sample = sampleOf(served)
    assert.deepEqual(toServed(toStored(sample)), sample)
    const old = sampleOf(core)
    assert.deepEqual(toStored(toServed(old)), old)
  }
})
