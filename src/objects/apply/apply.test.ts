import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { present } from '../../words/assert.ts'
import type { StatusError } from '../../words/status-error.ts'
import { copyJson, freezeJson } from '../json.ts'
import type { KubeObject, ManagedFieldsEntry } from '../kube-object.ts'
import { refusalOf } from '../refusal.testing.ts'
import { sampleDeployment, type SampleContainer, type SampleDeployment } from '../sample-objects.testing.ts'
import { deploymentSchema } from '../sample-schemas.testing.ts'
import { applyConfiguration } from './apply-configuration.ts'
import { FieldSetPool } from './field-set-pool.ts'
import { fieldsOf } from './field-set.ts'
import { decodeEntries, setOf } from './managers.ts'
import { formatFieldPath } from './path-element.ts'
import { trackUpdate } from './track-update.ts'

const sets = new FieldSetPool()

interface ApplyOptions { readonly force?: true; readonly now?: number; readonly subresource?: string; readonly ignore?: readonly string[] }

function apply(live: KubeObject | undefined, config: object, manager: string, options: ApplyOptions = {}): SampleDeployment {
  const merged = applyConfiguration({
    schema: deploymentSchema, live: live === undefined ? undefined : freezeJson(live), config: freezeJson(config) as KubeObject, manager,
    subresource: options.subresource ?? '', force: options.force === true, now: options.now ?? 0, ignore: options.ignore ?? [], sets,
  })
  return merged as SampleDeployment
}

function update(old: KubeObject | undefined, next: SampleDeployment, manager: string, now = 0, subresource = ''): SampleDeployment {
  const managedFields = trackUpdate(deploymentSchema, old, freezeJson(next), { manager, apiVersion: 'apps/v1', subresource, now }, sets)
  return { ...next, metadata: { ...next.metadata, ...(managedFields === undefined ? {} : { managedFields }) } }
}

function owned(object: KubeObject, manager: string): string[] {
  const entry = object.metadata.managedFields?.find((each) => each.manager === manager)
  return entry === undefined ? [] : fieldsOf(setOf(entry)).map(formatFieldPath)
}

const base = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'default' } }

function withContainers(containers: SampleContainer[], more: Partial<SampleDeployment['spec']> = {}): SampleDeployment {
  return { ...base, spec: { template: { spec: { containers } }, ...more } }
}

test('create by update: what the writer owns', () => {
  assert.deepEqual(update(undefined, sampleDeployment(), 'kubectl').metadata.managedFields, [{
    manager: 'kubectl', operation: 'Update', apiVersion: 'apps/v1', time: '1970-01-01T00:00:00Z', fieldsType: 'FieldsV1', fieldsV1: {
      'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
      'f:spec': { 'f:replicas': {}, 'f:template': { 'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } }, 'f:spec': { 'f:containers': { 'k:{"name":"web"}': {
        '.': {}, 'f:name': {}, 'f:image': {},
        'f:ports': { '.': {}, 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} } },
        'f:env': { '.': {}, 'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
      } } } } },
    },
  }])
})

test('create by apply: what the applier owns', () => {
  const applied = apply(undefined, withContainers([{ name: 'a', image: '1', ports: [{ containerPort: 80 }] }], { selector: { matchLabels: { a: 'b' } } }), 'm')
  assert.deepEqual(owned(applied, 'm'), [
    '.spec.template.spec.containers[name="a"]', '.spec.template.spec.containers[name="a"].name',
    '.spec.template.spec.containers[name="a"].image',
    '.spec.template.spec.containers[name="a"].ports[containerPort=80,protocol="TCP"]',
    '.spec.template.spec.containers[name="a"].ports[containerPort=80,protocol="TCP"].containerPort', '.spec.selector',
  ])
})

test('updates move ownership, and nothing is rewritten when nothing changes', () => {
  const created = update(undefined, sampleDeployment(), 'alice')
  const scaled = update(created, { ...created, spec: { ...created.spec, replicas: 5 } }, 'bob', 5000)
  assert.deepEqual(owned(scaled, 'bob'), ['.spec.replicas'])
  assert.ok(!owned(scaled, 'alice').includes('.spec.replicas'))
  assert.equal(update(scaled, { ...scaled }, 'carol', 9000).metadata.managedFields, scaled.metadata.managedFields)
  const again = update(scaled, { ...scaled, spec: { ...scaled.spec, replicas: 6 } }, 'bob', 9000)
  assert.equal(again.metadata.managedFields?.find(({ manager }) => manager === 'bob')?.time, '1970-01-01T00:00:05Z', 'the same fields: the same time')
  const removed = update(again, { ...again, spec: { template: again.spec.template } }, 'carol', 9000)
  assert.deepEqual(removed.metadata.managedFields?.map(({ manager }) => manager), ['alice'], 'who owns nothing any more is forgotten')
})

test('a status write is an entry of its own', () => {
  const created = update(undefined, sampleDeployment(), 'alice')
  const reported = update(created, { ...created, status: { readyReplicas: 1 } }, 'alice', 0, 'status')
  assert.deepEqual(reported.metadata.managedFields?.map(({ subresource }) => subresource), [undefined, 'status'])
})

test('a client may edit the entries, reset them, and is not heard when they are malformed', () => {
  const created = update(undefined, sampleDeployment(), 'alice')
  const edit = (managedFields: ManagedFieldsEntry[]): string[] | undefined =>
    update(created, { ...created, metadata: { ...created.metadata, managedFields } }, 'bob').metadata.managedFields?.map(({ manager }) => manager ?? '')
  const entry: ManagedFieldsEntry = { manager: 'carol', operation: 'Apply', apiVersion: 'apps/v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }
  assert.deepEqual(edit([entry]), ['carol'])
  assert.deepEqual(edit([]), ['alice'])
  assert.deepEqual(edit([{ ...entry, fieldsV1: { x: 1 } }]), ['alice'])
  assert.equal(decodeEntries([{ ...entry, operation: 'Other' }]), undefined)
  // An object without entries that nobody changes stays so.
  assert.deepEqual(update(created, { ...created, metadata: { ...created.metadata, managedFields: [{}] } }, 'bob').metadata.managedFields, [{}])
})

test('apply changes what it owns, keeps what others own, and takes away what it leaves out', () => {
  const first = apply(undefined, withContainers([{ name: 'a', image: '1' }, { name: 'b', image: '1' }], { replicas: 2, paused: true }), 'm')
  const defaulted = update(first, { ...first, spec: { ...first.spec, strategy: { type: 'RollingUpdate' } } }, 'other')
  const second = apply(defaulted, withContainers([{ name: 'a', image: '2' }], { replicas: 2 }), 'm', { now: 5000 })
  assert.deepEqual(second.spec, { template: { spec: { containers: [{ name: 'a', image: '2' }] } }, replicas: 2, strategy: { type: 'RollingUpdate' } })
  assert.equal(apply(second, withContainers([{ name: 'a', image: '2' }], { replicas: 2 }), 'm', { now: 9000 }), second, 'nothing changes: the live object itself')
})

test('apply keeps what is shared between appliers until the last leaves it', () => {
  const config = withContainers([{ name: 'a', image: '1' }], { replicas: 2 })
  const both = apply(apply(undefined, config, 'm'), config, 'n')
  const one = apply(both, withContainers([{ name: 'a', image: '1' }]), 'm')
  assert.equal(one.spec.replicas, 2)
  const none = apply(one, withContainers([{ name: 'a', image: '1' }]), 'n')
  assert.equal(none.spec.replicas, undefined)
})

test('leaving a struct out takes what nobody owns in it too', () => {
  const first = apply(undefined, withContainers([{ name: 'a' }], { strategy: { type: 'RollingUpdate' } }), 'm')
  const defaulted = { ...first, spec: { ...first.spec, strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } }
  assert.equal(apply(defaulted, withContainers([{ name: 'a' }]), 'm').spec.strategy, undefined)
})

test('labels go one by one, the metadata never', () => {
  const labelled = (labels: Record<string, string> | undefined): object => ({ ...base, metadata: { ...base.metadata, ...(labels === undefined ? {} : { labels }) } })
  const first = apply(undefined, labelled({ a: '1', b: '2' }), 'm')
  assert.deepEqual(apply(first, labelled({ b: '2' }), 'm').metadata.labels, { b: '2' })
  const { managedFields: _, ...metadata } = apply(first, labelled(undefined), 'm').metadata
  assert.deepEqual(metadata, base.metadata)
})

function refusal(run: () => unknown): StatusError {
  return present(refusalOf(run), 'a refusal')
}

test('conflicts', () => {
  const created = update(undefined, sampleDeployment(), 'kubectl-client-side-apply')
  const one = refusal(() => apply(created, { ...base, spec: { replicas: 9 } }, 'm'))
  assert.deepEqual([one.code, one.reason, one.message], [409, 'Conflict', 'Apply failed with 1 conflict: conflict with "kubectl-client-side-apply" using apps/v1: .spec.replicas'])
  assert.deepEqual(one.details?.causes, [{ reason: 'FieldManagerConflict', message: 'conflict with "kubectl-client-side-apply" using apps/v1', field: '.spec.replicas' }])
  const two = refusal(() => apply(created, withContainers([{ name: 'web', image: '9' }], { replicas: 9 }), 'm'))
  assert.equal(two.message, 'Apply failed with 2 conflicts: conflicts with "kubectl-client-side-apply" using apps/v1:\n- .spec.replicas\n- .spec.template.spec.containers[name="web"].image')
  const forced = apply(created, { ...base, spec: { replicas: 9 } }, 'm', { force: true })
  assert.equal(forced.spec.replicas, 9)
  assert.ok(!owned(forced, 'kubectl-client-side-apply').includes('.spec.replicas'))
  const applier = refusal(() => apply(forced, { ...base, spec: { replicas: 1 } }, 'n'))
  assert.equal(applier.message, 'Apply failed with 1 conflict: conflict with "m": .spec.replicas')
  assert.deepEqual(owned(apply(forced, { ...base, spec: { replicas: 9 } }, 'n'), 'n'), ['.spec.replicas'], 'the same value is shared without conflict')
})

test('kubectl takes over what it applied on the client, and keeps the annotation in step', () => {
  const config = { ...base, spec: { replicas: 3 } }
  const sample = sampleDeployment()
  const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(config) }
  const created = update(undefined, { ...sample, metadata: { ...sample.metadata, annotations } }, 'kubectl-client-side-apply')
  const taken = apply(created, { ...base, spec: { replicas: 4 } }, 'kubectl')
  assert.equal(taken.spec.replicas, 4)
  assert.equal(taken.metadata.annotations?.['kubectl.kubernetes.io/last-applied-configuration'], `${JSON.stringify({ ...base, spec: { replicas: 4 } })}\n`)
  const scaled = update(created, { ...created, spec: { ...created.spec, replicas: 7 } }, 'hpa')
  assert.equal(refusal(() => apply(scaled, { ...base, spec: { replicas: 4 } }, 'kubectl')).code, 409)
})

test('the first apply to an object that nobody is known to have written', () => {
  const bare = sampleDeployment()
  assert.match(refusal(() => apply(bare, { ...base, spec: { replicas: 9 } }, 'm')).message, /conflict with "before-first-apply" using apps\/v1: .spec.replicas$/)
  assert.deepEqual(apply(bare, { ...base, spec: { replicas: 3 } }, 'm').metadata.managedFields?.map(({ manager }) => manager), ['m', 'before-first-apply'])
})

test('configurations that cannot be applied', () => {
  const table: [config: object, message: RegExp][] = [
    [withContainers([{ name: 'a' }, { name: 'a' }]),
      /^failed to create typed patch object \(default\/web; apps\/v1, Kind=Deployment\): \.spec\.template\.spec\.containers: duplicate entries for key \[name="a"\]$/],
    [withContainers([{ image: 'x', name: '' }].map(({ image }) => ({ image }) as SampleContainer)),
      /element 0: associative list with keys has an element that omits key field "name"$/],
    [{ ...base, metadata: { ...base.metadata, managedFields: [] } }, /^metadata.managedFields must be nil$/],
  ]
  for (const [config, message] of table) {
    const error = refusal(() => apply(undefined, config, 'm'))
    assert.equal(error.code, 400)
    assert.match(error.message, message)
  }
})

test('ignored fields are neither written nor owned', () => {
  const applied = apply(undefined, { ...base, spec: { replicas: 1 }, status: { readyReplicas: 1 } }, 'm', { ignore: ['status'] })
  assert.equal('status' in applied, false)
  assert.deepEqual(owned(applied, 'm'), ['.spec.replicas'])
})

test('lists keep their order under apply', () => {
  const named = (...names: string[]): SampleContainer[] => names.map((name) => ({ name }))
  const order = (live: string[], config: string[]): string =>
    apply(update(undefined, withContainers(named(...live)), 'u'), withContainers(named(...config)), 'm').spec.template.spec.containers.map(({ name }) => name).join('')
  const table: [live: string, config: string, expected: string][] = [
    ['axb', 'bc', 'axbc'], ['ab', 'ba', 'ba'], ['abc', 'c', 'abc'], ['a', 'b', 'ab'], ['axby', 'bc', 'axbyc'], ['abx', 'nab', 'nabx'],
    ['xab', 'ba', 'xba'],
  ]
  for (const [live, config, expected] of table) assert.equal(order([...live], [...config]), expected, `${live} + ${config}`)
})

test('more than ten updaters are folded into one', () => {
  let object = update(undefined, sampleDeployment(), 'first')
  for (let index = 0; index < 30; index++) {
    const labels = { ...object.metadata.labels, [`l${index}`]: 'x' }
    object = update(object, { ...object, metadata: { ...object.metadata, labels } }, `manager-${index}`, index * 1000)
  }
  const managers = object.metadata.managedFields?.map(({ manager }) => manager) ?? []
  assert.equal(managers.length, 10)
  assert.ok(managers.includes('ancient-changes') && managers.includes('manager-29') && !managers.includes('first'))
  assert.ok(owned(object, 'ancient-changes').includes('.spec.replicas'))
})

const container = fc.record({ name: fc.constantFrom('a', 'b', 'c'), image: fc.constantFrom('1', '2') }, { requiredKeys: ['name'], noNullPrototype: true })
const config = fc.record({
  containers: fc.uniqueArray(container, { selector: ({ name }) => name, maxLength: 3 }), replicas: fc.option(fc.nat(2)),
  labels: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2'), { noNullPrototype: true }),
}).map(({ containers, replicas, labels }) => ({
  ...withContainers(containers, replicas === null ? {} : { replicas }), metadata: { ...base.metadata, labels },
}))

test('property: applying twice is applying once, and forgetting all that was applied leaves what others own', () => {
  fc.assert(fc.property(config, config, config, (one, two, three) => {
    const created = update(undefined, copyJson(one), 'u')
    const applied = apply(created, two, 'm', { force: true })
    assert.equal(apply(applied, two, 'm', { force: true, now: 5000 }), applied)
    const changed = apply(applied, three, 'm', { force: true })
    for (const wanted of three.spec.template.spec.containers) {
      const found = changed.spec.template.spec.containers.find(({ name }) => name === wanted.name)
      assert.deepEqual({ ...found, ...wanted }, found)
    }
    assert.deepEqual({ ...changed.metadata.labels, ...three.metadata.labels }, { ...changed.metadata.labels })
  }), { numRuns: 200 })
})
