import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OpenApiSchema } from '../cel/openapi-schema.ts'
import type { RuleSchema, RuleText } from './rule.ts'
import { schemaRules } from './schema-rules.ts'

type Schema = OpenApiSchema & RuleSchema

const ruled = (schema: Schema, ...rules: (string | RuleText)[]): Schema =>
  ({ ...schema, 'x-kubernetes-validations': rules.map((rule) => (typeof rule === 'string' ? { rule } : rule)) })
const object = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties })
const integer: Schema = { type: 'integer' }
const text: Schema = { type: 'string', maxLength: 20 }
const spec = (schema: Schema): Schema => object({ spec: schema })

function check(schema: Schema, value: unknown, old?: unknown): string[] {
  return (schemaRules(schema)?.check(value, old) ?? []).map(({ field, message }) => `${field}: ${message}`)
}

test('rules', () => {
  const size = object({ size: integer, max: integer })
  const table: [Schema, unknown, string[]][] = [
    [spec(ruled(size, 'self.size <= self.max')), { spec: { size: 1, max: 2 } }, []],
    [spec(ruled(size, 'self.size <= self.max')), { spec: { size: 3, max: 2 } }, ['spec: Invalid value: "object": failed rule: self.size <= self.max']],
    [spec(ruled(size, { rule: 'self.size <= self.max', message: 'too large' })), { spec: { size: 3, max: 2 } }, ['spec: Invalid value: "object": too large']],
    [spec(ruled(size, { rule: 'self.size <= self.max', messageExpression: '"size " + string(self.size)' })), { spec: { size: 3, max: 2 } }, ['spec: Invalid value: "object": size 3']],
    [spec(ruled(size, { rule: 'self.size <= self.max', reason: 'FieldValueForbidden', message: 'no', fieldPath: '.size' })), { spec: { size: 3, max: 2 } }, ['spec.size: Forbidden: no']],
    [spec(ruled(size, { rule: 'has(self.size)', reason: 'FieldValueRequired', message: 'a size' })), { spec: {} }, ['spec: Required value: a size']],
    [spec(ruled(size, 'self.size > 0')), { spec: {} }, ['spec: Invalid value: "object": no such key: size evaluating rule: self.size > 0']],
    [ruled(spec(size), 'self.metadata.name.startsWith("a")'), { metadata: { name: 'b' }, spec: {} }, ['<nil>: Invalid value: "object": failed rule: self.metadata.name.startsWith("a")']],
    [spec(object({ names: { type: 'array', items: ruled(text, 'self != "x"') } })), { spec: { names: ['a', 'x'] } }, ['spec.names[1]: Invalid value: "string": failed rule: self != "x"']],
    [spec({ type: 'object', additionalProperties: ruled(integer, 'self > 0') }), { spec: { a: 1, b: 0 } }, ['spec.b: Invalid value: "integer": failed rule: self > 0']],
    [spec(object({ port: ruled({ 'x-kubernetes-int-or-string': true }, 'type(self) == int ? self > 0 : self != ""') })), { spec: { port: 0 } },
      ['spec.port: Invalid value: "integer,string": failed rule: type(self) == int ? self > 0 : self != ""']],
    [spec(ruled(object({ q: text }), "quantity(self.q).isLessThan(quantity('1Gi'))")), { spec: { q: '2Gi' } }, ["spec: Invalid value: \"object\": failed rule: quantity(self.q).isLessThan(quantity('1Gi'))"]],
  ]
  for (const [schema, value, expected] of table) assert.deepEqual(check(schema, value), expected)
})

test('transition rules compare with what was there', () => {
  const fixed = spec(object({ name: ruled(text, { rule: 'self == oldSelf', message: 'is fixed' }) }))
  assert.deepEqual(check(fixed, { spec: { name: 'a' } }), [], 'nothing was there')
  assert.deepEqual(check(fixed, { spec: { name: 'b' } }, { spec: { name: 'a' } }), ['spec.name: Invalid value: "string": is fixed'])
  assert.deepEqual(check(fixed, { spec: { name: 'b' } }, { spec: {} }), [])
  const once = spec(object({ name: ruled(text, { rule: 'oldSelf.hasValue() ? self == oldSelf.value() : self.size() > 1', message: 'no', optionalOldSelf: true }) }))
  assert.deepEqual(check(once, { spec: { name: 'a' } }), ['spec.name: Invalid value: "string": no'])
  assert.deepEqual(check(once, { spec: { name: 'aa' } }, { spec: { name: 'aa' } }), [])
  assert.deepEqual(check(once, { spec: { name: 'bb' } }, { spec: { name: 'aa' } }), ['spec.name: Invalid value: "string": no'])
  const parts: Schema = { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['id'], items: ruled(object({ id: text, n: integer }), { rule: 'self.n >= oldSelf.n', message: 'shrinks' }) }
  assert.deepEqual(check(spec(parts), { spec: [{ id: 'b', n: 1 }, { id: 'a', n: 1 }] }, { spec: [{ id: 'a', n: 2 }, { id: 'b', n: 0 }] }), ['spec[1]: Invalid value: "object": shrinks'])
})

test('what has not changed is not asked again', () => {
  const schema = spec(object({ a: ruled(integer, 'self > 0'), b: integer }))
  assert.deepEqual(check(schema, { spec: { a: 0, b: 2 } }, { spec: { a: 0, b: 1 } }), [])
  assert.deepEqual(check(schema, { spec: { a: -1 } }, { spec: { a: 0 } }), ['spec.a: Invalid value: "integer": failed rule: self > 0'])
  const tolerated = (value: object, old?: object): string[] => (schemaRules(schema)?.tolerated(value, old) ?? []).map(({ field, message }) => `${field}: ${message}`)
  assert.deepEqual(tolerated({ spec: { a: 0, b: 2 } }, { spec: { a: 0, b: 1 } }), ['spec.a: Invalid value: "integer": failed rule: self > 0'])
  assert.deepEqual([tolerated({ spec: { a: -1 } }, { spec: { a: 0 } }), tolerated({ spec: { a: 0 } })], [[], []])
})

test('a rule that would run for ever is stopped, and so is the rest', () => {
  const numbers: Schema = { type: 'array', items: integer }
  const costly = ruled(object({ n: numbers }), 'self.n.all(a, self.n.all(b, self.n.all(c, a + b + c > 0)))', 'true')
  const [first = ''] = check(spec(costly), { spec: { n: Array.from({ length: 300 }, () => 1) } })
  assert.match(first, /^spec: Invalid value: "object": .*cost.* evaluating rule/)
})

test('a schema without rules has none', () => assert.equal(schemaRules(spec(integer)), undefined))
