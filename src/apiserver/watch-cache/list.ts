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
import { countAt, rangeAt } from './past-state.ts'
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

export type ListResult = ListPage | ExpiredList

/** The wanted revision is gone. With the token the rest can be had as it is now ('' where the list had not begun). */
export interface ExpiredList {
  readonly outcome: 'expired'
  readonly message: string
  readonly continueToken: string
}

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
  if (token.revision > feed.revision) throw badRequest('invalid continue token: continue key is not valid: its revision is in the future')
  return atRevision(feed, store, query, token.revision, start)
}

/** Objects may change while others have their turn, and so fast that the cache forgets what they were: then a list begins anew. */
const MAX_ATTEMPTS = 3

async function fromCache(feed: CacheFeed, query: ListQuery, start: string, limit: number): Promise<ListPage> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const { revision } = feed
    const page = await collect(feed, { ...query, limit }, revision, start)
    if (page !== undefined) return pageOf(query, page, revision)
  }
  throw serviceUnavailable('the objects change faster than they are listed; please try again')
}

async function atRevision(feed: CacheFeed, store: Store, query: ListQuery, revision: Revision, start: string): Promise<ListResult> {
  if (revision < query.cache.complete) return fromStore(store, query, revision, start)
  const page = await collect(feed, query, revision, start)
  return page === undefined ? fromStore(store, query, revision, start) : pageOf(query, page, revision)
}

interface Collected {
  readonly objects: readonly CachedObject[]
  /** Key of the first object that did not fit. */
  readonly next: string | undefined
  /** Of which that is the first; undefined where selectors make it unknown. */
  readonly remaining: number | undefined
}

/** Between two looks at the clock: objects that need not be looked at cost less than one, others some microseconds, or tens of them. */
const PASSED_AT_ONCE = 256
const COMPARED_AT_ONCE = 16

/**
 * The objects as they stood at the revision, however many turns that takes and whatever changes meanwhile. Undefined: so much did that the
 * cache does not know any more.
 */
export async function collect(
  { turns }: Pick<CacheFeed, 'turns'>, query: CollectQuery, revision: Revision, start: string,
): Promise<Collected | undefined> {
  const { cache, scope, matches, limit } = query
  const atOnce = matches === matchesAll ? PASSED_AT_ONCE : COMPARED_AT_ONCE
  const objects: CachedObject[] = []
  for (let from: string | undefined = start; from !== undefined;) {
    let passed = 0
    let next: string | undefined
    for (const object of rangeAt(cache, scope, from, revision)) {
      // Each turn brings the list forward, however long it is.
      if (passed > 0 && passed % atOnce === 0 && turns.isOver()) {
        next = object.key
        break
      }
      passed++
      if (matches !== matchesAll && !matches(object)) continue
      if (limit > 0 && objects.length === limit) return { objects, next: object.key, remaining: remainingOf(query, object.key, revision) }
      objects.push(object)
    }
    from = next
    if (from !== undefined) await turns.next()
    if (cache.complete > revision) return undefined
  }
  return { objects, next: undefined, remaining: undefined }
}

function remainingOf({ cache, scope, matches }: CollectQuery, next: string, revision: Revision): number | undefined {
  return matches === matchesAll ? countAt(cache, scope, next, revision) : undefined
}

type CollectQuery = Pick<ListQuery, 'cache' | 'scope' | 'matches' | 'limit'>

function pageOf(query: ListQuery, page: Collected, revision: Revision): ListPage {
  const continueToken = page.next === undefined ? '' : encodeContinue({ revision, start: page.next.slice(query.cache.prefix.length) })
  return { outcome: 'page', objects: page.objects, revision, continueToken, remainingItemCount: page.remaining }
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
    if (result.outcome !== 'page') return expiredAt(query, start)
    for (const entry of result.page.entries) {
      const object = new CachedObject(entry.key, entry.modified, entry.value, undefined)
      if (query.matches !== matchesAll && !query.matches(object)) continue
      if (query.limit > 0 && objects.length === query.limit) {
        return pageOf(query, { objects, next: entry.key, remaining: undefined }, revision)
      }
      objects.push(object)
    }
    const last = result.page.entries.at(-1)
    if (!result.page.more || last === undefined) break
    from = `${last.key}\0`
  }
  return pageOf(query, { objects, next: undefined, remaining: undefined }, revision)
}

function expiredAt(query: ListQuery, start: string): ListResult {
  if (start === '') {
    return { outcome: 'expired', message: 'The resourceVersion for the provided list is too old.', continueToken: '' }
  }
  return {
    outcome: 'expired',
    message: 'The provided continue parameter is too old to display a consistent list result: begin a new list, or go on with the token in'
      + ' this response and get the remaining objects as they are now',
    continueToken: encodeContinue({ revision: undefined, start: start.slice(query.cache.prefix.length) }),
  }
}
