import type { Store } from '../../store/store.ts'
import type { Clock } from '../../words/ports.ts'
import { StatusError, notFound } from '../../words/status-error.ts'
import type { ServerResponse } from '../http.ts'
import { failureResponse } from '../negotiate/response.ts'
import { parseListOptions } from '../options/list-options.ts'
import { resourceName } from '../pipeline/write-request.ts'
import type { ServedResource } from '../resource-set.ts'
import { parseSelection } from '../selection.ts'
import { readPoint, tooLargeRevision } from '../storage/resource-version.ts'
import type { CacheFeed } from '../watch-cache/cache-feed.ts'
import type { CachedObject } from '../watch-cache/cached-object.ts'
import { listObjects } from '../watch-cache/list.ts'
import type { ResourceCall } from './http-call.ts'
import { renderList, renderObject } from './render.ts'

export interface ReadParts {
  readonly feed: CacheFeed
  readonly store: Store
  readonly clock: Clock
}

const WAIT_FOR_REVISION_MS = 3_000

export async function getResponse(parts: ReadParts, call: ResourceCall): Promise<ServerResponse> {
  const cached = await getObject(parts, call.resource, call.key, {
    resourceVersion: call.query.get('resourceVersion') ?? '', signal: call.request.signal,
  })
  return renderObject(parts.clock, call, 200, cached.seen(call.resource.view))
}

export async function getObject(
  parts: Pick<ReadParts, 'feed'>, resource: ServedResource, key: { namespace: string; name: string },
  options: { readonly resourceVersion: string; readonly signal: AbortSignal },
): Promise<CachedObject> {
  const point = readPoint(options.resourceVersion, '', 0)
  await parts.feed.fresh(options.signal)
  if (point.at === 'not-older' && !(await parts.feed.reachedWithin(point.revision, WAIT_FOR_REVISION_MS, options.signal))) {
    throw tooLargeRevision(point.revision, parts.feed.revision)
  }
  const cached = resource.cache.get(key)
  if (cached === undefined) throw notFound(resourceName(resource), key.name)
  return cached
}

export async function listResponse(parts: ReadParts, call: ResourceCall): Promise<ServerResponse> {
  const options = parseListOptions(call.query, false)
  const selection = parseSelection(call.resource, call.key.namespace, options)
  const result = await listObjects(parts.feed, parts.store, {
    cache: call.resource.cache, scope: selection.scope, matches: selection.matches, limit: options.limit, continueToken: options.continueToken,
    point: readPoint(options.resourceVersion, options.resourceVersionMatch, options.limit), signal: call.request.signal,
  })
  if (result.outcome === 'page') return renderList(parts.clock, call, result)
  return failureResponse(new StatusError(410, 'Expired', result.message), call.accepted, result.continueToken)
}
