import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { freezeJson, shareUnchanged, type JsonObject } from './json.ts'
import { applyJsonPatch } from './patch-json.ts'
import { applyMergePatch } from './patch-merge.ts'
import { applyStrategicPatch } from './patch-strategic.ts'
import { refusalOf } from './refusal.testing.ts'
import { deploymentSchema } from './sample-schemas.testing.ts'

function refusal(run: () => unknown): string {
  const error = refusalOf(run)
  return error === undefined ? 'accepted' : `${error.code} ${error.details?.causes?.[0]?.message ?? error.message}`
}

test('JSON patch: RFC 6902', () => {
  const table: [target: unknown, patch: unknown[], expected: unknown][] = [
    [{ a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    [{ a: [1, 3] }, [{ op: 'add', path: '/a/1', value: 2 }, { op: 'add', path: '/a/-', value: 4 }], { a: [1, 2, 3, 4] }],
    [{ a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }], [{ a: [1, 2, 3] }, [{ op: 'remove', path: '/a/0' }], { a: [2, 3] }],
    [{ a: null }, [{ op: 'replace', path: '/a', value: { x: 1 } }, { op: 'replace', path: '/a/x', value: 2 }], { a: { x: 2 } }],
    [{ 'a/b': { 'c~d': 1 } }, [{ op: 'replace', path: '/a~1b/c~0d', value: 2 }], { 'a/b': { 'c~d': 2 } }],
    [{ a: { b: 1 }, c: {} }, [{ op: 'move', from: '/a/b', path: '/c/d' }], { a: {}, c: { d: 1 } }],
    [{ a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }, { op: 'replace', path: '/c/b', value: 2 }], { a: { b: 1 }, c: { b: 2 } }],
    [{ a: { b: [1] } }, [{ op: 'test', path: '/a', value: { b: [1] } }], { a: { b: [1] } }],
    [{ a: 1 }, [{ op: 'add', path: '', value: [] }], []],
    [{ a: 1 }, [{ op: 'test', path: '/b', value: null }], { a: 1 }],
  ]
  for (const [target, patch, expected] of table) assert.deepEqual(applyJsonPatch(freezeJson(target), freezeJson(patch)), expected, JSON.stringify(patch))
})

test('JSON patch: refusals', () => {
  const rejected = (why: string): string => `422 the server rejected our request due to an error in our request: ${why}`
  const table: [patch: unknown, expected: string][] = [
    [{}, '400 error decoding patch: a JSON patch is a list of operations'], [[1], '400 error decoding patch: operation 0 has no op'],
    [[{ op: 'add', path: 'a', value: 1 }], '400 error decoding patch: operation 0 has no valid path'],
    [[{ op: 'add', path: '/a' }], '400 error decoding patch: operation 0 (add) has no value'],
    [[{ op: 'test', path: '/a', value: 2 }], rejected('testing value /a failed')], [[{ op: 'remove', path: '/x' }], rejected('/x: no such path')],
    [[{ op: 'add', path: '/x/y', value: 1 }], rejected('/x/y: no such path').replace('/x/y', '/x')],
    [[{ op: 'add', path: '/l/5', value: 1 }], rejected('/l/5: index out of bounds')], [[{ op: 'fly', path: '/a' }], rejected('Unexpected kind: fly')],
    [[{ op: 'move', from: '/o', path: '/o/x' }], rejected('cannot move /o into itself')],
    [[{ op: 'add', path: '/__proto__', value: 1 }], rejected('the key __proto__ is not supported')],
    [Array(10_001).fill({ op: 'test', path: '/a', value: 1 }),
      '413 Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001'],
    [Array(40).fill({ op: 'copy', from: '/o', path: '/o/l/-' }),
      '413 Request entity too large: the copy operations of the patch copy too much'],
  ]
  for (const [patch, expected] of table) assert.equal(refusal(() => applyJsonPatch(freezeJson({ a: 1, l: [1], o: { l: [1, 2, 3] } }), patch)), expected)
})

test('JSON patch: copies of long texts and work in long lists are bounded', () => {
  const target = freezeJson({ list: Array.from({ length: 200_000 }, () => 0), text: 'x'.repeat(100_000), keys: { ['k'.repeat(100_000)]: 1 } })
  const table: [patch: unknown, expected: string][] = [
    [Array.from({ length: 100 }, (_, index) => ({ op: 'copy', from: '/text', path: `/text${index}` })), '413 Request entity too large: the copy operations of the patch copy too much'],
    [Array.from({ length: 100 }, (_, index) => ({ op: 'copy', from: '/keys', path: `/keys${index}` })), '413 Request entity too large: the copy operations of the patch copy too much'],
    [Array(10_000).fill({ op: 'add', path: '/list/0', value: 0 }), '413 Request entity too large: the patch inserts and removes too much in long lists'],
    [Array(10_000).fill({ op: 'remove', path: '/list/0' }), '413 Request entity too large: the patch inserts and removes too much in long lists'],
    [Array(10_000).fill({ op: 'add', path: '/list/-', value: 0 }), 'accepted'],
    [Array.from({ length: 20 }, (_, index) => ({ op: 'copy', from: '/text', path: `/text${index}` })), 'accepted'],
  ]
  for (const [patch, expected] of table) assert.equal(refusal(() => applyJsonPatch(target, patch)), expected)
})

test('merge patch: RFC 7386', () => {
  const table: [target: unknown, patch: unknown, expected: unknown][] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }], [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }], [{ a: 'b' }, { a: null }, {}],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }], [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }], [['a'], { b: 1 }, { b: 1 }], [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  ]
  for (const [target, patch, expected] of table) assert.deepEqual(applyMergePatch(freezeJson(target), freezeJson(patch)), expected)
})

const containers = (list: unknown[]): JsonObject => ({ spec: { template: { spec: { containers: list } } } })
const a = { name: 'a', image: '1' }
const b = { name: 'b', image: '2' }
const x = { name: 'x', image: '3' }

test('strategic merge patch: lists and directives', () => {
  const order = (list: unknown[], names: string[]): JsonObject => ({
    spec: { template: { spec: { containers: list, '$setElementOrder/containers': names.map((name) => ({ name })) } } },
  })
  const table: [why: string, target: JsonObject, patch: JsonObject, expected: JsonObject][] = [
    ['merges by key', containers([a, b]), containers([{ name: 'b', image: '9' }]), containers([a, { name: 'b', image: '9' }])],
    ['appends new elements', containers([a]), containers([b]), containers([a, b])],
    ['deletes elements', containers([a, b]), containers([{ $patch: 'delete', name: 'a' }]), containers([b])],
    ['replaces the list', containers([a, b]), containers([x, { $patch: 'replace' }]), containers([x])],
    ['an empty patch list changes nothing', containers([a]), containers([]), containers([a])],
    ['nested nulls', containers([a]), containers([{ name: 'a', image: null }]), containers([{ name: 'a' }])],
    ['no list there yet', {}, containers([{ $patch: 'delete', name: 'b' }, a]), containers([a])],
    ['orders', containers([a, x, b]), order([b, a], ['b', 'a']), containers([x, b, a])],
    ['orders alone', containers([a, b]),
      { spec: { template: { spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] } } } }, containers([b, a])],
    ['orders with an addition', containers([a, b]), order([x], ['x', 'a', 'b']), containers([x, a, b])],
    ['sets of values', { metadata: { finalizers: ['a', 'b'] } }, { metadata: { finalizers: ['b', 'c'] } },
      { metadata: { finalizers: ['a', 'b', 'c'] } }],
    ['deletes values', { metadata: { finalizers: ['a', 'b'] } },
      { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'], finalizers: ['c'] } }, { metadata: { finalizers: ['b', 'c'] } }],
    ['deletes values only', { metadata: { finalizers: ['a', 'b'] } }, { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } },
      { metadata: { finalizers: ['b'] } }],
    ['replaces atomic lists', containers([{ name: 'a', args: ['1', '2'] }]), containers([{ name: 'a', args: ['3'] }]),
      containers([{ name: 'a', args: ['3'] }])],
    ['replaces maps', { metadata: { labels: { a: '1' } } }, { metadata: { labels: { $patch: 'replace', b: '2' } } },
      { metadata: { labels: { b: '2' } } }],
    ['deletes maps', { metadata: { labels: { a: '1' } } }, { metadata: { labels: { $patch: 'delete' } } }, { metadata: { labels: {} } }],
    ['retains keys', { spec: { strategy: { type: 'A', rollingUpdate: { maxSurge: 1 } } } },
      { spec: { strategy: { $retainKeys: ['type'], type: 'B' } } }, { spec: { strategy: { type: 'B' } } }],
    ['null deletes', { spec: { replicas: 1, paused: true } }, { spec: { replicas: null, nothing: null } }, { spec: { paused: true } }],
    ['unknown fields merge like JSON', { z: { a: 1 } }, { z: { b: [1] } }, { z: { a: 1, b: [1] } }],
  ]
  for (const [why, target, patch, expected] of table) assert.deepEqual(applyStrategicPatch(deploymentSchema, freezeJson(target), freezeJson(patch)), expected, why)
})

test('strategic merge patch: shares what it does not change', () => {
  const target = freezeJson({ ...containers([a, b]), metadata: { labels: { a: '1' } } })
  const patched = applyStrategicPatch(deploymentSchema, target, containers([{ name: 'b', image: '9' }]))
  assert.equal(patched['metadata'], target.metadata)
  assert.equal(applyStrategicPatch(deploymentSchema, target, containers([{ name: 'b', image: '2' }])), target)
})

test('strategic merge patch: refusals', () => {
  const table: [patch: JsonObject, expected: RegExp][] = [
    [containers([{ image: 'x' }]), /^400 containers: map does not contain declared merge key: name$/],
    [containers(['x']), /^400 .*must be objects$/], [{ $patch: 'other' }, /^400 unknown patch type/],
    [{ metadata: { '$deleteFromPrimitiveList/finalizers': 1 } }, /must be a list$/],
    [{ spec: { strategy: { $retainKeys: ['type'], rollingUpdate: {} } } }, /\$retainKeys does not list$/],
    [{ spec: { template: { spec: { '$setElementOrder/containers': 1 } } } }, /must be a list$/],
  ]
  for (const [patch, expected] of table) {
    assert.match(refusal(() => applyStrategicPatch(deploymentSchema, containers([a]), patch)), expected)
  }
})

/** Nothing that was decoded has the key __proto__. */
const anyValue = fc.jsonValue({ maxDepth: 3 }).filter((value) => !JSON.stringify(value).includes('__proto__'))
const anyObject = fc.dictionary(fc.constantFrom('metadata', 'spec', 'a', 'b', 'name', 'containers', '$patch', '$retainKeys', 'finalizers'), anyValue, { noNullPrototype: true }) as fc.Arbitrary<JsonObject>

test('property: laws of merge patches', () => {
  fc.assert(fc.property(anyValue, anyObject, (target, patch) => {
    const once = applyMergePatch(freezeJson(target), freezeJson(patch))
    assert.deepEqual(applyMergePatch(once, patch), once)
  }), { numRuns: 200 })
})

test('property: a strategic patch is idempotent, and an empty one changes nothing', () => {
  const container = fc.record({ name: fc.constantFrom('a', 'b', 'c'), image: fc.option(fc.constantFrom('1', '2')) }, { requiredKeys: ['name'] })
  const list = fc.uniqueArray(container, { selector: ({ name }) => name, maxLength: 3 })
  fc.assert(fc.property(list, list, (before, patch) => {
    const target = freezeJson(containers(before.map(({ name, image }) => (image === null ? { name } : { name, ...(image === undefined ? {} : { image }) }))))
    const once = applyStrategicPatch(deploymentSchema, target, containers(patch))
    assert.equal(applyStrategicPatch(deploymentSchema, once, containers(patch)), once)
    assert.equal(applyStrategicPatch(deploymentSchema, target, {}), target)
  }), { numRuns: 200 })
})

test('fuzz: any patch gives a result or a StatusError, and never changes its target', () => {
  const operation = fc.record({
    op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
    path: fc.constantFrom('', '/spec', '/a/0', '/a/-', '/spec/b', '/metadata/a'), from: fc.constantFrom('', '/spec', '/a'),
    value: fc.jsonValue({ maxDepth: 2 }),
  }, { requiredKeys: ['op'] })
  fc.assert(fc.property(anyObject, anyObject, fc.array(operation, { maxLength: 8 }), (target, patch, operations) => {
    freezeJson(target)
    refusal(() => applyStrategicPatch(deploymentSchema, target, patch))
    refusal(() => applyMergePatch(target, patch))
    refusal(() => applyJsonPatch(target, operations))
  }), { numRuns: 500 })
})

test('property: sharing keeps the value and ends at identity', () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 4 }), fc.jsonValue({ maxDepth: 4 }), (old, draft) => {
    const copy: unknown = JSON.parse(JSON.stringify(draft))
    assert.deepEqual(JSON.parse(JSON.stringify(shareUnchanged(copy, freezeJson(old)))), JSON.parse(JSON.stringify(draft)))
    if (typeof old === 'object') assert.equal(shareUnchanged(JSON.parse(JSON.stringify(old)), JSON.parse(JSON.stringify(old)) && old), old)
  }), { numRuns: 200 })
})
