import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { Action } from '../../reconcile/controller.ts'

/** An update of the very object that was looked at: when somebody was faster, it is looked at again. */
export function withoutFinalizer(kind: KindRef, object: KubeObject, finalizer: string): Action {
  const finalizers = (object.metadata.finalizers ?? []).filter((name) => name !== finalizer)
  return { verb: 'update', kind, object: { ...object, metadata: { ...object.metadata, finalizers } } }
}
