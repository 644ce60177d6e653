import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject, ObjectKey, OwnerReference } from '../../objects/kube-object.ts'
import { keyOf, keyText } from '../../objects/kube-object.ts'
import type { Snapshot } from '../../reconcile/controller.ts'
import { parseKey } from '../keys.ts'

export const FOREGROUND = 'foregroundDeletion'
export const ORPHAN = 'orphan'

/** An object with the kind that it is served as. */
export interface Item {
  readonly kind: KindRef
  readonly object: KubeObject
}

export type OwnerState =
  | { readonly state: 'solid'; readonly reference: OwnerReference }
  /** Being deleted in the foreground: waits for its dependents, this one among them if it blocks. */
  | { readonly state: 'waiting'; readonly reference: OwnerReference }
  /** The cache has no such object. */
  | { readonly state: 'absent'; readonly reference: OwnerReference; readonly kind: KindRef; readonly key: ObjectKey }

/** Objects and their owners over the caches of all collected kinds. */
export class OwnerGraph {
  readonly #kinds: readonly KindRef[]
  readonly #byResource = new Map<string, KindRef>()
  readonly #byOwnerKind = new Map<string, KindRef>()

  constructor(collected: readonly KindRef[]) {
    this.#kinds = collected
    for (const kind of collected) {
      this.#byResource.set(`${kind.group}/${kind.plural}`, kind)
      this.#byOwnerKind.set(`${kind.group}/${kind.kind}`, kind)
    }
  }

  /** apps/replicasets|shop/web-5d8: no group, plural or namespace holds a bar. */
  keyOf(kind: KindRef, object: KubeObject): string {
    return `${kind.group}/${kind.plural}|${keyText(keyOf(object))}`
  }

  itemAt(key: string, snapshot: Snapshot): Item | undefined {
    const bar = key.indexOf('|')
    const kind = this.#byResource.get(key.slice(0, bar))
    const object = kind === undefined ? undefined : snapshot.get(kind, parseKey(key.slice(bar + 1)))
    return kind === undefined || object === undefined ? undefined : { kind, object }
  }

  dependentsOf(uid: string, snapshot: Snapshot): readonly Item[] {
    const items: Item[] = []
    for (const kind of this.#kinds) for (const object of snapshot.dependentsOf(kind, uid)) items.push({ kind, object })
    return items
  }

  /** The key of an owner that is being deleted and looks at its dependents meanwhile. */
  waitingOwnerKey(dependent: KubeObject, reference: OwnerReference, snapshot: Snapshot): string | undefined {
    const place = this.#placeOf(dependent, reference)
    const owner = place === undefined ? undefined : snapshot.get(place.kind, place.key)
    if (place === undefined || owner === undefined || !(isDeletedInForeground(owner) || isOrphaning(owner))) return undefined
    return this.keyOf(place.kind, owner)
  }

  /** An owner of a kind that is not collected (or not known) counts as there: nothing is deleted on a guess. */
  ownerState(dependent: KubeObject, reference: OwnerReference, snapshot: Snapshot): OwnerState {
    const place = this.#placeOf(dependent, reference)
    if (place === undefined) return { state: 'solid', reference }
    const owner = snapshot.get(place.kind, place.key)
    if (owner === undefined || owner.metadata.uid !== reference.uid) return { state: 'absent', reference, ...place }
    return { state: isDeletedInForeground(owner) ? 'waiting' : 'solid', reference }
  }

  #placeOf(dependent: KubeObject, reference: OwnerReference): { readonly kind: KindRef; readonly key: ObjectKey } | undefined {
    const slash = reference.apiVersion.indexOf('/')
    const group = slash === -1 ? '' : reference.apiVersion.slice(0, slash)
    const kind = this.#byOwnerKind.get(`${group}/${reference.kind}`)
    if (kind === undefined) return undefined
    const namespace = dependent.metadata.namespace ?? ''
    // A cluster-wide object cannot be owned by one in a namespace: nobody can tell which namespace is meant.
    if (kind.namespaced && namespace === '') return undefined
    return { kind, key: { namespace: kind.namespaced ? namespace : '', name: reference.name } }
  }
}

/** It goes only after those of its dependents that block it. */
export function isDeletedInForeground({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(FOREGROUND)
}

/** It goes, and its dependents stay. */
export function isOrphaning({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).includes(ORPHAN)
}

/** Whether a dependent holds up the deletion of that owner in the foreground. */
export function blocks({ object }: Item, ownerUid: string): boolean {
  return (object.metadata.ownerReferences ?? []).some((reference) => reference.uid === ownerUid && reference.blockOwnerDeletion === true)
}
