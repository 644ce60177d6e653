import type { Revision } from '../../store/store.ts'
import { serviceUnavailable } from '../../words/status-error.ts'
import { tooOldRevision, tooLargeRevision } from '../storage/resource-version.ts'
import type { CacheEvent, EventType, Matcher } from './cache-event.ts'
import type { CacheFeed } from './cache-feed.ts'
import type { CachedObject } from './cached-object.ts'
import { collect } from './list.ts'
import type { ResourceCache, Trigger } from './resource-cache.ts'

/** Where a watch begins. */
export type WatchStart =
  /** The state as ADDED events, then changes. bookmark: a bookmark says where the state ends; notOlder: the state is at least that new. */
  | { readonly from: 'state'; readonly bookmark: boolean; readonly notOlder: Revision }
  /** Changes only, from now on. */
  | { readonly from: 'now' }
  | { readonly from: 'revision'; readonly revision: Revision }

/** What a watch tells, in order. Calls are synchronous; between a flush and the next only whole commits were told. */
export interface WatchReceiver {
  event(type: EventType, event: CacheEvent): void
  /** An object of the initial state. */
  initial(object: CachedObject): void
  bookmark(revision: Revision, initialEventsEnd: boolean): void
  flush(): void
  /** The cache was rebuilt: the client must list again. */
  lost(): void
}

export interface WatchQuery {
  readonly cache: ResourceCache
  /** A resource's or a namespace's prefix, or one object's key. */
  readonly scope: string
  readonly matches: Matcher
  readonly trigger: Trigger | undefined
  readonly start: WatchStart
  readonly signal: AbortSignal
}

/** Begins to hear of what changes after the revision. Returns the function that ends it. */
export type Follow = (after: Revision) => () => void

const WAIT_FOR_REVISION_MS = 3_000
const MAX_ATTEMPTS = 3

/**
 * Begins a watch. What the receiver is told of the past and what it is told of the present meet without gap and without
 * overlap, because the end of the one and the beginning of the other are one synchronous step. Returns the function that ends it; throws
 * 410 when the revision is gone.
 */
export async function beginWatch(feed: CacheFeed, query: WatchQuery, receiver: WatchReceiver, follow: Follow): Promise<() => void> {
  const { start, signal } = query
  await feed.fresh(query)
  if (start.from === 'state' && !(await feed.reachedWithin(start.notOlder, WAIT_FOR_REVISION_MS, signal))) {
    throw tooLargeRevision(start.notOlder, feed.revision)
  }
  if (start.from === 'state') return tellState(feed, { ...query, start }, receiver, follow)
  if (start.from === 'now') return follow(0)
  return replay(feed, query, start.revision, receiver, () => follow(start.revision))
}

/** Tells the receiver itself. */
export function followAlone(query: WatchQuery, receiver: WatchReceiver, after: Revision): () => void {
  return query.cache.watch(query.scope, {
    offer: (event) => {
      if (event.revision > after) tell(event, query, receiver)
    },
    flush: () => receiver.flush(),
    lost: () => receiver.lost(),
  }, query.trigger)
}

function tell(event: CacheEvent, query: WatchQuery, receiver: WatchReceiver): void {
  const type = event.typeFor(query.matches)
  if (type !== undefined) receiver.event(type, event)
}

/** Between two looks at the clock. */
const TOLD_AT_ONCE = 64

/** What has changed since then, which may take several turns, whole commits each; in the last the watch begins to follow. */
async function replay(
  feed: CacheFeed, query: WatchQuery, revision: Revision, receiver: WatchReceiver, follow: () => () => void,
): Promise<() => void> {
  const { cache, scope } = query
  for (let at = revision; ;) {
    if (at < cache.complete) throw tooOldRevision(at, cache.complete)
    let told = 0
    let isPaused = false
    for (const event of cache.eventsAfter(at)) {
      if (told >= TOLD_AT_ONCE && event.revision > at) {
        isPaused = feed.turns.isOver()
        if (isPaused) break
        told = 0
      }
      told++
      at = event.revision
      if (event.key === scope || (scope.endsWith('/') && event.key.startsWith(scope))) tell(event, query, receiver)
    }
    receiver.flush()
    if (!isPaused) return follow()
    await feed.turns.next()
  }
}

/** The state as of one revision, which may take several turns, and what has changed since then. */
async function tellState(feed: CacheFeed, query: StateQuery, receiver: WatchReceiver, follow: Follow): Promise<() => void> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const { revision } = feed
    const state = await stateOf(feed, query, revision)
    if (state === undefined || query.cache.complete > revision) continue
    for (const object of state) receiver.initial(object)
    if (query.start.bookmark) receiver.bookmark(revision, true)
    receiver.flush()
    return feed.revision > revision ? replay(feed, query, revision, receiver, () => follow(0)) : follow(0)
  }
  throw serviceUnavailable('the objects change faster than they are told; please try again')
}

interface StateQuery extends WatchQuery {
  readonly start: Extract<WatchStart, { from: 'state' }>
}

async function stateOf(
  feed: CacheFeed, { cache, scope, matches }: WatchQuery, revision: Revision,
): Promise<readonly CachedObject[] | undefined> {
  if (scope.endsWith('/')) return (await collect(feed, { cache, scope, matches, limit: 0 }, revision, ''))?.objects
  const one = cache.getByText(scope)
  return one !== undefined && matches(one) ? [one] : []
}
