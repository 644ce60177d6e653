import type { Revision } from '../../store/store.ts'
import type { CachedObject } from './cached-object.ts'
import type { ResourceCache } from './resource-cache.ts'

/**
 * The objects as they stood at an earlier revision: the present ones, with the events since then undone. An iterable like
 * ResourceCache.range; the caller has made sure that the cache's events reach back that far.
 */
export function* rangeAt(cache: ResourceCache, scope: string, start: string, revision: Revision): Generator<CachedObject> {
  const changed = new Map<string, CachedObject | undefined>()
  for (const event of cache.eventsAfter(revision)) {
    if (!changed.has(event.key)) changed.set(event.key, event.previous)
  }
  if (changed.size === 0) {
    yield* cache.range(scope, start)
    return
  }
  const past = pastObjects(changed, scope, start)
  let next = 0
  for (const object of cache.range(scope, start)) {
    for (let older = past[next]; older !== undefined && older.key < object.key; older = past[++next]) yield older
    if (!changed.has(object.key)) yield object
  }
  for (let older = past[next]; older !== undefined; older = past[++next]) yield older
}

/** How many objects rangeAt would walk over, from the events alone. */
export function countAt(cache: ResourceCache, scope: string, start: string, revision: Revision): number {
  let count = cache.countFrom(scope, start)
  const changed = new Set<string>()
  for (const { key, previous } of cache.eventsAfter(revision)) {
    if (changed.has(key) || key < start || !key.startsWith(scope)) continue
    changed.add(key)
    count += Number(previous !== undefined) - Number(cache.getByText(key) !== undefined)
  }
  return count
}

function pastObjects(changed: ReadonlyMap<string, CachedObject | undefined>, scope: string, start: string): CachedObject[] {
  const objects: CachedObject[] = []
  for (const object of changed.values()) {
    if (object !== undefined && object.key.startsWith(scope) && object.key >= start) objects.push(object)
  }
  return objects.sort((a, b) => (a.key < b.key ? -1 : 1))
}
