import type { KubeObject } from '../objects/kube-object.ts'
import { present } from '../words/assert.ts'
import { serviceUnavailable } from '../words/status-error.ts'
import type { Store } from '../store/store.ts'
import { asStored } from './resource-set.ts'
import type { RemoteConversion, ServedResource } from './resource-set.ts'
import type { CacheFeed } from './watch-cache/cache-feed.ts'
import { matchesAll } from './watch-cache/cache-event.ts'
import { CachedObject } from './watch-cache/cached-object.ts'
import type { Served } from './watch-cache/cached-object.ts'
import { listObjects } from './watch-cache/list.ts'
import type { ListQuery, ListResult } from './watch-cache/list.ts'

/** One object as a resource shows it. Only where somebody else converts is there something to wait for. */
export function shownAs(resource: ServedResource, cached: CachedObject): Served | Promise<Served> {
  const { remote } = resource
  if (remote === undefined) return cached.seen(resource.view)
  const shown = remote.show([cached])
  return shown instanceof Promise ? shown.then(only) : only(shown)
}

/** For who has named no revision: what comes is no older than the request, the conversion as little as the object. */
export function shownNow(resource: ServedResource, cached: CachedObject): Served | Promise<Served> {
  return resource.remote === undefined ? cached.seen(resource.view) : resource.remote.showNow(cached)
}

/** In the order of the objects. */
export function allShownAs(
  { remote, view }: ServedResource, objects: readonly CachedObject[],
): readonly Served[] | Promise<readonly Served[]> {
  return remote === undefined ? objects.map((cached) => cached.seen(view)) : remote.show(objects)
}

function only([served]: readonly Served[]): Served {
  return present(served, 'the one object that was to be shown')
}

/** Whom the cluster's own parts ask: those that read the stored version look at metadata only, which no conversion touches. */
export function conversionFor(resource: ServedResource): RemoteConversion | undefined {
  return resource.kind === resource.storedKind ? undefined : resource.remote
}

/** What is written for an object of the resource. */
export function storedAs(resource: ServedResource, object: KubeObject): KubeObject | Promise<KubeObject> {
  return resource.remote === undefined ? asStored(resource, object) : resource.remote.toStored(object)
}

export interface ShownList {
  readonly result: ListResult
  /** What a page's objects are shown as; undefined: as the resource's view shows them. */
  readonly shown: readonly Served[] | undefined
}

/** Objects may change while others are converted; so often they are looked at again. */
const MAX_ROUNDS = 10

/** A list whose selectors look at objects as the resource shows them. */
export async function listShown(
  feed: CacheFeed, store: Store, { remote }: Pick<ServedResource, 'remote'>, query: ListQuery,
): Promise<ShownList> {
  if (remote === undefined) return { result: await listObjects(feed, store, query), shown: undefined }
  if (query.matches === matchesAll) {
    const result = await listObjects(feed, store, query)
    return { result, shown: result.outcome === 'page' ? await remote.show(result.objects) : undefined }
  }
  const known = new Map<string, Served>()
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    const missing: CachedObject[] = []
    const matches = (object: Served): boolean => {
      if (!(object instanceof CachedObject)) return false
      const served = known.get(idOf(object))
      if (served === undefined) missing.push(object)
      return served !== undefined && query.matches(served)
    }
    const result = await listObjects(feed, store, { ...query, matches })
    if (missing.length === 0 || result.outcome !== 'page') {
      return { result, shown: result.outcome === 'page' ? shownOf(known, result.objects) : undefined }
    }
    const shown = await remote.show(missing)
    for (const [index, object] of missing.entries()) known.set(idOf(object), present(shown[index], 'a converted object'))
  }
  throw serviceUnavailable('the objects change faster than they are converted; please try again')
}

function shownOf(known: ReadonlyMap<string, Served>, objects: readonly CachedObject[]): readonly Served[] {
  return objects.map((object) => present(known.get(idOf(object)), 'a converted object'))
}

/** Objects of the past are made anew by each list. */
function idOf({ key, revision }: CachedObject): string {
  return `${revision} ${key}`
}
