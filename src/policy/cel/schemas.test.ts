import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SchemaCatalog } from '../../resources/schema.ts'
import { admissionRequestSchema, namespaceSchema, userInfoSchema } from './admission-schemas.ts'
import { compile } from './compile.ts'
import { composedType, composedValue } from './composed-variables.ts'
import { createEnvironment, extendEnvironment, type Environment } from './environment.ts'
import { escapeField } from './field-escape.ts'
import { kubernetesEnvironment } from './kubernetes-environment.ts'
import { jsonPatchLibrary, mutationTypes } from './mutation-types.ts'
import { declareSchema } from './openapi-types.ts'
import type { OpenApiSchema } from './openapi-schema.ts'
import { resourceTypes } from './resource-types.ts'
import { standardLibrary } from './library/standard.ts'
import { assertErrors, assertTruths, outcome } from './truths.testing.ts'
import { dynType, intType, listType, mapType, objectType, stringType } from './types.ts'

const kubernetes = kubernetesEnvironment({ version: '1.32' })

function environmentOf(schema: OpenApiSchema): Environment {
  const declared = declareSchema(schema, 'Object')
  assert.ok(declared !== undefined)
  return extendEnvironment(kubernetes, { variables: { self: declared.type, oldSelf: declared.type }, types: declared.provider })
}

const text: OpenApiSchema = { type: 'string' }
const widget: OpenApiSchema = {
  type: 'object',
  'x-kubernetes-embedded-resource': true,
  properties: {
    spec: {
      type: 'object',
      required: ['replicas'],
      properties: {
        replicas: { type: 'integer' },
        ratio: { type: 'number' },
        namespace: text,
        'max-size': { type: 'integer' },
        data: { type: 'string', format: 'byte' },
        timeout: { type: 'string', format: 'duration' },
        since: { type: 'string', format: 'date-time' },
        day: { type: 'string', format: 'date' },
        percent: { 'x-kubernetes-int-or-string': true },
        note: { type: 'string', nullable: true },
        labels: { type: 'object', additionalProperties: text },
        ports: { type: 'array', items: { type: 'object', properties: { name: text, port: { type: 'integer' } } }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
        tags: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
        free: { 'x-kubernetes-preserve-unknown-fields': true },
        loose: { type: 'object', properties: { known: { type: 'integer' } }, 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
  },
}
const spec = {
  replicas: 3, ratio: 2, namespace: 'ns', 'max-size': 5, data: 'QUI=', timeout: '1h30m', since: '2026-01-02T03:04:05Z', day: '2026-01-02', percent: '25%', note: null,
  labels: { a: 'b' }, ports: [{ name: 'http', port: 80 }, { name: 'https', port: 443 }], tags: ['x', 'y'], free: { a: 1 }, loose: { known: 1, other: 2 },
}
const self = { apiVersion: 'acme.io/v1', kind: 'Widget', metadata: { name: 'w', namespace: 'n' }, spec }

test('JSON is typed by its schema', () => {
  assertTruths(environmentOf(widget), [
    'self.spec.replicas == 3 && type(self.spec.replicas) == int', 'type(self.spec.ratio) == double && self.spec.ratio / 4.0 == 0.5',
    "self.spec.__namespace__ == 'ns'", 'self.spec.max__dash__size == 5', "self.spec.data == b'AB'", "self.spec.timeout == duration('90m')",
    'self.spec.since.getFullYear() == 2026', "self.spec.day == timestamp('2026-01-02T00:00:00Z')", "self.spec.percent == '25%' && self.spec.percent != 25",
    '!has(self.spec.note)', "self.spec.labels.a == 'b' && self.spec.labels['a'] == 'b' && !('x' in self.spec.labels)",
    "self.spec.ports.exists(p, p.name == 'https' && p.port == 443)", "self.kind == 'Widget' && self.metadata.name == 'w'",
    'self.spec.loose.known == 1', 'self == oldSelf',
  ], { self, oldSelf: structuredClone(self) })
})

test('what the schema does not say cannot be named', () => {
  assertErrors(environmentOf(widget), [
    ['self.spec.nope', /issue: undefined field 'nope'/],
    ['self.spec.free', /issue: undefined field 'free'/],
    ['self.spec.loose.other', /issue: undefined field 'other'/],
    ['self.metadata.namespace', /issue: undefined field 'namespace'/],
    ["self.spec.replicas == 'x'", /issue: found no matching overload for '_==_' applied to '\(int, string\)'/],
    ['self.spec.note', /error: no such key: note/],
  ], { self })
})

test('sets and maps by keys are compared and joined as what they are', () => {
  const reordered = { ...self, spec: { ...spec, tags: ['y', 'x'], ports: spec.ports.toReversed() } }
  assertTruths(environmentOf(widget), [
    'self == oldSelf', 'self.spec.tags == oldSelf.spec.tags', "self.spec.tags + ['y', 'z'] == ['x', 'y', 'z']", 'size(self.spec.ports + oldSelf.spec.ports) == 2',
    "self.spec.tags == ['y', 'x'] && self.spec.tags != ['x', 'z']",
  ], { self, oldSelf: reordered })
  const changed = { ...self, spec: { ...spec, loose: { known: 1, other: 3 } } }
  assertTruths(environmentOf(widget), ['self != oldSelf', 'self.spec.loose != oldSelf.spec.loose', 'self.spec.ports == oldSelf.spec.ports'], { self, oldSelf: changed })
})

test('transition rules compare with what was', () => {
  const environment = environmentOf(widget)
  const cases: readonly (readonly [string, boolean])[] = [
    ['self.spec.replicas >= oldSelf.spec.replicas', true],
    ['self.spec.ports.all(p, oldSelf.spec.ports.exists_one(o, o.name == p.name))', true],
    ['self.spec.labels.all(k, k in oldSelf.spec.labels && self.spec.labels[k] == oldSelf.spec.labels[k])', false],
  ]
  const oldSelf = { ...self, spec: { ...spec, replicas: 2, labels: {} } }
  for (const [rule, expected] of cases) assert.equal(outcome(environment, rule, { self, oldSelf }), expected, rule)
})

test('a schema that says nothing is not declared', () => {
  assert.equal(declareSchema({ 'x-kubernetes-preserve-unknown-fields': true }, 'Object'), undefined)
  assert.equal(declareSchema({ type: 'array' }, 'Object'), undefined)
})

test('properties may be named like methods of JavaScript', () => {
  const environment = environmentOf({ type: 'object', properties: { constructor: text, toString: text, __proto__: text, other: text } })
  assertTruths(environment, ['!has(self.constructor)', '!has(self.toString)', 'self == oldSelf'], { self: {}, oldSelf: {} })
  assertTruths(environment, ["self.constructor == 'c' && self.toString == 't'", 'self != oldSelf'], { self: { constructor: 'c', toString: 't' }, oldSelf: {} })
})

test('names that CEL cannot write are escaped', () => {
  const cases: readonly (readonly [string, string | undefined])[] = [
    ['name', 'name'], ['namespace', '__namespace__'], ['x-prop', 'x__dash__prop'], ['redact__d', 'redact__underscores__d'], ['string', 'string'],
    ['a.b/c', 'a__dot__b__slash__c'], ['in', '__in__'], ['1st', undefined], ['a b', undefined],
  ]
  for (const [name, expected] of cases) assert.equal(escapeField(name), expected, name)
})

test('built-in kinds are typed by the tables', () => {
  const types = resourceTypes(new SchemaCatalog().lookup)
  const environment = kubernetesEnvironment({ version: '1.32', variables: { object: objectType('apps.v1.Deployment') }, types })
  const object = { metadata: { name: 'web', labels: { app: 'web' } }, spec: { replicas: 3, template: { spec: { containers: [{ name: 'c', image: 'nginx', resources: { limits: { cpu: '500m' } } }] } } } }
  assertTruths(environment, [
    'object.spec.replicas <= 5', 'object.spec.template.spec.containers.all(c, c.image.startsWith("nginx"))', "object.metadata.labels.app == 'web'",
    '!has(object.spec.paused)', "quantity(object.spec.template.spec.containers[0].resources.limits['cpu']).isLessThan(quantity('1'))",
  ], { object })
  assertErrors(environment, [['toString', /issue: undeclared reference to 'toString'/], ['constructor{}', /issue: undeclared reference to 'constructor'/]], { object })
  assertErrors(environment, [['object.spec.replica', /issue: undefined field 'replica'/], ['object.spec.replicas == "3"', /issue: found no matching overload/]], { object })
})

test('mutations are built from typed objects and patches', () => {
  const environment = createEnvironment({ libraries: [standardLibrary, jsonPatchLibrary], types: mutationTypes, variables: { object: { kind: 'dyn' } } })
  const object = { spec: { replicas: 2 } }
  const cases: readonly (readonly [string, unknown])[] = [
    ['Object{spec: Object.spec{replicas: object.spec.replicas + 1}}', { spec: { replicas: 3 } }],
    ["Object{metadata: Object.metadata{labels: {'a': 'b'}}, spec: Object.spec{items: [Object.spec.items{x: 1}]}}", { metadata: { labels: { a: 'b' } }, spec: { items: [{ x: 1 }] } }],
    ["[JSONPatch{op: 'add', path: '/metadata/labels/' + jsonpatch.escapeKey('a/b~c'), value: 1}]", [{ op: 'add', path: '/metadata/labels/a~1b~0c', value: 1 }]],
    ['Object{spec: Object.other{}}', 'error: unexpected type name "Object.other", expected "Object.spec", which matches field name path from root Object type'],
    ["JSONPatch{verb: 'add'}", "issue: undefined field 'verb'"],
    ['JSONPatch{op: 1}', "issue: expected type of field 'op' is 'string' but provided type is 'int'"],
  ]
  for (const [expr, expected] of cases) assert.deepEqual(outcome(environment, expr, { object }), expected, expr)
})

test('composed variables are typed, and computed once, when they are asked for', () => {
  const type = composedType('variables', new Map([['count', intType], ['names', listType(stringType)]]))
  const types = { objectType: (name: string) => (name === 'variables' ? type : undefined), namedType: () => undefined, constant: () => undefined }
  const environment = extendEnvironment(kubernetes, { variables: { variables: objectType('variables') }, types })
  let computed = 0
  const variables = composedValue(type, (name) => {
    computed++
    return name === 'count' ? 4n : null
  })
  assert.equal(outcome(environment, 'variables.count + variables.count == 8 || variables.names.size() > 0', { variables }), true)
  assert.equal(computed, 1)
  assertErrors(environment, [['variables.nope', /issue: undefined field 'nope'/], ["variables.count == 'a'", /issue: found no matching overload/]])
})

test('one program serves many evaluations', () => {
  const compiled = compile(environmentOf(widget), 'self.spec.ports.filter(p, p.port > 100).map(p, p.name)')
  assert.ok(compiled.ok)
  const results = [80, 200].map((port) => compiled.program.evaluate({ self: { ...self, spec: { ...spec, ports: [{ name: 'a', port }] } } }))
  assert.deepEqual(results.map((result) => (result.ok && typeof result.value === 'object' && result.value !== null && 'size' in result.value ? result.value.size : undefined)), [0, 1])
})

test('the variables of admission', () => {
  const request = declareSchema(admissionRequestSchema, 'kubernetes.AdmissionRequest')
  const namespace = declareSchema(namespaceSchema, 'kubernetes.Namespace')
  assert.ok(request !== undefined && namespace !== undefined)
  const withRequest = extendEnvironment(kubernetes, { variables: { request: request.type, object: { kind: 'dyn' } }, types: request.provider })
  const environment = extendEnvironment(withRequest, { variables: { namespaceObject: namespace.type }, types: namespace.provider })
  const input = {
    request: { operation: 'CREATE', userInfo: { username: 'a', groups: ['g'], extra: { k: ['v'] } }, options: { dryRun: ['All'] }, kind: { kind: 'Pod' } },
    object: { metadata: { name: 'x' } },
    namespaceObject: { metadata: { labels: { env: 'test' } } },
  }
  assertTruths(environment, [
    "request.operation == 'CREATE' && request.kind.kind == 'Pod'", "'g' in request.userInfo.groups && request.userInfo.extra['k'][0] == 'v'",
    "request.options.dryRun[0] == 'All'", "namespaceObject.metadata.labels.env == 'test'", "object.metadata.name == 'x'", '!has(request.name)',
  ], input)
  assertErrors(environment, [['request.object', /issue: undefined field 'object'/]], input)
})

test('the variables of authentication', () => {
  const user = declareSchema(userInfoSchema, 'kubernetes.UserInfo')
  assert.ok(user !== undefined)
  const environment = extendEnvironment(kubernetes, { variables: { claims: mapType(stringType, dynType), user: user.type }, types: user.provider })
  const input = { claims: { sub: 'ann', email_verified: true, roles: 'a,b', nested: { admin: true } }, user: { username: 'oidc:ann', groups: ['dev'] } }
  const cases: readonly (readonly [string, unknown])[] = [
    ["'oidc:' + claims.sub", 'oidc:ann'],
    ["claims.roles.split(',').map(r, 'role:' + r)", ['role:a', 'role:b']],
    ['claims.?groups.orValue([])', []],
    ['claims.email_verified && claims.nested.admin', true],
    ["!user.username.startsWith('system:') && user.groups.all(g, !g.startsWith('system:'))", true],
    ['claims.missing', 'error: no such key: missing'],
  ]
  for (const [expr, expected] of cases) assert.deepEqual(outcome(environment, expr, input), expected, expr)
})
