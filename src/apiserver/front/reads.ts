import type { ObjectKey } from '../../objects/kube-object.ts'
import type { Store } from '../../store/store.ts'
import type { Clock } from '../../words/ports.ts'
import { StatusError, notFound } from '../../words/status-error.ts'
import type { ServerResponse } from '../http.ts'
import { failureResponse } from '../negotiate/response.ts'
import { parseListOptions } from '../options/list-options.ts'
import { resourceName } from '../pipeline/write-request.ts'
import type { ServedResource } from '../resource-set.ts'
import { parseSelection } from '../selection.ts'
import { listShown, shownAs, shownNow } from '../shown-objects.ts'
import { readPoint, tooLargeRevision } from '../storage/resource-version.ts'
import type { CacheFeed } from '../watch-cache/cache-feed.ts'
import { matchesAll } from '../watch-cache/cache-event.ts'
import type { CachedObject } from '../watch-cache/cached-object.ts'
import type { ExpiredList } from '../watch-cache/list.ts'
import type { ResourceCall } from './http-call.ts'
import { renderList, renderObject } from './render.ts'

export interface ReadParts {
  readonly feed: CacheFeed
  readonly store: Store
  readonly clock: Clock
}

const WAIT_FOR_REVISION_MS = 3_000

export function getResponse(parts: ReadParts, call: ResourceCall): ServerResponse | Promise<ServerResponse> {
  const resourceVersion = call.query.get('resourceVersion') ?? ''
  const render = (cached: CachedObject): ServerResponse | Promise<ServerResponse> => {
    const shown = resourceVersion === '' ? shownNow(call.resource, cached) : shownAs(call.resource, cached)
    return shown instanceof Promise
      ? shown.then((served) => renderObject(parts.clock, call, 200, served))
      : renderObject(parts.clock, call, 200, shown)
  }
  const found = getObject(parts, call.resource, call.key, resourceVersion, call.request)
  return found instanceof Promise ? found.then(render) : render(found)
}

/** reader's signal is asked for only where there is something to wait for: making one costs as much as the read. */
export function getObject(
  parts: Pick<ReadParts, 'feed'>, resource: ServedResource, key: ObjectKey, resourceVersion: string,
  reader: { readonly signal: AbortSignal },
): CachedObject | Promise<CachedObject> {
  const pending = parts.feed.fresh(reader)
  if (pending === undefined && resourceVersion === '') return standing(resource, key)
  return getLater(parts, resource, key, { pending, resourceVersion, reader })
}

async function getLater(
  { feed }: Pick<ReadParts, 'feed'>, resource: ServedResource, key: ObjectKey,
  wanted: { pending: Promise<void> | undefined; resourceVersion: string; reader: { readonly signal: AbortSignal } },
): Promise<CachedObject> {
  await wanted.pending
  const point = readPoint(wanted.resourceVersion, '', 0)
  if (point.at === 'not-older' && !(await feed.reachedWithin(point.revision, WAIT_FOR_REVISION_MS, wanted.reader.signal))) {
    throw tooLargeRevision(point.revision, feed.revision)
  }
  return standing(resource, key)
}

function standing(resource: ServedResource, key: ObjectKey): CachedObject {
  const cached = resource.cache.get(key)
  if (cached === undefined) throw notFound(resourceName(resource), key.name)
  return cached
}

export async function listResponse(parts: ReadParts, call: ResourceCall): Promise<ServerResponse> {
  const options = parseListOptions(call.query, false)
  const selection = parseSelection(call.resource, call.key.namespace, options)
  const { result, shown } = await listShown(parts.feed, parts.store, call.resource, {
    cache: call.resource.cache, scope: selection.scope, matches: selection.matches, limit: options.limit,
    continueToken: options.continueToken,
    point: readPoint(options.resourceVersion, options.resourceVersionMatch, options.limit),
    get signal() {
      return call.request.signal
    },
  })
  if (result.outcome === 'page') {
    const { sent, cache } = call.resource
    sent.listed(selection.matches === matchesAll ? result.objects.length : cache.countFrom(selection.scope, ''), result.objects.length)
    return renderList(parts, call, result, shown)
  }
  return expiredResponse(call, result)
}

/** What was wanted of the past is gone. With the token the rest can be had as it is now. */
export function expiredResponse({ accepted }: ResourceCall, { message, continueToken }: ExpiredList): ServerResponse {
  return failureResponse(new StatusError(410, 'Expired', message), accepted, continueToken)
}
