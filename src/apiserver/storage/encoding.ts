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
const VERSION_START = '"resourceVersion":"'

/** Where the first member of metadata starts. The head before it is some 40 bytes long. */
export function metadataStart(bytes: Uint8Array): number {
  const first = MARK[0]
  for (let at = bytes.indexOf(first ?? 0); at >= 0; at = bytes.indexOf(first ?? 0, at + 1)) {
    let matched = 1
    while (matched < MARK.length && bytes[at + matched] === MARK[matched]) matched++
    if (matched === MARK.length) return at + matched
  }
  assert(false, 'a stored object without metadata')
}

/** start is the metadataStart; oldLength the bytes there that the new member takes the place of (0 in stored bytes). */
export function spliceRevision(bytes: Uint8Array, start: number, oldLength: number, revision: number): Uint8Array {
  const member = utf8(`${VERSION_START}${revision}",`)
  const spliced = new Uint8Array(bytes.length - oldLength + member.length)
  spliced.set(bytes.subarray(0, start), 0)
  spliced.set(member, start)
  spliced.set(bytes.subarray(start + oldLength), start + member.length)
  return spliced
}

/** The length of the member that spliceRevision put in. */
export function revisionLength(revision: number): number {
  return VERSION_START.length + String(revision).length + 2
}
