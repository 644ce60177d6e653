import type { Revision } from '../../store/store.ts'
import { present } from '../../words/assert.ts'
import { joinBytes } from '../../words/bytes.ts'
import type { Clock } from '../../words/ports.ts'
import { StatusError } from '../../words/status-error.ts'
import type { ByteSink } from '../http.ts'
import type { WatchFigures } from '../metrics/watch-figures.ts'
import type { WatchFrames } from '../negotiate/watch-frames.ts'
import { ConvertedWatch } from '../converted-watch.ts'
import type { RemoteConversion } from '../resource-set.ts'
import type { CacheEvent, EventType, Matcher } from '../watch-cache/cache-event.ts'
import type { CacheFeed } from '../watch-cache/cache-feed.ts'
import type { CachedObject, Served } from '../watch-cache/cached-object.ts'
import { beginWatch, followAlone } from '../watch-cache/watch.ts'
import type { WatchQuery, WatchReceiver } from '../watch-cache/watch.ts'
import type { WatchMember } from './shared-watches.ts'

export interface WatchStreamOptions {
  readonly feed: CacheFeed
  readonly clock: Clock
  readonly query: WatchQuery
  readonly frames: WatchFrames
  /** Where somebody else has to convert what is shown: who that is, and what selectors say of it. The query then selects all. */
  readonly converted: { readonly remote: RemoteConversion; readonly matches: Matcher } | undefined
  /** Counts what the client is told of the past; what it is told later counts whoever tells it. */
  readonly sent: WatchFigures
  /** Has the member told of what changes after the revision. Returns the function that ends it. */
  follow(after: Revision, member: WatchMember): () => void
  readonly timeoutMs: number
  /** Undefined: the client wants no bookmarks. */
  readonly bookmarkEveryMs: number | undefined
  readonly backlogBytes: number
  /** The client has taken the state that the watch begins with, or the watch is over. Called at least once. */
  begun(): void
}

export type WatchEnd = 'closed' | 'timeout' | 'too-slow' | 'lost' | 'refused'

/** The initial state is handed over in pieces of about this size. */
const PIECE_BYTES = 256 * 1024

/**
 * One watch as a stream of bytes. Its news never wait for the client: one that falls too far behind is ended. The state that it begins with
 * does: a hundred watches of ten megabytes each that nobody reads must not be a gigabyte of frames.
 */
export class WatchStream implements WatchReceiver, WatchMember {
  readonly #options: WatchStreamOptions
  readonly #sink: ByteSink
  #frames: Uint8Array[] = []
  #pendingBytes = 0
  /** What of the backlog is the initial state, however large that is: it is no sign of slowness until it was taken once. */
  #allowance = 0
  /** Of what the watch begins with: what is written when the client has taken all before it. Until it has all, news gather in #frames. */
  #rest: (CachedObject | Uint8Array)[] = []
  #isLive = false
  #ended = false
  #cancelBookmark: () => void = () => {}
  #resolve: (end: WatchEnd) => void = () => {}
  readonly #end: Promise<WatchEnd>
  readonly #converted: ConvertedWatch | undefined

  constructor(options: WatchStreamOptions, sink: ByteSink) {
    this.#options = options
    this.#sink = sink
    this.#converted = options.converted && new ConvertedWatch(options.converted.remote, options.converted.matches, this)
    this.#end = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** Resolves when the watch is over. */
  async run(): Promise<WatchEnd> {
    const { feed, query, clock, timeoutMs } = this.#options
    const { signal } = query
    if (signal.aborted) return 'closed'
    const onAbort = (): void => this.#finish('closed')
    signal.addEventListener('abort', onAbort, { once: true })
    const cancelTimeout = clock.after(timeoutMs, () => this.end())
    let stop: () => void = () => {}
    try {
      stop = await (this.#converted === undefined
        ? beginWatch(feed, query, this, (after) => this.#options.follow(after, this))
        : this.#beginConverted(this.#converted))
      this.#isLive = true
      this.#scheduleBookmark()
      const told = this.#rest.length === 0 ? this.#sink.drained() : this.#tellRest()
      void told.then(() => this.#options.begun(), () => this.#finish('closed'))
      return await this.#end
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      this.#write(this.#options.frames.error(error))
      return 'refused'
    } finally {
      this.#ended = true
      this.#converted?.end()
      this.#options.begun()
      stop()
      cancelTimeout()
      this.#cancelBookmark()
      signal.removeEventListener('abort', onAbort)
    }
  }

  async #beginConverted(converted: ConvertedWatch): Promise<() => void> {
    const { feed, query } = this.#options
    const stop = await beginWatch(feed, query, converted, (after) => followAlone(query, converted, after))
    await Promise.race([converted.caughtUp(), this.#end])
    return stop
  }

  shown(type: EventType, served: Served): void {
    this.#add(this.#options.frames.shown(type, served))
    if (this.#pendingBytes >= PIECE_BYTES) this.flush()
  }

  failed(error: StatusError): void {
    if (this.#ended) return
    this.#write(this.#options.frames.error(error))
    this.#finish('refused')
  }

  /** Of the past: news come as changes. */
  event(type: EventType, event: CacheEvent): void {
    const frame = this.#options.frames.event(type, event)
    if (this.#allowance > 0) return void this.#rest.push(frame)
    this.#add(frame)
    if (this.#pendingBytes >= PIECE_BYTES) this.flush()
  }

  initial(object: CachedObject): void {
    if (this.#allowance > 0) return void this.#rest.push(object)
    this.#add(this.#options.frames.initial(object))
    if (this.#pendingBytes >= PIECE_BYTES) this.flush()
  }

  async #tellRest(): Promise<void> {
    const rest = this.#rest
    for (let next = 0; next < rest.length && !this.#ended;) {
      await this.#sink.drained()
      if (this.#ended) return
      const piece: Uint8Array[] = []
      for (let bytes = 0; bytes < PIECE_BYTES && next < rest.length; next++) {
        const frame = this.#frameOf(present(rest[next], 'a part of the rest'))
        this.#options.sent.told(frame, 1)
        piece.push(frame)
        bytes += frame.length
      }
      this.#write(joined(piece))
    }
    this.#rest = []
    this.flush()
    return this.#sink.drained()
  }

  #frameOf(part: CachedObject | Uint8Array): Uint8Array {
    return part instanceof Uint8Array ? part : this.#options.frames.initial(part)
  }

  bookmark(revision: Revision, initialEventsEnd: boolean): void {
    this.#add(this.#options.frames.bookmark(revision, initialEventsEnd))
  }

  flush(): void {
    if (this.#frames.length === 0 || this.#ended) return
    if (this.#rest.length > 0) return this.#checkWaiting()
    this.#write(joined(this.#frames))
    if (!this.#isLive) this.#allowance += this.#pendingBytes
    this.#frames = []
    this.#pendingBytes = 0
    this.#checkBacklog()
  }

  changes(bytes: Uint8Array): void {
    if (this.#ended) return
    if (this.#rest.length > 0) {
      this.#frames.push(bytes)
      this.#pendingBytes += bytes.length
      return this.#checkWaiting()
    }
    this.#write(bytes)
    this.#checkBacklog()
  }

  /** News that wait for the initial state to be taken. */
  #checkWaiting(): void {
    if (this.#pendingBytes > this.#options.backlogBytes) this.#finish('too-slow')
  }

  /** A connection that breaks must not disturb the cache that tells it the news. */
  #write(bytes: Uint8Array): void {
    try {
      this.#sink.write(bytes)
    } catch {
      this.#finish('closed')
    }
  }

  lost(): void {
    this.#finish('lost')
  }

  #add(frame: Uint8Array): void {
    if (this.#ended) return
    this.#options.sent.told(frame, 1)
    this.#frames.push(frame)
    this.#pendingBytes += frame.length
  }

  #checkBacklog(): void {
    const backlog = this.#sink.backlogBytes()
    if (backlog > this.#options.backlogBytes + this.#allowance) this.#finish('too-slow')
    else if (this.#isLive && backlog === 0) this.#allowance = 0
  }

  /** A last bookmark, so that the client comes back with a revision that is still known. */
  end(): void {
    if (this.#isLive && this.#options.bookmarkEveryMs !== undefined) this.#tellRevision()
    this.#finish('timeout')
  }

  /** One that waits for a conversion has not been told of all that the cache knows. */
  #tellRevision(): void {
    if (this.#converted?.isIdle === false) return
    this.bookmark(this.#options.feed.revision, false)
    this.flush()
  }

  #scheduleBookmark(): void {
    const { bookmarkEveryMs, clock } = this.#options
    if (bookmarkEveryMs === undefined) return
    this.#cancelBookmark = clock.after(bookmarkEveryMs, () => {
      if (this.#ended) return
      this.#tellRevision()
      this.#scheduleBookmark()
    })
  }

  #finish(end: WatchEnd): void {
    if (this.#ended) return
    this.#ended = true
    this.#resolve(end)
  }
}

/** One large frame is not copied. */
function joined(frames: readonly Uint8Array[]): Uint8Array {
  const [only] = frames
  return only !== undefined && frames.length === 1 ? only : joinBytes(frames)
}
