import type { KubeObject } from '../../objects/kube-object.ts'
import { assert } from '../../words/assert.ts'
import { textOf, utf8 } from '../../words/bytes.ts'

/**
 * An object is stored as JSON without its resourceVersion, because only the commit knows that. kind, apiVersion and metadata come
 * first, so that the revision is put in by joining three pieces instead of parsing:
 *   stored  {"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"},...}
 *   served  {"kind":"Pod","apiVersion":"v1","metadata":{"resourceVersion":"7","name":"a"},...}
 */
export function encodeObject(object: KubeObject): Uint8Array {
  const { kind, apiVersion, metadata, ...rest } = object
  if (metadata.resourceVersion === undefined) return utf8(JSON.stringify({ kind, apiVersion, metadata, ...rest }))
  const { resourceVersion: _, ...stored } = metadata
  return utf8(JSON.stringify({ kind, apiVersion, metadata: stored, ...rest }))
}

export function decodeObject(bytes: Uint8Array, revision: number): KubeObject {
  const object = JSON.parse(textOf(bytes)) as KubeObject
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
