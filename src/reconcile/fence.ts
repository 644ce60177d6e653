import type { ObjectCache } from '../client/object-cache.ts'
import { revisionOf } from '../client/object-cache.ts'
import type { KindRef } from '../objects/kind.ts'
import type { KubeObject, ObjectKey } from '../objects/kube-object.ts'
import { keyText } from '../objects/kube-object.ts'

/** What a cache must show before a key that has written is planned again. */
export type Fence =
  /** The write made this revision of its kind. */
  | { readonly until: 'reached'; readonly kind: KindRef; readonly revision: number }
  /** The object is deleted or being deleted. */
  | { readonly until: 'ended'; readonly kind: KindRef; readonly key: ObjectKey; readonly uid: string }
  /** A consistent read did not find the object. */
  | { readonly until: 'gone'; readonly kind: KindRef; readonly key: ObjectKey; readonly uid: string }
  /** The object is no longer the version that was written upon. */
  | { readonly until: 'left'; readonly kind: KindRef; readonly key: ObjectKey; readonly resourceVersion: string }

/** The caches of the kinds that controllers read. */
export type CacheLookup = <T extends KubeObject>(kind: KindRef<T>) => ObjectCache<T> | undefined

/** A kind that nobody reads cannot mislead a plan: its fences hold at once. */
export function fenceHolds(fence: Fence, cacheOf: CacheLookup): boolean {
  const cache = cacheOf(fence.kind)
  if (cache === undefined) return true
  if (fence.until === 'reached') return cache.revision >= fence.revision
  const metadata = cache.get(fence.key)?.metadata
  if (metadata === undefined) return true
  if (fence.until === 'left') return metadata.resourceVersion !== fence.resourceVersion
  if (metadata.uid !== fence.uid) return true
  return fence.until === 'ended' && metadata.deletionTimestamp !== undefined
}

/** The fence that a written object's own resourceVersion gives. */
export function fenceOfWrite(kind: KindRef, written: KubeObject): Fence {
  return { until: 'reached', kind, revision: revisionOf(written.metadata.resourceVersion) }
}

/** For the status page: waits until pods reach revision 812. */
export function fenceText(fence: Fence): string {
  const { plural } = fence.kind
  if (fence.until === 'reached') return `${plural} reach revision ${fence.revision}`
  const subject = `${plural} ${keyText(fence.key)}`
  if (fence.until === 'left') return `${subject} leaves version ${fence.resourceVersion}`
  return fence.until === 'gone' ? `${subject} is gone` : `${subject} is being deleted`
}
