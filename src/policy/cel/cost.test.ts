import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compile } from './compile.ts'
import { estimateCost } from './cost-estimate.ts'
import { extendEnvironment } from './environment.ts'
import { kubernetesEnvironment } from './kubernetes-environment.ts'
import type { OpenApiSchema } from './openapi-schema.ts'
import { openApiSizes } from './openapi-sizes.ts'
import { declareSchema } from './openapi-types.ts'

const kubernetes = kubernetesEnvironment({ version: '1.32' })
const int: OpenApiSchema = { type: 'integer' }
const text: OpenApiSchema = { type: 'string' }

function programOf(schema: OpenApiSchema, rule: string): ReturnType<typeof compile> & { ok: true } {
  const declared = declareSchema(schema, 'Object')
  assert.ok(declared !== undefined)
  const compiled = compile(extendEnvironment(kubernetes, { variables: { self: declared.type }, types: declared.provider }), rule)
  assert.ok(compiled.ok, compiled.ok ? '' : `${rule}: ${JSON.stringify(compiled.issues)}`)
  return compiled
}

/** Every rule is true of self, and costs that much. The figures are those that Kubernetes counts. */
function costs(schema: OpenApiSchema, self: unknown, cases: Readonly<Record<string, number>>): void {
  for (const [rule, cost] of Object.entries(cases)) {
    assert.deepEqual({ rule, ...programOf(schema, rule).program.evaluate({ self }) }, { rule, ok: true, value: true, cost })
  }
}

/** What a rule may cost at most by its schema. */
function estimates(schema: OpenApiSchema, cases: Readonly<Record<string, number>>): void {
  for (const [rule, cost] of Object.entries(cases)) {
    const range = estimateCost(programOf(schema, rule).program.checked, openApiSizes({ self: schema }))
    assert.deepEqual({ rule, max: range.max }, { rule, max: cost })
  }
}

test('run-time costs: names, fields and operators', () => {
  costs({ type: 'object', properties: { a: int, b: int, s: text, n: { type: 'number' } } }, { a: 5, b: 5, s: 'twelve chars', n: 5 }, {
    'self.a == self.b': 5,
    'self.a + 1 == 5 + 1': 5,
    'type(self.a) == int': 4,
    'double(self.a) <= self.n': 6,
    'double(5) < 10.0': 1,
    'has(self.a)': 1,
    "self.s.startsWith('twelve')": 4,
    "self.s.matches('^[^0-9]*$')": 8,
    'size(self.s) == 12': 4,
    "self.s.replace(' ', '-') == 'twelve-chars'": 7,
    "self.s.substring(7) == 'chars'": 5,
    "self.s in ['a', 'twelve chars']": 2,
    'self.a > 3 || self.b > 3': 3,
  })
})

test('run-time costs: lists, maps and folds', () => {
  const schema: OpenApiSchema = { type: 'object', properties: { list: { type: 'array', items: int }, map: { type: 'object', additionalProperties: int } } }
  costs(schema, { list: [1, 1, 2, 2, 3, 3, 4, 5], map: { b: 1, d: 2 } }, {
    '2 in self.list': 10,
    'self.list.all(e, e > 0)': 43,
    'self.list.exists(e, e > 2)': 36,
    'self.list.exists_one(e, e > 4)': 22,
    'size(self.list.filter(e, e % 2 == 0)) == 3': 68,
    'self.list.map(e, e * 20).filter(e, e > 50).exists(e, e == 60)': 194,
    'self.list[0] + self.list[1] == 2': 8,
    "'b' in self.map": 3,
    'self.map.all(k, self.map[k] > 0)': 17,
    'self.map.exists_one(k, self.map[k] == 2)': 14,
    'size(self.map.filter(k, self.map[k] > 1)) == 1': 26,
  })
})

test('run-time costs: optional values and nested parts', () => {
  const schema: OpenApiSchema = {
    type: 'object',
    properties: { part: { type: 'object', properties: { field: text, absent: text } }, map: { type: 'object', additionalProperties: text }, list: { type: 'array', items: text } },
  }
  costs(schema, { part: { field: 'a' }, map: { k: 'v' }, list: ['a'] }, {
    "optional.of('a').or(optional.of('b')).hasValue()": 2,
    "optional.none().or(optional.of('a')).hasValue()": 3,
    "optional.of('a').optMap(v, v == 'value').hasValue()": 8,
    "self.part.?field == optional.of('a')": 5,
    'self.part.?absent == optional.none()': 4,
    "self.part.?field.orValue('v') == 'a'": 4,
    "self.map[?'k'] == optional.of('v')": 5,
    "type(self.map['k']) == string": 5,
    'type(self) == type(self)': 5,
  })
})

test('run-time costs: lists that are sets and maps', () => {
  const items: OpenApiSchema = { type: 'object', properties: { k: text, v: text } }
  const byKey: OpenApiSchema = { type: 'array', items, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] }
  const schema: OpenApiSchema = { type: 'object', properties: { set: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' }, maps: { type: 'array', items: byKey } } }
  const maps = [[{ k: 'a', v: '1' }, { k: 'b', v: '2' }], [{ k: 'b', v: '2' }, { k: 'a', v: '1' }], [{ k: 'b', v: '3' }, { k: 'a', v: '1' }]]
  costs(schema, { set: ['a', 'b', 'c'], maps }, {
    "self.set == ['c', 'b', 'a']": 3,
    "self.set + ['c', 'd'] == ['a', 'b', 'c', 'd']": 4,
    'self.maps[0] == self.maps[1]': 7,
    'self.maps[0] + self.maps[2] == self.maps[2]': 11,
    'self.maps[0] == [self.maps[0][1], self.maps[0][0]]': 22,
  })
})

test('estimates follow the limits of the schema', () => {
  const numbers = (maxItems?: number): OpenApiSchema => ({ type: 'array', items: { type: 'number' }, ...(maxItems === undefined ? {} : { maxItems }) })
  estimates(numbers(), { 'self.all(x, true)': 4_718_591, 'self[1] == 0.0': 2, 'self.all(x, x == 0.0)': 6_291_454 })
  estimates(numbers(10), { 'self.all(x, true)': 32, 'self.all(x, self.all(y, true))': 352, 'self.all(x, self.all(y, self.all(z, true)))': 3552 })
  estimates({ type: 'array', items: { type: 'boolean' } }, { 'self.all(x, true)': 1_887_437 })
  estimates({ type: 'array', items: text }, { 'self.all(x, true)': 3_145_727, 'self[1] == self[1]': 314_577 })
  estimates({ type: 'object', additionalProperties: { type: 'number' } }, { 'self.all(x, true)': 1_348_169 })
  estimates({ type: 'object', additionalProperties: text, maxProperties: 3 }, { 'self.all(x, true)': 11 })
  estimates(text, { "self.contains('test')": 314_574, "self.startsWith('test')": 2, 'size(self + "hello") > size("hello")': 314_578, 'self.matches("x")': 314_574 })
  estimates({ type: 'string', maxLength: 10 }, { "self.contains('test')": 5, 'self == "x"': 2 })
  estimates({ type: 'string', maxLength: 50 }, { 'self.matches("x")': 22, 'self.matches("")': 1 })
  estimates({ type: 'string', format: 'byte', maxLength: 0 }, { 'self == b"x"': 1 })
})

test('estimates of calls', () => {
  const fixed: Readonly<Record<string, readonly [number, number]>> = {
    "ip('192.168.0.1') == ip('192.168.0.1')": [5, 5],
    "cidr('192.168.0.0/16').containsCIDR('192.0.0.0/30')": [7, 11],
    "cidr('192.168.0.0/16').containsIP(ip('192.169.0.1'))": [5, 8],
    'quantity("200M") == quantity("0.2G") && quantity("0.2G") == quantity("200M")': [3, 6],
    'format.named("dns1123Label").value().validate("my-name")': [34, 34],
    'sets.equivalent([1, 2, 3], [3, 2, 1])': [39, 39],
    "{'a': 1, 'b': 2}.all(k, v, v > 0)": [37, 41],
    "{'a': 1, 'b': 2}.transformMapEntry(k, v, {k: v + 1})": [131, 131],
    '[1, 2].transformList(i, v, v < 5, v + 1)': [27, 53],
  }
  for (const [rule, [min, max]] of Object.entries(fixed)) {
    assert.deepEqual({ rule, ...estimateCost(programOf(text, rule).program.checked, () => undefined) }, { rule, min, max })
  }
  const texts = (limit?: number): OpenApiSchema => ({ type: 'array', items: { ...text, ...(limit === undefined ? {} : { maxLength: limit }) }, ...(limit === undefined ? {} : { maxItems: limit }) })
  estimates(texts(), { "self.join(' ') == 'aa bb'": 329_853_068_905, 'self.isSorted() == true': 329_854_432_052 })
  estimates(texts(10), { "self.join(' ') == 'aa bb'": 43, 'self.isSorted() == true': 52 })
  const size = (maxLength: number): OpenApiSchema => ({ type: 'string', maxLength })
  estimates({ type: 'object', properties: { s: size(4), old: size(2), fresh: size(4) } }, { "self.s.replace(self.old, self.fresh) == 'does not matter'": 12 })
  estimates({ type: 'object', properties: { s: size(10), separator: size(10) } }, { 'self.s.split(self.separator) == []': 22 })
  estimates(size(10), { "self.find('[0-9]+') == ''": 11, "self.lowerAscii() == 'lower!'": 6 })
})

test('an evaluation ends at its limit, also within || and all', () => {
  const { program } = programOf({ type: 'array', items: int }, 'true || self.all(x, self.all(y, x + y >= 0))')
  assert.deepEqual(program.evaluate({ self: [1] }), { ok: true, value: true, cost: 0 })
  const nested = programOf({ type: 'array', items: int }, 'self.all(x, self.all(y, x + y >= 0)) || true')
  const self = Array.from({ length: 2000 }, (_, index) => index)
  const stopped = nested.program.evaluate({ self }, { costLimit: 10_000 })
  assert.deepEqual(stopped.ok ? undefined : stopped.error, { message: 'operation cancelled: actual cost limit exceeded', offset: undefined, isStopped: true })
  let asked = 0
  const cancelled = nested.program.evaluate({ self }, { isCancelled: () => ++asked > 3 })
  assert.equal(cancelled.ok ? undefined : cancelled.error.message, 'operation interrupted')
})

