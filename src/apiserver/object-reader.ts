import type { KindRef } from '../objects/kind.ts'
import type { KubeObject, ObjectKey } from '../objects/kube-object.ts'
import { selects } from '../objects/selects.ts'
import type { ConvertingReader, ObjectReader } from './access.ts'
import type { ResourceSet, ServedResource } from './resource-set.ts'
import { allShownAs, shownAs } from './shown-objects.ts'
import type { CachedObject, Served } from './watch-cache/cached-object.ts'

const NOTHING: readonly never[] = []

/** The caches as the server's own parts read them: what is there now, without a copy. */
export function cacheReader(resources: ResourceSet): ObjectReader {
  return {
    get<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey): T | undefined {
      const resource = resources.of(kind)
      const cached = resource.cache.get(key)
      return cached && shown<T>(resource, cached)
    },
    list<T extends KubeObject>(kind: KindRef<T>, namespace = ''): readonly T[] {
      const resource = resources.of(kind)
      // Every write asks for webhooks and policies, of which most clusters have none.
      if (resource.cache.size === 0) return NOTHING
      return Array.from(resource.cache.range(resource.cache.scope(namespace)), (cached) => shown<T>(resource, cached))
    },
  }
}

/** The same caches, with what is shown made by whoever converts it. */
export function convertingReader(resources: ResourceSet): ConvertingReader {
  return {
    get(kind, key) {
      const resource = resources.of(kind)
      const cached = resource.cache.get(key)
      const served = cached && shownAs(resource, cached)
      return served instanceof Promise ? served.then(({ object }) => object) : served?.object
    },
    select(kind, namespace, selector) {
      const resource = resources.of(kind)
      const all = Array.from(resource.cache.range(resource.cache.scope(namespace)))
      const served = allShownAs(resource, all.filter(({ object }) => selects(selector, object.metadata.labels)))
      return served instanceof Promise ? served.then(objectsOf) : objectsOf(served)
    },
  }
}

function objectsOf(all: readonly Served[]): readonly KubeObject[] {
  return all.map(({ object }) => object)
}

/** The storage of a kind holds objects of that kind; its KindRef says which type that is. */
export function shown<T extends KubeObject>(resource: ServedResource, cached: CachedObject): T {
  return cached.seen(resource.view).object as T
}
