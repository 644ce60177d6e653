/** JSON, YAML and protocol buffers: whatever comes in is a value or a refusal, and what goes out comes in again as it was. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { ProtobufDecoder } from '../../src/apiserver/protobuf/decode-object.ts'
import { ProtobufEncoder } from '../../src/apiserver/protobuf/encode-object.ts'
import { decodeJson, duplicateFields } from '../../src/objects/codec-json.ts'
import { decodeYaml, encodeYaml } from '../../src/objects/codec-yaml.ts'
import { isObject, type JsonObject } from '../../src/objects/json.ts'
import { readJson } from '../../src/objects/json-reader.ts'
import { jsonText, parseJson } from '../../src/objects/json-text.ts'
import { sampleOf } from '../../src/resources/sample-objects.testing.ts'
import { servedResources } from '../../src/resources/registry.ts'
import { SchemaCatalog } from '../../src/resources/schema.ts'
import { utf8 } from '../../src/words/bytes.ts'
import { accepted, fuzz } from './fuzzing.testing.ts'
import { hostileJson, mutated } from './hostile-values.testing.ts'

const samples = servedResources().map(({ kind }) => sampleOf(kind))
const jsonDocuments = samples.map((sample) => utf8(JSON.stringify(sample)))
const yamlDocuments = [
  ...samples.map((sample) => encodeYaml(sample)), utf8('a: &a [1, 2]\nb: *a\nc: {<<: {d: 1}}\n---\n- |\n  text\n  more\n- >-\n  folded\n- "\\u00e4"\n- !!str 1\n- ? x\n  : y\n'),
]

/** The same as decodeJson, without its short cuts: JSON.parse misreads some keys that are written with escapes. */
function exactly(text: string): unknown {
  return readJson(text, (source) => {
    const value = Number(source)
    if (Number.isSafeInteger(value) || !/^-?\d+$/.test(source)) return value
    return BigInt.asIntN(64, BigInt(source)) === BigInt(source) ? BigInt(source) : value
  })
}

fuzz('JSON that was sound', 0.06, mutated(jsonDocuments), (bytes) => {
  const value = accepted(() => decodeJson(bytes))
  if (value === undefined) return
  assert.deepEqual(value, exactly(new TextDecoder().decode(bytes)))
  duplicateFields(bytes)
})

fuzz('JSON there and back', 0.02, hostileJson, (value) => {
  const text = jsonText(value)
  assert.deepEqual(decodeJson(utf8(text)), exactly(text))
})

fuzz('YAML that was sound', 0.05, mutated(yamlDocuments), (bytes) => {
  const value = accepted(() => decodeYaml(bytes))
  if (value !== undefined) assert.ok(jsonText(value).length < 64 * 1024 * 1024)
})

fuzz('YAML there and back', 0.04, hostileJson, (value) => {
  // What JSON cannot carry never gets here: -0 and lone surrogates.
  const plain = parseJson(Buffer.from(jsonText(value)).toString())
  assert.deepEqual(decodeYaml(encodeYaml(plain)), plain)
})

const schemas = new SchemaCatalog().lookup
const encoder = new ProtobufEncoder(schemas)
const decoder = new ProtobufDecoder(schemas)
const messages = samples.map((sample) => ({ ...sample })).flatMap((sample) => encoder.encode(sample) ?? [])

fuzz('protocol buffers that were sound', 0.07, mutated(messages), (bytes) => {
  const object = accepted(() => decoder.decode(bytes))
  if (object === undefined) return
  const again = encoder.encode(object)
  assert.ok(again !== undefined)
  // The first reading may drop what no field has; from then on nothing changes.
  assert.deepEqual(decoder.decode(again), object)
})

/** An object whose maps and texts are hostile. */
const hostileConfigMap: fc.Arbitrary<JsonObject> = fc.record({
  apiVersion: fc.constant('v1'), kind: fc.constant('ConfigMap'),
  metadata: fc.record({ name: fc.string({ unit: 'grapheme', minLength: 1 }), labels: fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), { minKeys: 1, noNullPrototype: true }) }, { noNullPrototype: true }),
  data: fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), { minKeys: 1, noNullPrototype: true }),
}, { noNullPrototype: true })

fuzz('protocol buffers there and back', 0.03, hostileConfigMap, (object) => {
  const bytes = encoder.encode(object)
  assert.ok(bytes !== undefined && isObject(object['data']))
  assert.deepEqual(decoder.decode(bytes), object)
})
