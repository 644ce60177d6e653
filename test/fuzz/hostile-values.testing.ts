/** What a fuzzer sends: texts, keys and values that parsers stumble over, and documents that were sound before bytes in them changed. */
import fc from 'fast-check'
import type { JsonObject } from '../../src/objects/json.ts'

/** Names that objects have without having been given them, directives, and what means something to a path, a selector or a pattern. */
const KEYS = [
  'constructor', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__', 'length', '0', '-1', '-', '', ' ', 'a', 'b', 'name', 'key', '$patch', '$retainKeys', '$setElementOrder/containers',
  '$deleteFromPrimitiveList/finalizers', 'metadata', 'spec', 'labels', 'annotations', 'finalizers', 'ownerReferences', 'managedFields', 'containers', 'ports', 'env', 'f:a', 'k:{"name":"a"}', '.', '..', 'a/b', 'a~b',
  'ä', '\u0000', '\ud800', 'x'.repeat(300), '\\', '"', '\n', 'a\\', 'a\n',
] as const

const TEXTS = [
  ...KEYS, '__proto__', 'null', 'true', '1e9', '0x1', '1_000', '~', '<<', '*a', '&a', '!!js', '2026-01-01', '100m', '1Ei', '.5', '\u2028', '%00', '%2e%2e', '../..', '=', '!', ',', 'in', 'notin', '(', ')', '\\', '"',
] as const

export const hostileKey: fc.Arbitrary<string> = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...KEYS) }, fc.string({ maxLength: 8 }))
export const hostileText: fc.Arbitrary<string> = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...TEXTS) }, fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ maxLength: 20 }))

const scalar = fc.oneof(
  hostileText, fc.boolean(), fc.constant(null), fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -0, 1, -1, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, 5e-324, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)),
)

const { json, jsonObject } = fc.letrec<{ json: unknown; jsonObject: JsonObject }>((tie) => ({
  json: fc.oneof({ maxDepth: 4, depthSize: 'small', withCrossShrink: true }, scalar, fc.array(tie('json'), { maxLength: 4 }), tie('jsonObject')),
  jsonObject: fc.dictionary(hostileKey, tie('json'), { maxKeys: 5, noNullPrototype: true }),
}))
export const hostileJson: fc.Arbitrary<unknown> = json
export const hostileObject: fc.Arbitrary<JsonObject> = jsonObject

type Edit = { readonly at: number; readonly kind: 'set' | 'insert' | 'remove' | 'repeat' | 'cut'; readonly bytes: Uint8Array; readonly length: number }

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(), kind: fc.constantFrom('set', 'insert', 'remove', 'repeat', 'cut'), length: fc.nat({ max: 40 }),
  bytes: fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 4 }), fc.constantFrom(...['{', '}', '[', ']', '"', '\\u', ':', ',', '\n', '\t', '- ', '&a ', '*a', '|', '>', '#', '\x7f', '\xff', '\xff\xff\xff\xff\x0f', '0', '1e999', '(', ')', '.', '?', "'"].map((text) => Uint8Array.from(Buffer.from(text, 'latin1'))))),
})

/** The bytes of one of the documents, with some edits. */
export function mutated(documents: readonly Uint8Array[], maxEdits = 6): fc.Arbitrary<Uint8Array> {
  return fc.tuple(fc.constantFrom(...documents), fc.array(edit, { maxLength: maxEdits })).map(([document, edits]) => edits.reduce(perform, document))
}

export function mutatedText(texts: readonly string[], maxEdits = 6): fc.Arbitrary<string> {
  return mutated(texts.map((text) => Buffer.from(text)), maxEdits).map((bytes) => Buffer.from(bytes).toString('utf8'))
}

function perform(document: Uint8Array, { at: given, kind, bytes, length }: Edit): Uint8Array {
  const at = document.length === 0 ? 0 : given % document.length
  const [before, after] = [document.subarray(0, at), document.subarray(at)]
  const join = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts))
  switch (kind) {
    case 'set': return join(before, bytes, after.subarray(bytes.length))
    case 'insert': return join(before, bytes, after)
    case 'remove': return join(before, after.subarray(length))
    case 'repeat': return join(before, after.subarray(0, length), after.subarray(0, length), after)
    case 'cut': return before
  }
}
