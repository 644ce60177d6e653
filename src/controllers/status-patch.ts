import { sameJson } from '../objects/json.ts'
import type { KindRef } from '../objects/kind.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import { keyOf } from '../objects/kube-object.ts'
import type { Action } from '../reconcile/controller.ts'

/**
 * The write that makes an object's status the wanted one; nothing when it is already. A merge patch, because the status belongs to one
 * controller alone: changes of the spec meanwhile are no conflict. What the wanted status lacks is removed.
 */
export function statusPatch<S extends object>(kind: KindRef, object: KubeObject, current: S | undefined, wanted: S): readonly Action[] {
  if (sameJson(current ?? {}, wanted)) return []
  const removed = Object.fromEntries(Object.keys(current ?? {}).map((field) => [field, null]))
  const body = { metadata: { uid: object.metadata.uid }, status: { ...removed, ...wanted } }
  return [{ verb: 'patch', kind, key: keyOf(object), patch: { type: 'merge', body }, subresource: 'status' }]
}
