import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { freezeJson } from '../json.ts'
import { emptySet, fieldsOf, intersectSets, isEmpty, sameSets, subtractSets, unionSets, type FieldSet } from './field-set.ts'
import { decodeFieldSet, formatFieldPath } from './path-element.ts'

type Operation = (a: FieldSet, b: FieldSet) => FieldSet

test('operations', () => {
  const table: [name: string, run: Operation, a: FieldSet, b: FieldSet, expected: FieldSet][] = [
    ['union', unionSets, { 'f:a': {} }, { 'f:b': {} }, { 'f:a': {}, 'f:b': {} }],
    ['union with what is below', unionSets, { 'f:a': {} }, { 'f:a': { 'f:b': {} } }, { 'f:a': { '.': {}, 'f:b': {} } }],
    ['union of members', unionSets, { 'f:a': { '.': {}, 'f:b': {} } }, { 'f:a': { 'f:c': {} } },
      { 'f:a': { '.': {}, 'f:b': {}, 'f:c': {} } }],
    ['difference', subtractSets, { 'f:a': { 'f:b': {}, 'f:c': {} } }, { 'f:a': { 'f:b': {} } }, { 'f:a': { 'f:c': {} } }],
    ['difference keeps what is below', subtractSets, { 'f:a': { '.': {}, 'f:b': {} } }, { 'f:a': {} }, { 'f:a': { 'f:b': {} } }],
    ['difference of all', subtractSets, { 'f:a': { '.': {}, 'f:b': {} } }, { 'f:a': { '.': {}, 'f:b': {} } }, {}],
    ['difference leaves the member', subtractSets, { 'f:a': { '.': {}, 'f:b': {} } }, { 'f:a': { 'f:b': {} } }, { 'f:a': { '.': {} } }],
    ['intersection', intersectSets, { 'f:a': { '.': {}, 'f:b': {} }, 'f:c': {} }, { 'f:a': { 'f:b': {}, 'f:d': {} }, 'f:c': {} },
      { 'f:a': { 'f:b': {} }, 'f:c': {} }],
    ['intersection of a member', intersectSets, { 'f:a': { '.': {}, 'f:b': {} } }, { 'f:a': {} }, { 'f:a': {} }],
  ]
  for (const [name, run, a, b, expected] of table) assert.deepEqual(fieldsOf(run(freezeJson(a), freezeJson(b))), fieldsOf(expected), name)
})

test('paths as conflicts show them', () => {
  assert.equal(formatFieldPath(['f:spec', 'f:containers', 'k:{"name":"web"}', 'f:ports', 'k:{"containerPort":80,"protocol":"TCP"}']), '.spec.containers[name="web"].ports[containerPort=80,protocol="TCP"]')
  assert.equal(formatFieldPath(['f:metadata', 'f:finalizers', 'v:"a.b/c"', 'i:0']), '.metadata.finalizers[="a.b/c"][0]')
})

test('sets that clients send', () => {
  assert.deepEqual(decodeFieldSet({ 'f:a': { 'k:{"protocol":"TCP", "port":1}': { '.': {} } } }), { 'f:a': { 'k:{"port":1,"protocol":"TCP"}': { '.': {} } } })
  const known = { 'f:a': {} }
  assert.equal(decodeFieldSet(known), known)
  for (const wrong of [1, { a: {} }, { 'f:a': 1 }, { 'k:x': {} }, { 'v:[]': {} }, { 'i:x': {} }]) assert.equal(decodeFieldSet(wrong), undefined)
})

const { set } = fc.letrec<{ node: FieldSet; set: FieldSet }>((tie) => ({
  node: fc.oneof({ maxDepth: 3, withCrossShrink: true }, fc.constant({}), fc.dictionary(fc.constantFrom('.', 'f:a', 'f:b', 'v:1'), tie('node'), { noNullPrototype: true, maxKeys: 3 }).map(tidy)),
  set: fc.dictionary(fc.constantFrom('f:a', 'f:b', 'f:c'), tie('node'), { noNullPrototype: true, maxKeys: 3 }),
}))

/** "." has nothing below it. */
function tidy(node: FieldSet): FieldSet {
  return node['.'] === undefined ? node : { ...node, '.': {} }
}

function same(a: FieldSet, b: FieldSet): void {
  assert.deepEqual(fieldsOf(a).map((path) => path.join()).sort(), fieldsOf(b).map((path) => path.join()).sort())
}

test('property: the algebra of sets', () => {
  fc.assert(fc.property(set, set, set, (a, b, c) => {
    for (const each of [a, b, c]) freezeJson(each)
    same(unionSets(a, b), unionSets(b, a))
    same(unionSets(unionSets(a, b), c), unionSets(a, unionSets(b, c)))
    same(intersectSets(a, b), intersectSets(b, a))
    same(unionSets(subtractSets(a, b), intersectSets(a, b)), a)
    same(intersectSets(subtractSets(a, b), b), emptySet)
    same(intersectSets(a, unionSets(b, c)), unionSets(intersectSets(a, b), intersectSets(a, c)))
    assert.ok(isEmpty(subtractSets(a, a)))
    assert.equal(unionSets(a, a), a)
    assert.ok(sameSets(a, JSON.parse(JSON.stringify(a))))
  }), { numRuns: 300 })
})
