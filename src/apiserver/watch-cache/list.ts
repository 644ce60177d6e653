import type { Revision, Store } from '../../store/store.ts'
import { badRequest, serviceUnavailable } from '../../words/status-error.ts'
import { prefixRange } from '../storage/keys.ts'
import type { ReadPoint } from '../storage/resource-version.ts'
import { tooLargeRevision } from '../storage/resource-version.ts'
import type { CacheFeed } from './cache-feed.ts'
import { matchesAll } from './cache-event.ts'
import type { Matcher } from './cache-event.ts'
import { CachedObject } from './cached-object.ts'
import { decodeContinue, encodeContinue } from './continue-token.ts'
import { rangeAt } from './past-state.ts'
import type { ResourceCache } from './resource-cache.ts'

export interface ListQuery {
  readonly cache: ResourceCache
  /** The resource's or a namespace's prefix; or the key of one object, which matches must then demand. */
  readonly scope: string
  readonly matches: Matcher
  readonly point: ReadPoint
  /** 0: no limit. */
  readonly limit: number
  readonly continueToken: string
  readonly signal: AbortSignal
}

export interface ListPage {
  readonly outcome: 'page'
  readonly objects: readonly CachedObject[]
  readonly revision: Revision
  /** '' where the list is complete. */
  readonly continueToken: string
  /** Undefined where selectors make it unknown. */
  readonly remainingItemCount: number | undefined
}

/** The wanted revision is gone. */
export interface ExpiredList {
  readonly outcome: 'expired'
  readonly message: string
  /** With it the rest can be had as it is now; '' where the list had not begun. */
  readonly continueToken: string
}

export type ListResult = ListPage | ExpiredList

const WAIT_FOR_REVISION_MS = 3_000
const STORE_PAGE = 500

/** A list out of the cache; out of the store only where the cache's events do not reach back to the wanted revision. */
export async function listObjects(feed: CacheFeed, store: Store, query: ListQuery): Promise<ListResult> {
  if (query.continueToken !== '') return continueList(feed, store, query)
  const { point } = query
  await feed.fresh(query)
  if (point.at === 'any') return fromCache(feed, query, '', 0)
  if (point.at === 'latest') return fromCache(feed, query, '', query.limit)
  if (!(await feed.reachedWithin(point.revision, WAIT_FOR_REVISION_MS, query.signal))) throw tooLargeRevision(point.revision, feed.revision)
  if (point.at === 'not-older') return fromCache(feed, query, '', query.limit)
  return atRevision(feed, store, query, point.revision, '')
}

async function continueList(feed: CacheFeed, store: Store, query: ListQuery): Promise<ListResult> {
  const token = decodeContinue(query.continueToken)
  if (query.point.at !== 'latest' && query.point.at !== 'any') {
    throw badRequest('specifying resource version is not allowed when using continue')
  }
  await feed.fresh(query)
  const start = query.cache.prefix + token.start
  if (token.revision === undefined) return fromCache(feed, query, start, query.limit)
  if (token.revision > feed.revision) throw badRequest('continue key is not valid: its revision is in the future')
  return atRevision(feed, store, query, token.revision, start)
}

async function fromCache(feed: CacheFeed, query: ListQuery, start: string, limit: number): Promise<ListPage> {
  const { cache, matches, scope } = query
  const { revision } = feed
  if (matches !== matchesAll) {
    return pageOf(query, await collectMatching(feed, [...cache.range(scope, start)], matches, limit), revision, undefined)
  }
  const page = collect(cache.range(scope, start), matches, limit)
  return pageOf(query, page, revision, page.next === undefined ? undefined : cache.countFrom(scope, page.next))
}

/** So many objects are compared with a selector before others have their turn: some milliseconds. */
const COMPARED_AT_ONCE = 5_000

async function collectMatching(feed: CacheFeed, range: readonly CachedObject[], matches: Matcher, limit: number): Promise<Collected> {
  const objects: CachedObject[] = []
  for (const [index, object] of range.entries()) {
    if (index > 0 && index % COMPARED_AT_ONCE === 0) await feed.othersTurn()
    if (!matches(object)) continue
    if (limit > 0 && objects.length === limit) return { objects, next: object.key }
    objects.push(object)
  }
  return { objects, next: undefined }
}

async function atRevision(feed: CacheFeed, store: Store, query: ListQuery, revision: Revision, start: string): Promise<ListResult> {
  const { cache, scope, matches, limit } = query
  if (revision < cache.complete) return fromStore(store, query, revision, start)
  const page = collect(rangeAt(cache, scope, start, revision), matches, limit)
  if (page.next === undefined || matches !== matchesAll) return pageOf(query, page, revision, undefined)
  let remaining = 0
  if (revision === feed.revision) remaining = cache.countFrom(scope, page.next)
  else for (const _ of rangeAt(cache, scope, page.next, revision)) remaining++
  return pageOf(query, page, revision, remaining)
}

interface Collected {
  readonly objects: readonly CachedObject[]
  /** Key of the first object that did not fit. */
  readonly next: string | undefined
}

function collect(range: Iterable<CachedObject>, matches: Matcher, limit: number): Collected {
  const objects: CachedObject[] = []
  for (const object of range) {
    if (matches !== matchesAll && !matches(object)) continue
    if (limit > 0 && objects.length === limit) return { objects, next: object.key }
    objects.push(object)
  }
  return { objects, next: undefined }
}

function pageOf(query: ListQuery, page: Collected, revision: Revision, remainingItemCount: number | undefined): ListPage {
  const continueToken = page.next === undefined ? '' : encodeContinue({ revision, start: page.next.slice(query.cache.prefix.length) })
  return { outcome: 'page', objects: page.objects, revision, continueToken, remainingItemCount }
}

async function fromStore(store: Store, query: ListQuery, revision: Revision, start: string): Promise<ListResult> {
  const { scope } = query
  const end = scope.endsWith('/') ? prefixRange(scope).end : `${scope}\0`
  const objects: CachedObject[] = []
  let from = start > scope ? start : scope
  for (;;) {
    // A part of the objects must not pass for all of them, also where it is the server that ends.
    if (query.signal.aborted) throw serviceUnavailable('the list was given up before its end')
    const result = await store.read({ start: from, end }, { at: revision, limit: STORE_PAGE })
    if (result.outcome !== 'page') return expiredAt(query, revision, start)
    for (const entry of result.page.entries) {
      const object = new CachedObject(entry.key, entry.modified, entry.value, undefined)
      if (query.matches !== matchesAll && !query.matches(object)) continue
      if (query.limit > 0 && objects.length === query.limit) return pageOf(query, { objects, next: entry.key }, revision, undefined)
      objects.push(object)
    }
    const last = result.page.entries.at(-1)
    if (!result.page.more || last === undefined) break
    from = `${last.key}\0`
  }
  return pageOf(query, { objects, next: undefined }, revision, undefined)
}

function expiredAt(query: ListQuery, revision: Revision, start: string): ListResult {
  if (start === '') {
    return { outcome: 'expired', message: `The resourceVersion for the provided list is too old: ${revision}`, continueToken: '' }
  }
  return {
    outcome: 'expired',
    message: 'The provided continue parameter is too old to display a consistent list result: begin a new list, or go on with the token in'
      + ' this response and get the remaining objects as they are now',
    continueToken: encodeContinue({ revision: undefined, start: start.slice(query.cache.prefix.length) }),
  }
}
