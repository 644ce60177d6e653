import { freezeJson } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { Revision } from '../../store/store.ts'
import { present } from '../../words/assert.ts'
import { utf8 } from '../../words/bytes.ts'
import { decodeObject, metadataStart, revisionLength, spliceRevision, storedVersionIn } from '../storage/encoding.ts'
import type { ObjectForms } from './object-forms.ts'
import type { Holder } from './recent-bytes.ts'

/** Shows a stored object as another kind. Where undefined stands for a view, the stored kind itself is served. */
export interface View {
  /** apiVersion and kind of what is shown. */
  readonly name: string
  /** Differs between the views of a kind and those of the same kind when it was defined otherwise. */
  readonly id: string
  /** The same object where it is shown as it is stored. */
  toServed(object: KubeObject): KubeObject
}

/**
 * One object at one revision, shared by everyone who reads it: the parsed object and the bytes that are served. Both are made
 * when first asked for; bytes that nobody has read lately are given up where there is an object to make them of. The object must never be
 * changed.
 */
export class CachedObject implements Holder {
  readonly key: string
  readonly revision: Revision
  /** Its length in the store; 0 where it never was there. */
  readonly storedBytes: number
  #object: KubeObject | undefined
  #bytes: Uint8Array | undefined
  readonly #forms: ObjectForms | undefined
  #isRead = false
  /** The revision that is spliced into #bytes; undefined while they are as stored. */
  #splicedRevision: Revision | undefined
  /** As it was last shown; most objects are only ever seen through one view. */
  #view: View | undefined
  #shown: Served | undefined
  /** As other views show it, by their names: the view of a kind that was defined anew takes the place of the one before. */
  #others: Map<string, { readonly view: View; readonly shown: Served }> | undefined

  /** bytes are as stored; object, where it is known already, carries the resourceVersion. forms: undefined where both are to be kept. */
  constructor(key: string, revision: Revision, bytes: Uint8Array | undefined, object: KubeObject | undefined, forms?: ObjectForms) {
    this.key = key
    this.revision = revision
    this.storedBytes = bytes?.length ?? 0
    this.#bytes = bytes
    this.#object = object
    this.#forms = forms
    if (bytes !== undefined && object !== undefined) forms?.recent.add(this, bytes.length)
  }

  get object(): KubeObject {
    return this.#object ?? this.#decoded()
  }

  #decoded(): KubeObject {
    const bytes = present(this.#bytes, 'the bytes of an object')
    const { key, revision } = this
    this.#object = this.#forms === undefined ? decodeObject(bytes, revision) : this.#forms.decode(key, bytes, revision)
    this.#forms?.recent.add(this, bytes.length)
    return this.#object
  }

  /** The version that it is stored in: looks at no more of it than that takes. */
  get storedVersion(): string {
    return this.#object?.apiVersion ?? storedVersionIn(present(this.#bytes, 'the bytes of an object'))
  }

  /** As served. The stored bytes are given up for them. */
  get bytes(): Uint8Array {
    if (this.#bytes !== undefined && this.#splicedRevision === this.revision) {
      this.#isRead = true
      return this.#bytes
    }
    const bytes = this.#bytes === undefined ? utf8(this.#text()) : this.#spliced(this.#bytes)
    if (this.#bytes === undefined) this.#forms?.recent.add(this, bytes.length)
    this.#bytes = bytes
    this.#splicedRevision = this.revision
    return bytes
  }

  /** What inPassing says. */
  inPassing(): Uint8Array | string {
    return this.#bytes === undefined ? this.#text() : this.bytes
  }

  #spliced(bytes: Uint8Array): Uint8Array {
    const oldLength = this.#splicedRevision === undefined ? 0 : revisionLength(this.#splicedRevision)
    return spliceRevision(bytes, metadataStart(bytes), oldLength, this.revision)
  }

  #text(): string {
    return present(this.#forms, 'the forms of an object without bytes').textOf(this.object)
  }

  wasRead(): boolean {
    const wasRead = this.#isRead
    this.#isRead = false
    return wasRead
  }

  giveUpBytes(): void {
    if (this.#object === undefined) return
    this.#bytes = undefined
    this.#splicedRevision = undefined
  }

  /** Another one stands in its place. Those who look at the past may still ask for it. */
  retire(): void {
    if (this.#forms === undefined) return
    this.#forms.recent.remove(this)
    this.giveUpBytes()
  }

  /** The same object as it stands in the event of its deletion: with the deletion's revision. */
  at(revision: Revision): CachedObject {
    const copy = new CachedObject(this.key, revision, undefined, this.#object && withRevision(this.#object, revision), this.#forms)
    copy.#bytes = this.#bytes
    copy.#splicedRevision = this.#splicedRevision
    return copy
  }

  seen(view: View | undefined): Served {
    if (view === undefined) return this
    return this.#view === view && this.#shown !== undefined ? this.#shown : this.#seenThrough(view)
  }

  #seenThrough(view: View): Served {
    const known = this.#others?.get(view.name)
    if (known?.view === view) return known.shown
    const wasParsed = this.#object !== undefined
    const { object } = this
    const served = view.toServed(object)
    const shown = served === object ? this : new ShownObject(served)
    // Of an object that is shown as it is stored, its bytes are enough until somebody looks into it.
    if (!wasParsed) this.#object = undefined
    if (this.#view === undefined || this.#view.name === view.name) {
      this.#view = view
      this.#shown = shown
    } else (this.#others ??= new Map()).set(view.name, { view, shown })
    return shown
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

/** For who passes by all objects and will not soon come back: no bytes are kept that were not there. */
export function inPassing(served: Served): Uint8Array | string {
  return served instanceof CachedObject ? served.inPassing() : served.bytes
}

/** An object that is served as it is; its bytes are made when they are first asked for, and kept. */
export class ShownObject implements Served {
  readonly object: KubeObject
  #bytes: Uint8Array | undefined

  constructor(object: KubeObject) {
    this.object = object
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
  return utf8(jsonText(object))
}
