import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { sampleDeployment } from '../sample-objects.testing.ts'
import { deploymentSchema } from '../sample-schemas.testing.ts'
import { FieldSetPool } from './field-set-pool.ts'
import { changedFields } from './ownership.ts'

const name = fc.constantFrom('a', 'b', 'c')
const port = fc.record({ containerPort: fc.constantFrom(80, 81, '80'), protocol: fc.constantFrom('TCP', 'UDP'), name }, { requiredKeys: [] })
const container = fc.oneof(
  fc.record({ name, image: name, ports: fc.array(port, { maxLength: 2 }), env: fc.array(fc.record({ name, value: name })), resources: fc.object({ maxDepth: 2 }) }, { requiredKeys: [] }),
  fc.constantFrom(null, 'a', 7),
)
const deployment = fc.record({
  metadata: fc.record({ name, labels: fc.oneof(fc.dictionary(name, name), fc.constant(null)), finalizers: fc.array(name) }, { requiredKeys: [] }),
  spec: fc.record({ replicas: fc.nat(2), template: fc.record({ metadata: fc.object({ maxDepth: 2 }), spec: fc.record({ containers: fc.array(container, { maxLength: 3 }) }) }) }, { requiredKeys: [] }),
}, { requiredKeys: [] })

test('a set that is found is the one that would be built', () => {
  const sets = new FieldSetPool()
  fc.assert(fc.property(deployment, (object) => {
    const built = changedFields(deploymentSchema, undefined, object)
    assert.deepEqual(sets.added(deploymentSchema, object), built)
    assert.equal(sets.textOf(sets.added(deploymentSchema, object)), JSON.stringify(built))
  }), { numRuns: 300 })
})

test('objects of one shape share one set', () => {
  const sets = new FieldSetPool()
  const first = sets.added(deploymentSchema, sampleDeployment())
  assert.equal(sets.added(deploymentSchema, { ...sampleDeployment(), metadata: { name: 'other', labels: { app: 'y' } } }), first)
  assert.notEqual(sets.added(deploymentSchema, { ...sampleDeployment(), metadata: { name: 'other', labels: { tier: 'y' } } }), first)
  assert.equal(sets.shared(structuredClone(first)), first)
  const unknown = { 'f:data': {} }
  assert.equal(sets.textOf(unknown), '{"f:data":{}}')
})

test('what differs in every object does not fill the memory', () => {
  const sets = new FieldSetPool()
  const first = sets.added(deploymentSchema, sampleDeployment())
  for (let number = 0; number < 2_000; number++) {
    const labels = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`l-${number}-${index}`, '']))
    sets.added(deploymentSchema, { metadata: { labels } })
  }
  assert.deepEqual(sets.added(deploymentSchema, sampleDeployment()), first, 'built anew, and equal')
})
