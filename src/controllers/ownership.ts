import type { KindRef } from '../objects/kind.ts'
import { apiVersionOf } from '../objects/kind.ts'
import type { KubeObject, OwnerReference } from '../objects/kube-object.ts'
import { controllerOf, keyOf, keyText } from '../objects/kube-object.ts'
import type { Action, Snapshot } from '../reconcile/controller.ts'

/** What a dependent says of the one controller that manages it. */
export function controllerReference(owner: KubeObject, kind: KindRef): OwnerReference {
  const { name = '', uid = '' } = owner.metadata
  return { apiVersion: apiVersionOf(kind), kind: kind.kind, name, uid, controller: true, blockOwnerDeletion: true }
}

export interface Claim<T> {
  /** The owner's objects, as they are after the changes. */
  readonly owned: readonly T[]
  /** Patches that adopt matching orphans and release owned objects that no longer match. */
  readonly changes: readonly Action[]
}

/** Which objects belong to an owner: its own that match, and orphans that match; an owner that is being deleted takes nothing new. */
export function claim<T extends KubeObject>(
  owner: KubeObject,
  ownerKind: KindRef,
  kind: KindRef<T>,
  snapshot: Snapshot,
  matches: (labels: KubeObject['metadata']['labels']) => boolean
): Claim<T> {
  const mine = snapshot.ownedBy(kind, owner.metadata.uid ?? '')
  if (owner.metadata.deletionTimestamp !== undefined) return { owned: mine, changes: [] }
  const owned = mine.filter((object) => matches(object.metadata.labels))
  const released = mine.filter((object) => !matches(object.metadata.labels) && object.metadata.deletionTimestamp === undefined)
  const changes = released.map((object) => release(owner, kind, object))
  for (const orphan of snapshot.unowned(kind, owner.metadata.namespace ?? '')) {
    if (orphan.metadata.deletionTimestamp !== undefined || !matches(orphan.metadata.labels)) continue
    changes.push(adopt(owner, ownerKind, kind, orphan))
    owned.push(orphan)
  }
  return { owned, changes }
}

/** resourceVersion in the patch makes it a condition: nobody else may have adopted the object meanwhile. */
function adopt(owner: KubeObject, ownerKind: KindRef, kind: KindRef, object: KubeObject): Action {
  const ownerReferences = [...(object.metadata.ownerReferences ?? []), controllerReference(owner, ownerKind)]
  return patchReferences(kind, object, ownerReferences)
}

function release(owner: KubeObject, kind: KindRef, object: KubeObject): Action {
  const ownerReferences = (object.metadata.ownerReferences ?? []).filter((reference) => reference.uid !== owner.metadata.uid)
  return patchReferences(kind, object, ownerReferences)
}

function patchReferences(kind: KindRef, object: KubeObject, ownerReferences: readonly OwnerReference[]): Action {
  const { uid, resourceVersion } = object.metadata
  const body = { metadata: { uid, resourceVersion, ownerReferences } }
  return { verb: 'patch', kind, key: keyOf(object), patch: { type: 'merge', body } }
}

/** The keys of owners of one kind that a dependent's change concerns: its controller, or whoever would adopt it. */
export function ownerKeys<T extends KubeObject>(
  object: KubeObject, ownerKind: KindRef<T>, snapshot: Snapshot, wouldAdopt: (owner: T) => boolean,
): readonly string[] {
  const namespace = object.metadata.namespace ?? ''
  const reference = controllerOf(object)
  if (reference !== undefined) return reference.kind === ownerKind.kind ? [keyText({ namespace, name: reference.name })] : []
  return snapshot.list(ownerKind, namespace).filter(wouldAdopt).map((owner) => keyText(keyOf(owner)))
}
