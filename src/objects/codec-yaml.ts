import type { Integer } from './json.ts'
import { isInt64 } from './json-text.ts'
import {
  CORE_SCHEMA, defineScalarTag, dump, DUMP_SCHEMA, intCoreTag, intYaml11Tag, loadAll, mergeTag, NOT_RESOLVED, YAMLException,
  type LoadOptions,
} from 'js-yaml'
import { textOf, utf8 } from '../words/bytes.ts'
import { badRequest } from '../words/status-error.ts'
import { MAX_DEPTH } from './codec-json.ts'

/** A document of a YAML stream; index counts the documents with content from 0, as errors name them. */
export interface YamlDocument {
  readonly index: number
  readonly value: unknown
}

const MAX_ALIASES = 100
const MAX_YAML_DEPTH = 200
/** All values together after aliases are spelled out: what a few hundred bytes of nested aliases may become. */
const MAX_VALUES = 1_000_000
const MAX_DOCUMENTS = 10_000
/** A sign, a mark of the base and 22 octal digits: what is longer has more than 64 bits. */
const MAX_INTEGER_CHARACTERS = 25

/** defaultMode: 0644 is octal, as in YAML 1.1, which Kubernetes' manifests are written in; 0o644 is YAML 1.2's way to say it. */
const integerTag = defineScalarTag<Integer>('tag:yaml.org,2002:int', {
  implicit: true,
  implicitFirstChars: ['+', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
  resolve: (source) => readInteger(source) ?? NOT_RESOLVED,
  identify: (value) => Number.isInteger(value),
})

/** What does not fit in 64 bits is a double, as JSON has it; what no double can hold is a text, as with Go's reader. */
function readInteger(source: string): Integer | undefined {
  const match = /^([-+]?)(?:0o?([0-7]+)|0x([0-9a-fA-F]+)|(0|[1-9][0-9]*))$/.exec(source)
  if (match === null) return undefined
  const [, sign, octal, hex, decimal] = match
  const value = octal !== undefined ? Number.parseInt(octal, 8) : hex !== undefined ? Number.parseInt(hex, 16) : Number(decimal)
  if (!Number.isFinite(value)) return undefined
  if (Number.isSafeInteger(value) || source.length > MAX_INTEGER_CHARACTERS) return sign === '-' ? -value : value
  const exact = BigInt(octal !== undefined ? `0o${octal}` : hex !== undefined ? `0x${hex}` : (decimal ?? '')) * (sign === '-' ? -1n : 1n)
  return isInt64(exact) ? exact : Number(exact)
}

/** yes and no as in YAML 1.1, but not the letters y and n, which are ordinary keys (of coordinates, say). */
const booleanTag = defineScalarTag<boolean>('tag:yaml.org,2002:bool', {
  implicit: true,
  implicitFirstChars: ['t', 'T', 'f', 'F', 'y', 'Y', 'n', 'N', 'o', 'O'],
  resolve: (source) => BOOLEANS.get(source) ?? NOT_RESOLVED,
  identify: (value) => typeof value === 'boolean',
})

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 'True', 'TRUE', 'yes', 'Yes', 'YES', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['false', 'False', 'FALSE', 'no', 'No', 'NO', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
])

const OPTIONS: LoadOptions = {
  schema: CORE_SCHEMA.withTags(booleanTag, integerTag, mergeTag),
  maxAliases: MAX_ALIASES,
  maxDepth: MAX_YAML_DEPTH,
}

export interface YamlOptions {
  /** A key that stands twice in one mapping is an error, or the last one counts. */
  readonly duplicateKeys: 'refuse' | 'last'
}

const STRICT: YamlOptions = { duplicateKeys: 'refuse' }

/** One document, as a request's body has it. Throws StatusError 400. JSON is YAML too. */
export function decodeYaml(bytes: Uint8Array, options: YamlOptions = STRICT): unknown {
  const documents = decodeYamlStream(bytes, options)
  if (documents.length > 1) throw badRequest('yaml: the body has more than one document')
  return documents[0]?.value ?? null
}

/** All documents that have content. */
export function decodeYamlStream(bytes: Uint8Array, options: YamlOptions = STRICT): YamlDocument[] {
  const text = textOf(bytes)
  checkMarkers(text)
  const documents = load(text, options).filter((value) => value !== null && value !== undefined)
  if (documents.length > MAX_DOCUMENTS) throw badRequest(`yaml: more than ${MAX_DOCUMENTS} documents`)
  const budget = { left: MAX_VALUES }
  return documents.map((value, index) => {
    spend(value, budget, MAX_DEPTH)
    return { index, value }
  })
}

/** Every document but the first begins with a marker: what is far too many is not read at all. */
function checkMarkers(text: string): void {
  let count = 0
  for (let at = text.indexOf('\n---'); at !== -1; at = text.indexOf('\n---', at + 4)) {
    if (++count > 2 * MAX_DOCUMENTS) throw badRequest(`yaml: more than ${MAX_DOCUMENTS} documents`)
  }
}

function load(text: string, { duplicateKeys }: YamlOptions): unknown[] {
  try {
    return loadAll(text, { ...OPTIONS, json: duplicateKeys === 'last' })
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    const where = error.mark === undefined || error.mark === null ? '' : ` at line ${error.mark.line + 1}, column ${error.mark.column + 1}`
    throw badRequest(`yaml: ${error.reason}${where}`)
  }
}

/** Counts values as JSON would spell them: a shared alias counts every time that it stands there. Refuses what JSON cannot carry. */
function spend(value: unknown, budget: { left: number }, levels: number): void {
  if (levels === 0) throw badRequest(`yaml: more than ${MAX_DEPTH} levels, or an alias within its own anchor`)
  if (--budget.left < 0) throw badRequest(`yaml: the document expands to more than ${MAX_VALUES} values`)
  if (typeof value === 'number' && !Number.isFinite(value)) throw badRequest('yaml: .inf and .nan have no JSON form')
  if (typeof value !== 'object' || value === null) return
  if (Object.hasOwn(value, '__proto__')) throw badRequest('yaml: the key __proto__ is not supported')
  for (const inner of Object.values(value)) spend(inner, budget, levels - 1)
}

/** The library's own schema for printing quotes what any version of YAML might take for a number; bigints are whole numbers too. */
const PRINTED = DUMP_SCHEMA.withTags({
  ...intCoreTag,
  resolve(source, isExplicit, tagName) {
    const value = intYaml11Tag.resolve(source, isExplicit, tagName)
    return value === NOT_RESOLVED ? intCoreTag.resolve(source, isExplicit, tagName) : value
  },
  identify: (value) => typeof value === 'bigint' || intCoreTag.identify(value),
})

/** As kubectl get -o yaml prints: keys sorted, lists not indented, no line folding. */
export function encodeYaml(value: unknown): Uint8Array<ArrayBuffer> {
  return utf8(yamlText(value))
}

export function yamlText(value: unknown): string {
  return dump(value, { schema: PRINTED, noRefs: true, sortKeys: true, seqNoIndent: true, lineWidth: -1, quoteStyle: 'double' })
}
