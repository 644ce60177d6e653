import type { ObjectCache } from '../client/object-cache.ts'
import type { KindRef } from '../objects/kind.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import { present } from '../words/assert.ts'
import type { Snapshot } from './controller.ts'
import type { CacheLookup } from './fence.ts'

/** One kind, whichever KindRef names it: v1/pods. */
export function kindText(kind: KindRef): string {
  return `${kind.group}/${kind.version}/${kind.plural}`
}

/** The caches as they are now: valid until the next turn of the event loop, which is all that observe and keysOf need. */
export function liveSnapshot(cacheOf: CacheLookup): Snapshot {
  function cache<T extends KubeObject>(kind: KindRef<T>): ObjectCache<T> {
    return present(cacheOf(kind), `the cache of ${kindText(kind)}: a controller must name it in its reads; it`)
  }
  return {
    get: (kind, key) => cache(kind).get(key),
    list: (kind, namespace) => cache(kind).list(namespace),
    count: (kind) => cache(kind).size,
    ownedBy: (kind, ownerUid) => cache(kind).ownedBy(ownerUid),
    dependentsOf: (kind, ownerUid) => cache(kind).dependentsOf(ownerUid),
    unowned: (kind, namespace) => cache(kind).unowned(namespace),
  }
}
