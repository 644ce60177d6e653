import type { WatchEvent, WatchOptions } from '../client/client.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import type { Revision } from '../store/store.ts'
import { present } from '../words/assert.ts'
import { expired } from '../words/status-error.ts'
import type { StatusError } from '../words/status-error.ts'
import { startOf } from './front/watches.ts'
import { shown } from './object-reader.ts'
import type { ServedResource } from './resource-set.ts'
import { conversionFor } from './shown-objects.ts'
import { parseSelection } from './selection.ts'
import { ConvertedWatch } from './converted-watch.ts'
import { matchesAll } from './watch-cache/cache-event.ts'
import type { CacheEvent, EventType } from './watch-cache/cache-event.ts'
import type { CacheFeed } from './watch-cache/cache-feed.ts'
import type { CachedObject, Served } from './watch-cache/cached-object.ts'
import { beginWatch, followAlone } from './watch-cache/watch.ts'
import type { WatchReceiver } from './watch-cache/watch.ts'

/** A reader that leaves more than this unread is ended with 410, and lists again. The initial state does not count. */
const MAX_UNREAD = 20_000

const TYPES = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' } as const

/** What is watched; asked for when the first event is. */
export type Watched = () => Promise<{ readonly feed: CacheFeed; readonly resource: ServedResource }>

/** A watch as an iterable of the very objects that the cache holds. */
export function watchInProcess<T extends KubeObject>(watched: Watched, options: WatchOptions): AsyncIterable<WatchEvent<T>> {
  return { [Symbol.asyncIterator]: () => new InProcessWatch<T>(watched, options) }
}

/** Written out instead of as a generator: an event that waits costs its reader one promise instead of ten. */
class InProcessWatch<T extends KubeObject> implements WatchReceiver, AsyncIterator<WatchEvent<T>, undefined> {
  readonly #watched: Watched
  readonly #options: WatchOptions
  #phase: 'new' | 'initial' | 'live' | 'over' = 'new'
  #resource: ServedResource | undefined
  #events: WatchEvent<T>[] = []
  /** The first of the events that is unread. */
  #next = 0
  #failure: Error | undefined
  #stop: () => void = () => {}
  #wake: () => void = () => {}
  readonly #onAbort = (): void => this.#wake()

  constructor(watched: Watched, options: WatchOptions) {
    this.#watched = watched
    this.#options = options
  }

  async next(): Promise<IteratorResult<WatchEvent<T>, undefined>> {
    if (this.#phase === 'new') await this.#begin()
    while (this.#phase !== 'over' && !this.#options.signal.aborted) {
      const value = this.#events[this.#next]
      if (value !== undefined) return { done: false, value: this.#taken(value) }
      if (this.#failure !== undefined) throw this.#ended(this.#failure)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    this.#end()
    return { done: true, value: undefined }
  }

  return(): Promise<IteratorResult<WatchEvent<T>, undefined>> {
    this.#end()
    return Promise.resolve({ done: true, value: undefined })
  }

  async #begin(): Promise<void> {
    this.#phase = 'initial'
    const { namespace = '', labelSelector = '', fieldSelector = '', resourceVersion = '', sendInitialEvents, signal } = this.#options
    try {
      const { feed, resource } = await this.#watched()
      this.#resource = resource
      const { scope, matches, trigger } = parseSelection(resource, namespace, { labelSelector, fieldSelector })
      const start = startOf({ resourceVersion, sendInitialEvents, allowWatchBookmarks: true })
      signal.addEventListener('abort', this.#onAbort, { once: true })
      const { followers } = resource
      const remote = conversionFor(resource)
      const query = { cache: resource.cache, scope, matches: remote === undefined ? matches : matchesAll, trigger, start, signal }
      const converted = remote && new ConvertedWatch(remote, matches, this)
      const receiver = converted ?? this
      const stop = await beginWatch(feed, query, receiver, (after) => followAlone(query, receiver, after))
      const follower = { retired: (): void => this.#fail(expired('the watch was ended because its kind is not served as it was')) }
      followers.add(follower)
      this.#stop = () => {
        stop()
        converted?.end()
        followers.delete(follower)
      }
      await converted?.caughtUp()
      this.#phase = 'live'
    } catch (error) {
      throw this.#ended(error)
    }
  }

  #taken(event: WatchEvent<T>): WatchEvent<T> {
    this.#next += 1
    if (this.#next === this.#events.length) {
      this.#events = []
      this.#next = 0
    }
    return event
  }

  #ended(error: unknown): unknown {
    this.#end()
    return error
  }

  #end(): void {
    this.#phase = 'over'
    this.#stop()
    this.#options.signal.removeEventListener('abort', this.#onAbort)
  }

  event(type: EventType, event: CacheEvent): void {
    this.#push({ type: TYPES[type], object: shown<T>(present(this.#resource, 'the resource'), event.subject(type)) })
  }

  shown(type: EventType, { object }: Served): void {
    this.#push({ type: TYPES[type], object: object as T })
  }

  failed(error: StatusError): void {
    this.#fail(error)
  }

  initial(cached: CachedObject): void {
    this.#push({ type: 'added', object: shown<T>(present(this.#resource, 'the resource'), cached) })
  }

  bookmark(revision: Revision, initialEventsEnd: boolean): void {
    this.#push({ type: 'bookmark', resourceVersion: String(revision), initialEventsEnd })
  }

  flush(): void {
    this.#wake()
  }

  lost(): void {
    this.#fail(expired('the watch was lost because the server read its store anew'))
  }

  #push(event: WatchEvent<T>): void {
    if (this.#failure !== undefined) return
    this.#events.push(event)
    if (this.#phase === 'live' && this.#events.length - this.#next > MAX_UNREAD) {
      this.#fail(expired('the watch was ended because its reader is too slow'))
    }
  }

  #fail(why: StatusError): void {
    this.#events = []
    this.#next = 0
    this.#failure = why
    this.#wake()
  }
}
