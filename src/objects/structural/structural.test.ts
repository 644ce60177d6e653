import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../json.ts'
import type { KubeObject } from '../kube-object.ts'
import { dropNulls, fillDefaults } from './defaults.ts'
import { normalized, pruned } from './normalize.ts'
import { mergeSchemaOf } from './merge-schema.ts'
import { pruneUnknown } from './prune.ts'
import { structuralOf } from './structural-schema.ts'
import { hasFormat } from './text-formats.ts'
import { validateChange, validateValue } from './validate-value.ts'

const text = { type: 'string' }
const whole = { type: 'integer' }
const object = (properties: object, more: object = {}): object => ({ type: 'object', properties, ...more })
const list = (items: object, more: object = {}): object => ({ type: 'array', items, ...more })
const spec = (schema: object): object => object({ spec: schema })

test('pruning keeps what is named, and tells the rest', () => {
  const table: [string, object, JsonObject, JsonObject, string[]][] = [
    ['own fields', object({}), { apiVersion: 'v1', kind: 'A', metadata: { name: 'a' }, x: 1 }, { apiVersion: 'v1', kind: 'A', metadata: { name: 'a' } }, ['x']],
    ['below', spec(object({ a: text })), { spec: { a: 'a', b: { c: 1 } } }, { spec: { a: 'a' } }, ['spec.b']],
    ['lists', spec(object({ l: list(object({ a: text })) })), { spec: { l: [{ a: '1', b: 2 }, { c: 3 }] } }, { spec: { l: [{ a: '1' }, {}] } }, ['spec.l[0].b', 'spec.l[1].c']],
    ['maps', spec({ type: 'object', additionalProperties: object({ a: text }) }), { spec: { k: { a: '1', b: 2 } } }, { spec: { k: { a: '1' } } }, ['spec.k.b']],
    ['maps of anything', spec({ type: 'object', additionalProperties: true }), { spec: { k: { a: { b: 1 } } } }, { spec: { k: { a: { b: 1 } } } }, []],
    ['preserved', spec(object({ a: object({ b: text }) }, { 'x-kubernetes-preserve-unknown-fields': true })), { spec: { x: { y: 1 }, a: { b: '1', c: 2 } } },
      { spec: { x: { y: 1 }, a: { b: '1' } } }, ['spec.a.c']],
    ['embedded', spec(object({ a: text }, { 'x-kubernetes-embedded-resource': true })), { spec: { apiVersion: 'v1', kind: 'B', metadata: {}, a: '1', b: 2 } },
      { spec: { apiVersion: 'v1', kind: 'B', metadata: {}, a: '1' } }, ['spec.b']],
  ]
  for (const [name, schema, value, kept, unknown] of table) {
    assert.deepEqual(pruneUnknown(structuralOf(schema), value), unknown, name)
    assert.deepEqual(value, kept, name)
  }
})

test('defaults fill what is missing or null without a right to be', () => {
  const table: [object, JsonObject, JsonObject][] = [
    [spec(object({ a: { ...whole, default: 1 }, b: text })), { spec: {} }, { spec: { a: 1 } }],
    [spec(object({ a: { ...whole, default: 1 } })), {}, {}],
    [object({ spec: object({ a: { ...whole, default: 1 } }, { default: {} }) }), {}, { spec: { a: 1 } }],
    [spec(object({ a: { ...whole, default: 1 } })), { spec: { a: null } }, { spec: { a: 1 } }],
    [spec(object({ a: { ...whole, default: 1, nullable: true }, b: text })), { spec: { a: null, b: null } }, { spec: { a: null } }],
    [spec(list(object({ a: { ...whole, default: 1 } }))), { spec: [{}, { a: 2 }] }, { spec: [{ a: 1 }, { a: 2 }] }],
    [spec({ type: 'object', additionalProperties: object({ a: { ...whole, default: 1 } }) }), { spec: { k: {} } }, { spec: { k: { a: 1 } } }],
  ]
  for (const [schema, value, expected] of table) {
    dropNulls(structuralOf(schema), value)
    fillDefaults(structuralOf(schema), value)
    assert.deepEqual(value, expected)
  }
  const shared = structuralOf(object({ a: { type: 'object', default: { b: [] } } }))
  const [one, two]: JsonObject[] = [{}, {}]
  for (const value of [one, two]) fillDefaults(shared, value)
  assert.notEqual(one?.['a'], two?.['a'], 'no two objects share a default')
})

test('values', () => {
  const table: [object, unknown, string[]][] = [
    [whole, 'x', ['a: Invalid value: "string": a in body must be of type integer: "string"']],
    [whole, 1.5, ['a: Invalid value: "number": a in body must be of type integer: "number"']],
    [{ type: 'number' }, 1, []],
    [text, null, ['a: Invalid value: "null": a in body must be of type string: "null"']],
    [{ ...text, nullable: true }, null, []],
    [{ 'x-kubernetes-int-or-string': true }, '50%', []],
    [{ 'x-kubernetes-int-or-string': true }, true, ['a: Invalid value: "boolean": a in body must be of type integer,string: "boolean"']],
    [{ ...text, enum: ['x', 'y'] }, 'z', ['a: Unsupported value: "z": supported values: "x", "y"']],
    [{ ...whole, minimum: 1, maximum: 3 }, 0, ['a: Invalid value: 0: a in body should be greater than or equal to 1']],
    [{ ...whole, minimum: 1, exclusiveMinimum: true }, 1, ['a: Invalid value: 1: a in body should be greater than 1']],
    [{ ...whole, maximum: 3 }, 4, ['a: Invalid value: 4: a in body should be less than or equal to 3']],
    [{ type: 'number', multipleOf: 0.1 }, 0.3, []],
    [{ ...whole, multipleOf: 2 }, 3, ['a: Invalid value: 3: a in body should be a multiple of 2']],
    [{ ...whole, format: 'int32' }, 2 ** 31, ['a: Invalid value: 2147483648: a in body must be of type int32: "2147483648"']],
    [{ ...text, minLength: 2 }, 'é', ['a: Invalid value: "é": a in body should be at least 2 chars long']],
    [{ ...text, maxLength: 2 }, 'abc', ['a: Too long: may not be more than 2 bytes']],
    [{ ...text, pattern: '^[a-z]+$' }, 'A', ["a: Invalid value: \"A\": a in body should match '^[a-z]+$'"]],
    [{ ...text, pattern: '^(a+)+$' }, `${'a'.repeat(200)}!`, [`a: Invalid value: "${'a'.repeat(200)}!": a in body should match '^(a+)+$'`]],
    [{ ...text, format: 'date-time' }, '2026-02-30T00:00:00Z', ['a: Invalid value: "2026-02-30T00:00:00Z": a in body must be of type date-time: "2026-02-30T00:00:00Z"']],
    [list(text, { minItems: 1 }), [], ['a: Invalid value: 0: a in body should have at least 1 items']],
    [list(text, { maxItems: 1 }), ['a', 'b'], ['a: Too many: 2: must have at most 1 items']],
    [list(whole), [1, 'x'], ['a[1]: Invalid value: "string": a[1] in body must be of type integer: "string"']],
    [list(text, { 'x-kubernetes-list-type': 'set' }), ['x', 'y', 'x'], ['a[2]: Duplicate value: "x"']],
    [list(object({ k: text, v: text }), { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] }), [{ k: '1', v: 'a' }, { k: '1', v: 'b' }],
      ['a[1]: Duplicate value: {"k":"1"}']],
    [object({ b: whole }, { required: ['b', 'c'] }), { b: 'x' }, ['a.c: Required value', 'a.b: Invalid value: "string": a.b in body must be of type integer: "string"']],
    [{ type: 'object', additionalProperties: whole, maxProperties: 1 }, { x: 1, y: '2' },
      ['a: Too many: 2: must have at most 1 items', 'a.y: Invalid value: "string": a.y in body must be of type integer: "string"']],
    [object({ x: whole, y: whole }, { oneOf: [{ required: ['x'] }, { required: ['y'] }] }), { x: 1, y: 2 },
      ['a: Invalid value: "": "a" must validate one and only one schema (oneOf). Found 2 valid alternatives']],
    [object({}, { oneOf: [{ required: ['x'] }, { required: ['y'] }] }), {},
      ['a: Invalid value: "": "a" must validate one and only one schema (oneOf). Found none valid', 'a.x: Required value']],
    [object({}, { anyOf: [{ required: ['x'] }] }), {}, ['a: Invalid value: "": "a" must validate at least one schema (anyOf)', 'a.x: Required value']],
    [{ ...text, not: { enum: ['x'] } }, 'x', ['a: Invalid value: "": "a" must not validate the schema (not)']],
    [{ 'x-kubernetes-preserve-unknown-fields': true }, { anything: [1] }, []],
  ]
  for (const [schema, value, expected] of table) {
    assert.deepEqual(validateValue(structuralOf(schema), value, 'a').map(({ field, message }) => `${field}: ${message}`), expected, JSON.stringify([schema, value]))
  }
})

test('what has not changed may stay wrong', () => {
  const parts = list(object({ n: text, size: whole }), { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['n'] })
  const schema = structuralOf(spec(object({ size: whole, name: text, parts, sizes: list(whole) }, { required: ['must'] })))
  const wrong = { size: 'x', parts: [{ n: 'a', size: 'x' }, { n: 'b', size: 1 }], sizes: ['x'] }
  const must = 'spec.must: Required value'
  const type = (path: string): string => `${path}: Invalid value: "string": ${path} in body must be of type integer: "string"`
  const table: [object, string[]][] = [
    [wrong, []],
    [{ ...wrong, name: 'new' }, [must]],
    [{ ...wrong, size: 'y' }, [must, type('spec.size')]],
    [{ ...wrong, parts: [{ n: 'b', size: 'x' }, { n: 'a', size: 'x' }] }, [must, type('spec.parts[0].size')]],
    [{ ...wrong, sizes: ['x', 1] }, [must, type('spec.sizes[0]')]],
  ]
  for (const [now, expected] of table) {
    assert.deepEqual(validateChange(schema, { spec: now }, { spec: wrong }).map(({ field, message }) => `${field}: ${message}`), expected)
  }
})

test('what has not changed may stay wrong under junctions and in lists too, but for not', () => {
  const sized = object({ size: { ...whole, minimum: 1 }, name: text })
  const table: [object, object, object, string[]][] = [
    [{ ...object({ size: whole, name: text }), allOf: [sized] }, { size: 0 }, { size: 0, name: 'x' }, []],
    [{ ...object({ size: whole, name: text }), anyOf: [sized] }, { size: 0 }, { size: -1 }, ['<nil>: Invalid value: "": "" must validate at least one schema (anyOf)',
      'size: Invalid value: -1: size in body should be greater than or equal to 1']],
    [object({ names: list(text, { 'x-kubernetes-list-type': 'set' }), name: text }), { names: ['a', 'a'] }, { names: ['a', 'a', 'b', 'b'] }, []],
    [object({ names: list(text, { 'x-kubernetes-list-type': 'set' }), name: text }), { names: ['a'] }, { names: ['a', 'a'] }, ['names[1]: Duplicate value: "a"']],
  ]
  for (const [schema, old, now, expected] of table) {
    assert.deepEqual(validateChange(structuralOf(schema), now, old).map(({ field, message }) => `${field}: ${message}`), expected)
  }
})

test('a stored object as the present schema has it', () => {
  const schema = structuralOf(spec(object({ a: text, b: { ...text, default: 'x' }, list: list(object({ c: { ...whole, default: 1 } })), open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } })))
  const of = (value: object): KubeObject & { spec: object } => ({ apiVersion: 'v1', kind: 'A', metadata: { name: 'a' }, spec: value })
  const table: [object, object, object][] = [
    [{ a: '1' }, { a: '1', b: 'x' }, { a: '1' }],
    [{ b: 'y', gone: 1 }, { b: 'y' }, { b: 'y' }],
    [{ b: 'y', a: null }, { b: 'y' }, { b: 'y' }],
    [{ b: 'y', list: [{}, { c: 2, d: 3 }] }, { b: 'y', list: [{ c: 1 }, { c: 2 }] }, { b: 'y', list: [{}, { c: 2 }] }],
    [{ b: 'y', open: { x: [{ y: null }] } }, { b: 'y', open: { x: [{ y: null }] } }, { b: 'y', open: { x: [{ y: null }] } }],
  ]
  for (const [stored, normal, kept] of table) {
    const before = of(stored)
    const copy = structuredClone(before)
    const shown = normalized(schema, before)
    assert.deepEqual([shown, pruned(schema, before), before], [of(normal), of(kept), copy])
    assert.equal(normalized(schema, shown), shown, 'what is normal stays the very same')
  }
})

test('no more defaults than an object may have are filled in', () => {
  const schema = structuralOf({ type: 'array', items: { type: 'object', nullable: false, default: { b: 'y'.repeat(1000) }, properties: { a: { type: 'string', default: 'x'.repeat(10_000) } } } })
  const few: unknown[] = Array.from({ length: 100 }, () => ({}))
  assert.equal(fillDefaults(schema, few), true)
  assert.equal(JSON.stringify(few).length > 1_000_000, true)
  const many: unknown[] = Array.from({ length: 100_000 }, () => ({}))
  assert.equal(fillDefaults(schema, many), false)
  assert.ok(JSON.stringify(many).length < 4_000_000)
  const nulls: unknown[] = Array.from({ length: 100_000 }, () => null)
  assert.equal(dropNulls(schema, nulls), false)
  assert.ok(JSON.stringify(nulls).length < 4_000_000)
})

test('no format takes long to look at', () => {
  const pieces = [' ', '0', '1', '.', '1h', '1 a ', 'a.', 'a-', '<', '"', '\\', 'a@', '%', ':', '1 ', '=', '/', 'x:', '(', 'ff:', '\n']
  const formats = ['date', 'date-time', 'duration', 'ipv4', 'ipv6', 'cidr', 'mac', 'uuid', 'hostname', 'email', 'uri', 'byte', 'hexcolor', 'rgbcolor', 'isbn', 'creditcard', 'ssn']
  for (const format of formats) for (const piece of pieces) for (const [before, after] of [['', ''], ['', '!'], ['.', 'x']]) {
    const start = performance.now()
    hasFormat(`${before}${piece.repeat(50_000)}${after}`, format)
    assert.ok(performance.now() - start < 500, `${format} of ${JSON.stringify(`${before}${piece}...${after}`)} took ${performance.now() - start} ms`)
  }
})

test('formats', () => {
  const table: [string, string[], string[]][] = [
    ['date', ['2024-02-29'], ['2023-02-29', '2024-13-01', 'x']],
    ['date-time', ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.5+01:00'], ['2026-01-02', '2026-01-02T03:04']],
    ['duration', ['1h30m', '2.5s', '3 days', '2 hours 5min', ' 7 Weeks'], ['1x', '', 'in 3 days', '1.5 days']],
    ['ipv4', ['10.0.0.1', '10.00.0.01'], ['10.0.0.256', '::1', '10.0.0.0.1']],
    ['ipv6', ['::1', '2001:db8::10.0.0.1'], ['10.0.0.1', ':::1']],
    ['cidr', ['10.0.0.0/8', 'fd00::/64', '10.0.00.0/8'], ['10.0.0.0', '10.0.0.0/33']],
    ['mac', ['02:00:5e:10:00:01', '02-00-5E-10-00-01', '0200.5e10.0001', `02${':00'.repeat(7)}`, `02${':00'.repeat(19)}`], ['02:00:5e:10:00', '02:00-5e:10:00:01']],
    ['uuid3', ['4fb5bd4e-5d9b-3d5e-0f29-3f8ad9a34c5a'], ['4fb5bd4e-5d9b-4d5e-8f29-3f8ad9a34c5a']],
    ['uuid4', ['4fb5bd4e-5d9b-4d5e-8f29-3f8ad9a34c5a'], ['4fb5bd4e-5d9b-1d5e-8f29-3f8ad9a34c5a', '4fb5bd4e-5d9b-4d5e-7f29-3f8ad9a34c5a']],
    ['byte', ['AP8=', 'AA=='], ['AP8', '', 'A===', 'AP8_']],
    ['hostname', ['localhost', 'x', 'x-y', 'web.example.com', '1.2.com', 'www.gräf.org', 'a$b.example.org'],
      ['1.1.1.1', 'a.b.c.d', 'www.-d.org', 'www.example-.org', 'my_host.org', 'example.com.', 'a b', `x.y.${'a'.repeat(64)}`, 'a.'.repeat(127) + 'com']],
    ['email', ['me@example.com', 'me+tag@localhost', '"me and you"@example.com', 'Me <me@example.com>', '"Me, too" <me@example.com>', 'me@☁.ws'],
      ['me', 'me@', 'me@here@there', '@example.com', 'a..b@example.com', 'me <me@example.com', 'a b@example.com']],
    ['uri', ['https://example.com', 'https://example.com/a b?c=%zz', 'mailto:me@example.com', '/a/b', 'urn:a:b'],
      ['example.com', '', 'a/b', 'https://exa mple.com', 'https://example.com/%zz', 'https://example.com/\n']],
    ['isbn', ['0-306-40615-2', '978-0-306-40615-7', '080442957X'], ['0306406153', '9780306406158', '12345']],
    ['isbn13', ['9780306406157'], ['0306406152']],
    ['creditcard', ['4242 4242 4242 4242', '378282246310005'], ['4242424242424243', '1234567890123452']],
    ['ssn', ['123-45-6789', '123 45 6789', '123456789'], ['123-456-789']],
    ['rgbcolor', ['rgb(0, 10 ,255)'], ['rgb(0,0,256)', 'rgb(0,0)']],
    ['password', ['whatever'], []],
    ['something else', ['anything'], []],
  ]
  for (const [format, right, wrong] of table) {
    for (const value of right) assert(hasFormat(value, format), `${format} ${value}`)
    for (const value of wrong) assert(!hasFormat(value, format), `${format} ${value}`)
  }
})

test('the schema for merging', () => {
  const schema = mergeSchemaOf('example.com/v1/Widget', structuralOf(object({
    spec: object({
      size: whole, port: { 'x-kubernetes-int-or-string': true }, tags: list(text, { 'x-kubernetes-list-type': 'set' }), labels: { type: 'object', additionalProperties: text },
      open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }, parts: list(object({ n: text }), { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['n'] }),
    }, { 'x-kubernetes-map-type': 'atomic' }),
  })), () => undefined)
  const inner = schema.fields.get('spec')?.schema
  assert(inner?.type === 'object' && inner.atomic)
  const types = [...inner.fields].map(([name, { schema: part }]) => `${name}:${part.type}${part.type === 'list' ? `:${part.list}${part.keys.join()}` : part.type === 'map' ? `:${part.values.type}` : ''}`)
  assert.deepEqual(types, ['size:int64', 'port:int-or-string', 'tags:list:set', 'labels:map:string', 'open:map:any', 'parts:list:mapn'])
})
