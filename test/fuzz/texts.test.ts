/** The small languages of the API: selectors, quantities, continue tokens, paths, CEL, patterns. Read, or refused; what is printed reads the same. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { jsonText, parseJson } from '../../src/objects/json-text.ts'
import { parseRequest } from '../../src/apiserver/request-info.ts'
import { decodeContinue, encodeContinue } from '../../src/apiserver/watch-cache/continue-token.ts'
import { formatFieldSelector, matchesFields, parseFieldSelector } from '../../src/objects/field-selector.ts'
import { isObject, type JsonObject } from '../../src/objects/json.ts'
import { jsonPath } from '../../src/objects/json-path.ts'
import { formatLabelSelector, matchesLabels, parseLabelSelector } from '../../src/objects/label-selector.ts'
import { addQuantities, canonicalQuantity, compareQuantities, formatQuantity, parseQuantity, subtractQuantities } from '../../src/objects/quantity.ts'
import { patternSize } from '../../src/objects/pattern-size.ts'
import { structuralOf } from '../../src/objects/structural/structural-schema.ts'
import { textPattern } from '../../src/objects/structural/text-pattern.ts'
import { pruneUnknown } from '../../src/objects/structural/prune.ts'
import { fillDefaults } from '../../src/objects/structural/defaults.ts'
import { validateValue } from '../../src/objects/structural/validate-value.ts'
import { kubernetesEnvironment } from '../../src/policy/cel/kubernetes-environment.ts'
import { outcome } from '../../src/policy/cel/truths.testing.ts'
import { dynType } from '../../src/policy/cel/types.ts'
import { utf8 } from '../../src/words/bytes.ts'
import { accepted, fuzz } from './fuzzing.testing.ts'
import { hostileJson, hostileObject, hostileText, mutatedText } from './hostile-values.testing.ts'

const labels = { app: 'web', tier: 'front', 'example.com/size': '12', empty: '' }

fuzz('label selectors', 0.04, fc.oneof(mutatedText(['app=web,tier in (front,back),!gone,example.com/size>11', 'app notin (a),empty=,x!=y,z == w , q lt 5']), hostileText), (text) => {
  const selector = accepted(() => parseLabelSelector(text))
  if (selector === undefined) return
  const again = parseLabelSelector(formatLabelSelector(selector))
  assert.equal(formatLabelSelector(again), formatLabelSelector(selector))
  assert.equal(matchesLabels(again, labels), matchesLabels(selector, labels))
})

fuzz('field selectors', 0.02, fc.oneof(mutatedText(['metadata.name=a,status.phase!=Running', 'a==b\\,c,d=e\\=f\\\\']), hostileText), (text) => {
  const selector = accepted(() => parseFieldSelector(text))
  if (selector === undefined) return
  const again = parseFieldSelector(formatFieldSelector(selector))
  assert.deepEqual(again, selector)
  const get = (field: string): string => (field === 'metadata.name' ? 'a' : '')
  assert.equal(matchesFields(again, get), matchesFields(selector, get))
})

const quantityText = fc.oneof(
  mutatedText(['100m', '1.5Gi', '12e6', '0.000000001', '-5E', '1Ki', '99999999999999999999n']),
  fc.tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'e3', 'E-2')).map(([number, suffix]) => `${number}${suffix}`),
)

fuzz('quantities', 0.03, fc.tuple(quantityText, quantityText), ([left, right]) => {
  const [a, b] = [parseQuantity(left), parseQuantity(right)]
  if (a === undefined) return
  const canonical = formatQuantity(a)
  assert.equal(canonicalQuantity(canonical), canonical)
  const again = parseQuantity(canonical)
  assert.ok(again !== undefined && compareQuantities(again, a) === 0)
  if (b === undefined) return
  assert.equal(compareQuantities(a, b) + compareQuantities(b, a), 0)
  assert.equal(compareQuantities(subtractQuantities(addQuantities(a, b), b), a), 0)
})

fuzz('continue tokens', 0.02, fc.oneof(mutatedText([encodeContinue({ revision: 5, start: 'default/a' })]), hostileJson.map((json) => Buffer.from(jsonText(json)).toString('base64url')), hostileText), (text) => {
  const token = accepted(() => decodeContinue(text))
  if (token !== undefined) assert.deepEqual(decodeContinue(encodeContinue(token)), token)
})

const segment = fc.oneof(fc.constantFrom('api', 'apis', 'v1', 'apps', 'namespaces', 'default', 'pods', 'a', 'status', 'watch', 'proxy', '', '.', '..', '%2e%2e', '%2F', '%00', '%', '%ff', '..%2f', '\\', 'ä', '%C3%A4', 'a;b', 'x'.repeat(5_000)), hostileText)
const path = fc.oneof({ weight: 5, arbitrary: fc.array(segment, { maxLength: 9 }).map((segments) => `/${segments.join('/')}`) }, hostileText)

fuzz('paths', 0.03, fc.tuple(fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'FOO'), path, fc.tuple(fc.constantFrom('watch', 'fieldSelector', 'labelSelector'), hostileText)), ([method, given, [name, value]]) => {
  const request = accepted(() => parseRequest(method, given, new URLSearchParams([[name, value]])))
  if (request === undefined || !request.isResource) return
  // What the authorizer decides about is what the storage reads: no part can be taken for another path.
  for (const part of [request.group, request.version, request.namespace, request.resource, request.name, request.subresource]) assert.doesNotMatch(part, /[/\\\0]|^\.\.?$/)
})

const environment = kubernetesEnvironment({ version: '1.32', variables: { self: dynType, object: dynType } })
const self = { a: 1, list: [1, 2, 3], text: 'abc', map: { k: 'v' }, when: '2026-01-01T00:00:00Z' }
const expressions = [
  'self.list.all(x, x > 0) && self.text.matches("^[a-c]+$")', 'has(self.map.k) ? self.map.k + "x" : string(size(self.list))', 'self.list.map(x, x * 2).sum() == 12 || quantity("1Gi").isGreaterThan(quantity("1Mi"))',
  'timestamp(self.when).getFullYear() == 2026', '[1, 2u, 3.0, b"\\x00", r"\\d", null, {"a": 1}][0]', 'cel.bind(x, self.a, x + x)', 'self.?b.orValue(3)', '"%s %d".format([self.text, 5])', 'url("https://a/b?c=d").getHost()',
  'ip("10.0.0.1").isLoopback() && cidr("10.0.0.0/8").containsIP("10.1.1.1")', 'self.list.sortBy(x, -x).transformMap(i, v, i + v)', 'duration("1h").getMinutes() > 5', '!self.list.exists_one(i, i == 2) && (1 in self.list)', 'semver("1.2.3").isLessThan(semver("1.10.0"))',
]

fuzz('CEL', 0.08, mutatedText(expressions, 8), (text) => {
  // A value, an error of the evaluation, or the issues of the text: each printable.
  assert.equal(typeof String(outcome(environment, text, { self, object: self })), 'string')
})

fuzz('patterns', 0.02, fc.tuple(mutatedText(['^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', '(a+)+$', '\\p{L}{1,3}|x(?i:y)', '(?P<n>a|b)*\\b']), hostileText), ([source, text]) => {
  const size = patternSize(source)
  assert.ok(size >= 0 && size <= 1000 ** 4)
  textPattern(source).matches(text.repeat(50))
})

fuzz('JSON paths', 0.02, fc.tuple(fc.oneof(mutatedText(['.spec.containers[0].name', '.metadata.labels[\'a\\.b\']', '.items[?(@.a=="b")].c', '.a[*].b[1:2]']), hostileText), hostileJson), ([source, value]) => {
  assert.ok([...(jsonPath(source)?.find(value) ?? [])].length <= 10_000)
})

const schemaDocument = {
  type: 'object', required: ['a'], properties: {
    a: { type: 'string', pattern: '^a', maxLength: 5, default: 'a' }, b: { type: 'integer', minimum: 1, nullable: true }, c: { type: 'array', items: { type: 'object', properties: { name: { type: 'string' } } }, 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['name'] },
    d: { 'x-kubernetes-preserve-unknown-fields': true }, e: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }, f: { type: 'object', additionalProperties: { type: 'number', multipleOf: 0.1 } }, metadata: { type: 'object' },
  },
}

fuzz('values of custom resources', 0.03, fc.oneof(hostileObject, mutatedText([JSON.stringify({ a: 'ab', b: 2, c: [{ name: 'x' }], d: { e: [1] }, e: '5', f: { g: 0.3 } })]).map(objectIn)), (given) => {
  const schema = structuralOf(schemaDocument)
  const draft: JsonObject = structuredClone(given)
  pruneUnknown(schema, draft)
  fillDefaults(schema, draft)
  const once = jsonText(draft)
  assert.deepEqual(pruneUnknown(schema, draft), [])
  fillDefaults(schema, draft)
  assert.equal(jsonText(draft), once)
  for (const error of validateValue(schema, draft, '')) assert.ok(error.message.length < 20_000)
})

function objectIn(text: string): JsonObject {
  try {
    const value: unknown = parseJson(text)
    return isObject(value) && !utf8(text).includes(0) ? value : {}
  } catch {
    return {}
  }
}
