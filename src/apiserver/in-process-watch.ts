import type { WatchEvent, WatchOptions } from '../client/client.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import type { Revision } from '../store/store.ts'
import { expired } from '../words/status-error.ts'
import { startOf } from './front/watches.ts'
import { shown } from './object-reader.ts'
import type { ServedResource } from './resource-set.ts'
import { parseSelection } from './selection.ts'
import type { CacheEvent, EventType } from './watch-cache/cache-event.ts'
import type { CacheFeed } from './watch-cache/cache-feed.ts'
import type { CachedObject } from './watch-cache/cached-object.ts'
import { beginWatch } from './watch-cache/watch.ts'
import type { WatchReceiver } from './watch-cache/watch.ts'

/** A reader that leaves more than this unread is ended with 410, and lists again. The initial state does not count. */
const MAX_UNREAD = 20_000

const TYPES = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' } as const

/** A watch as an iterable of the very objects that the cache holds. */
export async function* watchInProcess<T extends KubeObject>(
  feed: CacheFeed, resource: ServedResource, options: WatchOptions,
): AsyncGenerator<WatchEvent<T>> {
  const { namespace = '', labelSelector = '', fieldSelector = '', resourceVersion = '', sendInitialEvents, signal } = options
  const { scope, matches, trigger } = parseSelection(resource, namespace, { labelSelector, fieldSelector })
  const queue = new EventQueue<T>(resource, signal)
  const start = startOf({ resourceVersion, sendInitialEvents, allowWatchBookmarks: true })
  const stop = await beginWatch(feed, { cache: resource.cache, scope, matches, trigger, start, signal }, queue)
  queue.begin()
  try {
    for (;;) {
      const batch = await queue.next()
      if (batch === undefined) return
      yield* batch
    }
  } finally {
    stop()
    queue.close()
  }
}

class EventQueue<T extends KubeObject> implements WatchReceiver {
  readonly #resource: ServedResource
  readonly #signal: AbortSignal
  #events: WatchEvent<T>[] = []
  #isLive = false
  #failure: Error | undefined
  #wake: (() => void) | undefined
  readonly #onAbort = (): void => this.#wake?.()

  constructor(resource: ServedResource, signal: AbortSignal) {
    this.#resource = resource
    this.#signal = signal
    signal.addEventListener('abort', this.#onAbort, { once: true })
  }

  begin(): void {
    this.#isLive = true
  }

  /** Everything that waits; undefined when the watch is over. */
  async next(): Promise<readonly WatchEvent<T>[] | undefined> {
    while (this.#events.length === 0 && this.#failure === undefined && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#signal.aborted) return undefined
    if (this.#failure !== undefined) throw this.#failure
    const batch = this.#events
    this.#events = []
    return batch
  }

  close(): void {
    this.#signal.removeEventListener('abort', this.#onAbort)
  }

  event(type: EventType, event: CacheEvent): void {
    this.#push({ type: TYPES[type], object: shown<T>(this.#resource, event.subject(type)) })
  }

  initial(cached: CachedObject): void {
    this.#push({ type: 'added', object: shown<T>(this.#resource, cached) })
  }

  bookmark(revision: Revision, initialEventsEnd: boolean): void {
    this.#push({ type: 'bookmark', resourceVersion: String(revision), initialEventsEnd })
  }

  flush(): void {
    this.#wake?.()
  }

  lost(): void {
    this.#fail('the watch was lost because the server read its store anew')
  }

  #push(event: WatchEvent<T>): void {
    this.#events.push(event)
    if (this.#isLive && this.#events.length > MAX_UNREAD) this.#fail('the watch was ended because its reader is too slow')
  }

  #fail(why: string): void {
    this.#events = []
    this.#failure = expired(why)
    this.#wake?.()
  }
}
