import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleDefinition } from '../../sample-extension-objects.testing.ts'
import { present } from '../../../words/assert.ts'
import { normalizeObject } from '../../../objects/schema-walk.ts'
import { SchemaCatalog } from '../../schema.ts'
import { changed, createChecks } from '../checking.testing.ts'
import { customResourceDefinitions } from './custom-resource-definition.ts'
import { findField } from './field-path.ts'
import { patternProblems } from './pattern-problems.ts'

const WHERE = 'spec.versions[0].schema.openAPIV3Schema'
const checkAll = createChecks(customResourceDefinitions, sampleDefinition)

/** The schema of a definition, and what is wrong with it: paths below spec.validation.openAPIV3Schema. */
function whole(schema: object, ...expected: string[]): void {
  checkAll({ [WHERE]: schema }, ...expected.map((text) => `spec.validation.openAPIV3Schema${text}`))
}

/** The schema of the field x. */
function field(schema: object, ...expected: string[]): void {
  whole({ type: 'object', properties: { x: schema } }, ...expected.map((text) => `.properties[x]${text}`))
}

test('types', () => {
  whole({}, '.type: Required value: must not be empty at the root')
  whole({ type: 'array', items: { type: 'string' } }, '.type: Invalid value: "array": must be object at the root')
  whole({ type: 'object', nullable: true }, '.nullable: Forbidden: nullable cannot be true at the root')
  whole({ type: 'object', additionalProperties: { type: 'string' } }, '.additionalProperties: Forbidden: must not be used at the root')
  field({}, '.type: Required value: must not be empty for specified object fields')
  field({ type: 'array' }, '.items: Required value: must be specified')
  field({ type: 'array', items: {} }, '.items.type: Required value: must not be empty for specified array items')
  field({ type: 'text' }, '.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", "string"')
  field({ type: 'object', additionalProperties: { type: 'object', additionalProperties: {} } },
    '.additionalProperties.additionalProperties.type: Required value: must not be empty for specified object fields')
  field({ 'x-kubernetes-preserve-unknown-fields': true })
  field({ 'x-kubernetes-int-or-string': true })
  field({ 'x-kubernetes-int-or-string': true, 'x-kubernetes-preserve-unknown-fields': true },
    '.x-kubernetes-preserve-unknown-fields: Invalid value: true: must be false if x-kubernetes-int-or-string is true')
})

test('the fields that every object has', () => {
  const own = (properties: object, ...expected: string[]): void => whole({ type: 'object', properties }, ...expected)
  own({ apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { type: 'object' } })
  own({ kind: { type: 'integer' } }, '.properties[kind].type: Invalid value: "integer": must be string')
  own({ metadata: { type: 'string' } }, '.properties[metadata].type: Invalid value: "string": must be object')
  own({ metadata: { type: 'object', properties: { name: { type: 'string', pattern: '^a' } } } })
  own({ metadata: { type: 'object', properties: { labels: { type: 'object' } } } },
    '.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified')
  own({ kind: { type: 'string', default: 'Widget' } }, '.properties[kind].default: Forbidden: must not be set in top-level kind')
  field({ type: 'string', 'x-kubernetes-embedded-resource': true },
    '.properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
    '.type: Invalid value: "string": must be object if x-kubernetes-embedded-resource is true')
  field({ type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true })
})

test('limits do not describe', () => {
  field({ type: 'object', properties: { a: { type: 'string' } }, anyOf: [{ properties: { a: { pattern: '^x' } } }, { required: ['a'] }] })
  field({ type: 'object', anyOf: [{ type: 'object', description: 'd', default: {}, nullable: true, additionalProperties: { type: 'string' } }] },
    '.anyOf[0].additionalProperties: Forbidden: must be undefined to be structural', '.anyOf[0].default: Forbidden: must be undefined to be structural',
    '.anyOf[0].description: Forbidden: must be empty to be structural', '.anyOf[0].nullable: Forbidden: must be false to be structural',
    '.anyOf[0].type: Forbidden: must be empty to be structural')
  whole({ type: 'object', anyOf: [{ properties: { a: { minLength: 1 } } }] },
    '.properties[a]: Required value: because it is defined in spec.validation.openAPIV3Schema.anyOf[0].properties[a]')
  whole({ type: 'object', properties: { a: { type: 'array', items: { type: 'string' } } }, not: { properties: { a: { items: { properties: { b: {} } } } } } },
    '.properties[a].items.properties[b]: Required value: because it is defined in spec.validation.openAPIV3Schema.not.properties[a].items.properties[b]')
  field({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] })
  field({ 'x-kubernetes-int-or-string': true, allOf: [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, { pattern: '^a' }] })
  field({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'string' }, { type: 'integer' }] }, '.anyOf[0].type: Forbidden: must be empty to be structural',
    '.anyOf[1].type: Forbidden: must be empty to be structural')
  field({ type: 'string', pattern: '(' }, '.pattern: Invalid value: "(": must be a valid regular expression, but isn\'t: error parsing regexp: missing closing ): `(`')
  const tooLarge = "must be a valid regular expression, but isn't: error parsing regexp: expression too large, of at most 10000 characters and 20000 instructions"
  for (const pattern of ['(a|b)'.repeat(3_000), 'a{999}'.repeat(100)]) field({ type: 'string', pattern }, `.pattern: Invalid value: "${pattern.slice(0, 255)}...: ${tooLarge}`)
})

test('the patterns of a definition have a size together, each that stands in it counted once', () => {
  const problem = patternProblems()
  const numbers = Array.from({ length: 150 }, (_, index) => index)
  assert.equal(numbers.filter(() => problem('^a{0,990}$') !== undefined).length, 0)
  const refused = numbers.filter((index) => problem(`^b{0,990}${index}$`) === 'the patterns of the definition are too large, of at most 100000 instructions together').length
  assert.ok(refused > 40 && refused < 60, `${refused} are refused`)
})

test('words that are not supported', () => {
  const unsupported = (word: string, value: unknown): void => field({ type: 'object', [word]: value }, `.${word}: Forbidden: ${word} is not supported`)
  unsupported('id', 'a')
  unsupported('$ref', '#/a')
  unsupported('additionalItems', true)
  unsupported('patternProperties', { a: { type: 'string' } })
  unsupported('definitions', { a: { type: 'string' } })
  unsupported('dependencies', { a: ['b'] })
  field({ type: 'array', items: [{ type: 'string' }] }, '.items: Forbidden: items must be a schema object and not an array')
  field({ type: 'array', items: { type: 'string' }, uniqueItems: true },
    '.uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic')
  field({ type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false },
    '.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive')
  field({ type: 'object', 'x-kubernetes-preserve-unknown-fields': false }, '.x-kubernetes-preserve-unknown-fields: Invalid value: false: must be true or undefined')
  whole({ type: 'object', $schema: 'x' }, ': Invalid value: "": OpenAPIV3Schema \'schema\' is not supported')
})

test('lists and maps', () => {
  const items = { type: 'object', required: ['name'], properties: { name: { type: 'string' }, port: { type: 'integer' } } }
  const list = (change: object, ...expected: string[]): void => field({ type: 'array', items, ...change }, ...expected)
  list({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] })
  list({ 'x-kubernetes-list-type': 'bag' }, '.x-kubernetes-list-type: Unsupported value: "bag": supported values: "atomic", "set", "map"')
  list({ 'x-kubernetes-list-type': 'map' }, '.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map')
  list({ 'x-kubernetes-list-map-keys': ['name'] }, '.x-kubernetes-list-type: Required value: must be map if x-kubernetes-list-map-keys is non-empty')
  list({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['port', 'port', 'x'] },
    '.x-kubernetes-list-map-keys: Invalid value: ["port","port","x"]: must not contain duplicate entries',
    '.x-kubernetes-list-map-keys: Invalid value: ["port","port","x"]: entries must all be names of item properties',
    '.items.properties[port].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
    '.items.properties[port].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property')
  list({ 'x-kubernetes-list-type': 'set' }, '.items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with x-kubernetes-list-type=set')
  list({ items: { type: 'string', nullable: true }, 'x-kubernetes-list-type': 'set' }, '.items.nullable: Forbidden: cannot be nullable when x-kubernetes-list-type is set')
  list({ items: { type: 'string' }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['a'] },
    ".items.type: Invalid value: \"string\": must be object if parent array's x-kubernetes-list-type is map")
  field({ type: 'string', 'x-kubernetes-list-type': 'set' }, '.type: Invalid value: "string": must be array if x-kubernetes-list-type is specified')
  field({ type: 'object', 'x-kubernetes-map-type': 'loose' }, '.x-kubernetes-map-type: Unsupported value: "loose": supported values: "atomic", "granular"')
})

test('defaults', () => {
  field({ type: 'integer', default: 3 })
  field({ type: 'integer', default: 'three' },
    '.default: Invalid value: "string": spec.validation.openAPIV3Schema.properties[x].default in body must be of type integer: "string"')
  field({ type: 'object', properties: { a: { type: 'string' } }, default: { a: 'b', c: 'd' } }, '.default: Invalid value: {"a":"b","c":"d"}: must not have unknown fields')
  field({ type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } }, default: [{ c: 'd' }] },
    '.default: Invalid value: [{"c":"d"}]: must not have unknown fields')
})

test('rules', () => {
  const rule = (value: object, ...expected: string[]): void => field(
    { type: 'object', properties: { a: { type: 'string' } }, 'x-kubernetes-validations': [value] },
    ...expected.map((text) => `.x-kubernetes-validations[0].${text}`))
  rule({ rule: 'self.a != ""', message: 'a is needed', reason: 'FieldValueRequired', fieldPath: '.a' })
  rule({ rule: ' ' }, 'rule: Required value: rule is not specified')
  rule({ rule: 'true', message: ' ' }, 'message: Invalid value: " ": message must be non-empty if specified')
  rule({ rule: 'true', message: 'a\nb' }, 'message: Invalid value: "a\\nb": message must not contain line breaks')
  rule({ rule: 'true ||\nfalse' }, 'message: Required value: message must be specified if rule contains line breaks')
  rule({ rule: 'true', messageExpression: ' ' }, 'messageExpression: Required value: messageExpression must be non-empty if specified')
  rule({ rule: 'true', reason: 'Because' }, 'reason: Unsupported value: "Because": supported values: "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid",'
    + ' "FieldValueRequired"')
  rule({ rule: 'true', fieldPath: '.b' }, 'fieldPath: Invalid value: ".b": fieldPath must be a valid path')
})

test('rules about changes', () => {
  const rules = { 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] }
  const text = { type: 'string', ...rules }
  const refusal = (path: string, within: string): string => (
    `${path}.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema`
    + ` within spec.validation.openAPIV3Schema.properties[x]${within}`)
  field(text)
  field({ type: 'object', properties: { a: text } })
  field({ type: 'object', additionalProperties: text })
  field({ type: 'object', properties: { a: text }, 'x-kubernetes-map-type': 'atomic' }, refusal('.properties[a]', ''))
  field({ type: 'array', items: text }, refusal('.items', ''))
  field({ type: 'array', items: text, 'x-kubernetes-list-type': 'set' }, refusal('.items', ''))
  field({ type: 'array', items: { type: 'array', items: text } }, refusal('.items.items', ''))
  field({ type: 'array', items: { type: 'object', properties: { k: { type: 'string' } }, required: ['k'], ...rules },
    'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] })
  field({ type: 'string', 'x-kubernetes-validations': [{ rule: 'true', optionalOldSelf: true }] },
    '.x-kubernetes-validations[0].optionalOldSelf: Invalid value: true: may not be set if oldSelf is not used in rule')
})

test('a schema that is of another shape altogether', () => {
  field({ type: 'array', items: 5 }, '.items: Invalid value: 5: must be a schema')
  field({ type: 'array', items: [{ type: 'string' }, 5] }, '.items: Invalid value: [{"type":"string"},5]: must be a schema')
  field({ type: 'object', additionalProperties: 'no' }, '.additionalProperties: Invalid value: "no": must be a schema or a boolean')
  field({ type: 'array', items: { type: 'object', additionalProperties: 1 } },
    '.items.additionalProperties: Invalid value: 1: must be a schema or a boolean')
})

test('schemas are decoded where something else may stand too', () => {
  const schema = present(new SchemaCatalog().lookup('apiextensions.v1.JSONSchemaProps'), 'the schema of schemas')
  const decode = (value: object): unknown => {
    const { object, unknownFields } = normalizeObject(schema, value, { kind: 'CustomResourceDefinition', version: 'v1' })
    return [object, ...unknownFields]
  }
  assert.deepEqual(decode({ items: { tipe: 'string', default: null, title: '', items: [{ nil: 1 }, true] } }),
    [{ items: { items: [{}, true] } }, 'items.tipe', 'items.items[0].nil'])
  assert.deepEqual(decode({ additionalProperties: { properties: { a: null, b: { x: 1, default: { x: 1 } } } } }),
    [{ additionalProperties: { properties: { a: {}, b: { default: { x: 1 } } } } }, 'additionalProperties.properties.b.x'])
  const kept = { additionalProperties: false, dependencies: { a: ['b'], c: { type: 'string' } }, items: { default: '', enum: [null, 0] } }
  assert.deepEqual(decode(structuredClone(kept)), [kept])
  assert.throws(() => decode({ items: { properties: { a: { maxLength: 'x' } } } }), /cannot unmarshal string into Go struct field JSONSchemaProps.properties.maxLength of type int64/)
})

test('paths of fields', () => {
  const schema = { type: 'object', properties: { a: { type: 'object', additionalProperties: { type: 'string' } }, 'b.c': { type: 'integer' } } }
  const check = (path: string, notation: 'brackets' | 'dots-only', expected: unknown): void => {
    const found = findField(path, schema, notation)
    assert.deepEqual('error' in found ? found.error : found.steps, expected, path)
  }
  check(".a['x.y']", 'brackets', ['a', 'x.y'])
  check("['b.c']", 'brackets', ['b.c'])
  check("['it\\'s']", 'brackets', 'does not refer to a valid field')
  check(".a['x']", 'dots-only', 'array notation is not allowed')
  check('.a.', 'brackets', 'unexpected end of JSON path')
  check('.a..b', 'brackets', 'expected name but got .')
  check('.a[x]', 'brackets', 'expected single quoted string but got x')
  check('a', 'brackets', 'expected [ or . but got: a')
})

test('the expressions of a definition', () => {
  const rules = [{ rule: 'self.x > 0', messageExpression: '"x"' }]
  const object = changed(sampleDefinition(), { [WHERE]: { type: 'object', properties: { x: { type: 'array', items: { type: 'object', 'x-kubernetes-validations': rules } } } } })
  assert.deepEqual(customResourceDefinitions.expressionsOf(object).map(({ use, path, text }) => [use, path, text]), [
    ['schema-rule', 'spec.validation.openAPIV3Schema.properties[x].items.x-kubernetes-validations[0].rule', 'self.x > 0'],
    ['schema-message', 'spec.validation.openAPIV3Schema.properties[x].items.x-kubernetes-validations[0].messageExpression', '"x"'],
  ])
})

test('what the expressions of a definition are about', () => {
  const ruled = { 'x-kubernetes-validations': [{ rule: 'r', optionalOldSelf: true }] }
  const subjectsIn = (schema: object): unknown[] => (
    customResourceDefinitions.expressionsOf(changed(sampleDefinition(), { [WHERE]: { type: 'object', ...schema } })).map(({ subject }) => (
      [subject?.root, subject?.copies, subject?.isResource, subject?.optionalOldSelf])))
  const root = 'spec.validation.openAPIV3Schema'
  const text = { type: 'string', ...ruled }
  const list = (items: object, maxItems?: number): object => ({ type: 'array', items, maxItems })
  assert.deepEqual(subjectsIn(ruled), [[root, 1, true, true]])
  assert.deepEqual(subjectsIn({ properties: { a: text, b: list(text, 3), c: list(text), d: list(list(text, 5), 3), e: list(list(text), 3) } }),
    [[root, 1, false, true], [root, 3, false, true], [root, undefined, false, true], [root, 15, false, true], [root, undefined, false, true]])
  assert.deepEqual(subjectsIn({ properties: { a: { type: 'object', maxProperties: 7, additionalProperties: text } } }), [[root, 7, false, true]])
  assert.deepEqual(subjectsIn({ properties: { a: { type: 'object', 'x-kubernetes-embedded-resource': true, ...ruled } } }), [[root, 1, true, true]])
})

test('defaults with the rules that they must keep', () => {
  const rules = { 'x-kubernetes-validations': [{ rule: 'self > 0' }] }
  const schema = { type: 'object', properties: {
    a: { type: 'integer', default: 1, ...rules }, b: { type: 'integer', default: 1 },
    c: { type: 'object', default: {}, properties: { d: { type: 'integer', ...rules } } },
  } }
  const found = customResourceDefinitions.expressionsOf(changed(sampleDefinition(), { [WHERE]: schema }))
  assert.deepEqual(found.filter(({ use }) => use === 'schema-default').map(({ path }) => path),
    ['a', 'c'].map((name) => `spec.validation.openAPIV3Schema.properties[${name}].default`))
})
