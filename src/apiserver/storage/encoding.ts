import type { FieldSetPool } from '../../objects/apply/field-set-pool.ts'
import type { FieldSet } from '../../objects/apply/field-set.ts'
import { isObject, type JsonObject } from '../../objects/json.ts'
import { jsonText, parseJson } from '../../objects/json-text.ts'
import type { KubeObject, ManagedFieldsEntry, ObjectMeta } from '../../objects/kube-object.ts'
import { assert } from '../../words/assert.ts'
import { textOf, utf8 } from '../../words/bytes.ts'

/**
 * An object is stored as JSON without its resourceVersion, because only the commit knows that. kind, apiVersion and metadata come
 * first, so that the revision is put in by joining three pieces instead of parsing:
 *   stored  {"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"},...}
 *   served  {"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"7","name":"a"},...}
 */
export function encodeObject(object: KubeObject, sets: FieldSetPool): Uint8Array {
  return utf8(textOfObject(object, metadataText(object.metadata, sets)))
}

/** What spliceRevision makes of encodeObject's bytes, from an object that has its revision. */
export function servedText(object: KubeObject, sets: FieldSetPool): string {
  const head = `{"resourceVersion":${JSON.stringify(object.metadata.resourceVersion)}`
  return textOfObject(object, joinMembers(head, metadataText(object.metadata, sets)))
}

function textOfObject(object: KubeObject, metadata: string): string {
  const { kind, apiVersion } = object
  const rest: JsonObject = {}
  for (const key in object) if (!LEADING.has(key)) rest[key] = (object as KubeObject & JsonObject)[key]
  const head = `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":${metadata}`
  return joinMembers(head, jsonText(rest))
}

const LEADING: ReadonlySet<string> = new Set(['kind', 'apiVersion', 'metadata'])

/** Managed fields come last: they are joined from texts that the pool keeps, as they make up half of many an object. */
function metadataText(metadata: ObjectMeta, sets: FieldSetPool): string {
  const { managedFields } = metadata
  const own: JsonObject = {}
  for (const key in metadata) if (key !== 'resourceVersion' && key !== 'managedFields') own[key] = metadata[key as keyof ObjectMeta]
  const text = jsonText(own)
  if (managedFields === undefined) return text
  const entries = managedFields.map((entry) => entryText(entry, sets)).join(',')
  return `${joinMembers(text.slice(0, -1), `{"managedFields":[${entries}]}`)}`
}

function entryText(entry: ManagedFieldsEntry, sets: FieldSetPool): string {
  const { fieldsV1 } = entry
  if (!isObject(fieldsV1)) return jsonText(entry)
  const own: JsonObject = {}
  for (const key in entry) if (key !== 'fieldsV1') own[key] = entry[key as keyof ManagedFieldsEntry]
  return joinMembers(jsonText(own).slice(0, -1), `{"fieldsV1":${sets.textOf(fieldsV1 as FieldSet)}}`)
}

/** head is an object's text without its closing brace; more a whole object's text. */
function joinMembers(head: string, more: string): string {
  if (more === '{}') return `${head}}`
  return head === '{' ? more : `${head},${more.slice(1)}`
}

export function decodeObject(bytes: Uint8Array, revision: number): KubeObject {
  const object = parseJson(textOf(bytes)) as KubeObject
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
}

const MARK = utf8('"metadata":{')
const VERSION_START = utf8('"resourceVersion":"')
const QUOTE = 0x22
const COMMA = 0x2c
const ZERO = 0x30

/** Where the first member of metadata starts. The head before it is some 40 bytes long. */
export function metadataStart(bytes: Uint8Array): number {
  for (let at = bytes.indexOf(QUOTE); at >= 0; at = bytes.indexOf(QUOTE, at + 1)) {
    let matched = 1
    while (matched < MARK.length && bytes[at + matched] === MARK[matched]) matched++
    if (matched === MARK.length) return at + matched
  }
  assert(false, 'a stored object without metadata')
}

/** The apiVersion in the head of stored or served bytes. */
export function storedVersionIn(bytes: Uint8Array): string {
  const head = parseJson(`${textOf(bytes.subarray(0, metadataStart(bytes)))}}}`) as { readonly apiVersion: string }
  return head.apiVersion
}

/** start is the metadataStart; oldLength the bytes there that the new member takes the place of (0 in stored bytes). */
export function spliceRevision(bytes: Uint8Array, start: number, oldLength: number, revision: number): Uint8Array {
  const length = revisionLength(revision)
  const spliced = new Uint8Array(bytes.length - oldLength + length)
  // The head is short: cheaper byte by byte than as a view of its own.
  for (let at = 0; at < start; at++) spliced[at] = bytes[at] ?? 0
  spliced.set(VERSION_START, start)
  let at = start + length - 1
  spliced[at--] = COMMA
  spliced[at--] = QUOTE
  for (let rest = revision; rest >= 1; rest = Math.floor(rest / 10)) spliced[at--] = ZERO + (rest % 10)
  spliced.set(bytes.subarray(start + oldLength), start + length)
  return spliced
}

/** The length of the member that spliceRevision puts in. Revisions begin at 1. */
export function revisionLength(revision: number): number {
  let digits = 1
  for (let bound = 10; revision >= bound; bound *= 10) digits++
  return VERSION_START.length + digits + 2
}
