import { freezeJson } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { Revision } from '../../store/store.ts'
import { utf8 } from '../../words/bytes.ts'
import { decodeObject, metadataStart, revisionLength, spliceRevision } from '../storage/encoding.ts'

/** Shows a stored object as another kind. Where undefined stands for a view, the stored kind itself is served. */
export interface View {
  /** apiVersion and kind of what is shown, as a key for what was made before. */
  readonly name: string
  toServed(object: KubeObject): KubeObject
}

/**
 * One object at one revision, shared by everyone who reads it: the parsed object and the bytes that are served. Both are made
 * when first asked for, and once. The object must never be changed.
 */
export class CachedObject {
  readonly key: string
  readonly revision: Revision
  #object: KubeObject | undefined
  #bytes: Uint8Array
  /** The revision that is spliced into #bytes; undefined while they are as stored. */
  #splicedRevision: Revision | undefined
  #views: Map<string, CachedView> | undefined

  /** bytes are as stored; object, where it is known already, carries the resourceVersion. */
  constructor(key: string, revision: Revision, bytes: Uint8Array, object: KubeObject | undefined) {
    this.key = key
    this.revision = revision
    this.#bytes = bytes
    this.#object = object
  }

  get object(): KubeObject {
    return (this.#object ??= decodeObject(this.#bytes, this.revision))
  }

  /** As served. The stored bytes are given up for them. */
  get bytes(): Uint8Array {
    if (this.#splicedRevision !== this.revision) {
      const oldLength = this.#splicedRevision === undefined ? 0 : revisionLength(this.#splicedRevision)
      this.#bytes = spliceRevision(this.#bytes, metadataStart(this.#bytes), oldLength, this.revision)
      this.#splicedRevision = this.revision
    }
    return this.#bytes
  }

  /** The same object as it stands in the event of its deletion: with the deletion's revision. */
  at(revision: Revision): CachedObject {
    const copy = new CachedObject(this.key, revision, this.#bytes, this.#object && withRevision(this.#object, revision))
    copy.#splicedRevision = this.#splicedRevision
    return copy
  }

  seen(view: View | undefined): Served {
    if (view === undefined) return this
    this.#views ??= new Map()
    let made = this.#views.get(view.name)
    if (made === undefined) this.#views.set(view.name, (made = new CachedView(this, view)))
    return made
  }

  freeze(): void {
    freezeJson(this.object)
  }
}

/** Shares all but the metadata's top. */
export function withRevision<T extends KubeObject>(object: T, revision: Revision): T {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } }
}

/** What a response is made of. */
export interface Served {
  readonly object: KubeObject
  readonly bytes: Uint8Array
}

class CachedView implements Served {
  readonly object: KubeObject
  #bytes: Uint8Array | undefined

  constructor(source: CachedObject, view: View) {
    this.object = view.toServed(source.object)
  }

  get bytes(): Uint8Array {
    return (this.#bytes ??= encodeServed(this.object))
  }
}

/** For objects that are answered and not kept. */
export function servedOnce(object: KubeObject): Served {
  return {
    object,
    get bytes() {
      return encodeServed(object)
    },
  }
}

function encodeServed(object: object): Uint8Array {
  return utf8(JSON.stringify(object))
}
