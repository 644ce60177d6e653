import type { Pod } from '../../resources/generated/types.ts'
import type { CacheEvent } from '../watch-cache/cache-event.ts'
import type { CachedObject } from '../watch-cache/cached-object.ts'
import type { ResourceCache, Watcher } from '../watch-cache/resource-cache.ts'

export interface PodsOfNodes {
  of(nodeName: string, namespace: string): Iterable<Pod>
}

/**
 * The pods of each node, so that a node's question takes as long as it has pods and not as long as the cluster has. They are looked
 * through when a node first asks, and followed from then on: a cluster without nodes keeps no such list.
 */
export class FollowedPodsOfNodes implements PodsOfNodes, Watcher {
  readonly #cache: () => ResourceCache
  /** Keys of pods by the node that they are bound to, which they never leave; undefined while nobody has asked. */
  #keys: Map<string, Set<string>> | undefined
  #leave: () => void = () => undefined

  constructor(cache: () => ResourceCache) {
    this.#cache = cache
  }

  * of(nodeName: string, namespace: string): Generator<Pod> {
    const cache = this.#cache()
    const scope = cache.scope(namespace)
    this.#keys ??= this.#follow(cache)
    for (const key of this.#keys.get(nodeName) ?? []) {
      const pod = key.startsWith(scope) ? cache.getByText(key) : undefined
      if (pod !== undefined) yield podOf(pod)
    }
  }

  offer({ key, current, previous }: CacheEvent): void {
    if (this.#keys === undefined) return
    if (current !== undefined) add(this.#keys, podOf(current), key)
    else if (previous !== undefined) remove(this.#keys, podOf(previous), key)
  }

  flush(): void {}

  /** The cache is read anew: so is this, when a node asks next. */
  lost(): void {
    this.#leave()
    this.#keys = undefined
  }

  #follow(cache: ResourceCache): Map<string, Set<string>> {
    const keys = new Map<string, Set<string>>()
    for (const cached of cache.range(cache.prefix)) add(keys, podOf(cached), cached.key)
    this.#leave = cache.watch(cache.prefix, this, undefined)
    return keys
  }
}

function podOf({ object }: CachedObject): Pod {
  return object as Pod
}

function add(keys: Map<string, Set<string>>, { spec }: Pod, key: string): void {
  const nodeName = spec?.nodeName ?? ''
  if (nodeName === '') return
  const known = keys.get(nodeName)
  if (known === undefined) keys.set(nodeName, new Set([key]))
  else known.add(key)
}

function remove(keys: Map<string, Set<string>>, { spec }: Pod, key: string): void {
  const nodeName = spec?.nodeName ?? ''
  const known = keys.get(nodeName)
  known?.delete(key)
  if (known?.size === 0) keys.delete(nodeName)
}
