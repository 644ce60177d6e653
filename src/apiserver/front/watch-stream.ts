import type { Revision } from '../../store/store.ts'
import { joinBytes, utf8 } from '../../words/bytes.ts'
import type { Clock } from '../../words/ports.ts'
import { StatusError } from '../../words/status-error.ts'
import type { ByteSink } from '../http.ts'
import { ConvertedWatch } from '../converted-watch.ts'
import type { Follower, RemoteConversion } from '../resource-set.ts'
import type { CacheEvent, EventType, Matcher } from '../watch-cache/cache-event.ts'
import type { CacheFeed } from '../watch-cache/cache-feed.ts'
import type { CachedObject, Served } from '../watch-cache/cached-object.ts'
import { beginWatch, followAlone } from '../watch-cache/watch.ts'
import type { WatchReceiver, WatchStart } from '../watch-cache/watch.ts'
import { Blocks } from './blocks.ts'
import type { WatchMember, WatchSubject } from './shared-watches.ts'

/** The same for all watches of a server. */
export interface WatchStreamParts {
  readonly feed: CacheFeed
  readonly clock: Clock
  readonly backlogBytes: number
}

/** What one client asks for. It is kept as long as the watch lasts. */
export interface AskedWatch {
  /** Its figures count what the client is told of the past here; what it is told later counts whoever tells it. */
  readonly watched: WatchSubject
  readonly start: WatchStart
  readonly signal: AbortSignal
  /** Where somebody else has to convert what is shown: who that is, and what selectors say of it. The subject then is all that is stored. */
  readonly converted: { readonly remote: RemoteConversion; readonly matches: Matcher } | undefined
  /** Has the member told of what changes after the revision. Returns the function that ends it. */
  follow(after: Revision, member: WatchMember): () => void
  readonly timeoutMs: number
  /** Undefined: the client wants no bookmarks. */
  readonly bookmarkEveryMs: number | undefined
  /** The client has taken the state that the watch begins with, or the watch is over. Called once, and then forgotten with all it knows. */
  begun: () => void
}

export type WatchEnd = 'closed' | 'timeout' | 'too-slow' | 'lost' | 'refused' | 'not-shown'

/** The initial state is handed over in pieces of about this size. */
const PIECE_BYTES = 256 * 1024
const ONCE = { once: true }

/**
 * One watch as a stream of bytes. Its news never wait for the client: one that falls too far behind is ended. The state that it begins with
 * does: a hundred watches of ten megabytes each that nobody reads must not be a gigabyte of frames.
 */
export class WatchStream implements WatchReceiver, WatchMember, Follower {
  readonly #parts: WatchStreamParts
  readonly #asked: AskedWatch
  readonly #sink: ByteSink
  #frames: Uint8Array[] = []
  #pendingBytes = 0
  /** What of the backlog is the initial state, however large that is: it is no sign of slowness until it was taken once. */
  #allowance = 0
  /** Of what the watch begins with: what is written when the client has taken all before it. Until it has all, news gather in #frames. */
  #rest: (CachedObject | Uint8Array)[] = []
  #isLive = false
  #ended = false
  #endsAt = 0
  /** Of the one timer: for the next bookmark, or the end. */
  #cancelTimer = nothing
  #stop = nothing
  #resolve: (end: WatchEnd) => void = nothing
  readonly #end: Promise<WatchEnd>
  readonly #converted: ConvertedWatch | undefined

  constructor(parts: WatchStreamParts, asked: AskedWatch, sink: ByteSink) {
    this.#parts = parts
    this.#asked = asked
    this.#sink = sink
    this.#converted = asked.converted && new ConvertedWatch(asked.converted.remote, asked.converted.matches, this)
    this.#end = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  /** Resolves when the watch is over. */
  async run(): Promise<WatchEnd> {
    const { signal, timeoutMs } = this.#asked
    if (signal.aborted) return 'closed'
    signal.addEventListener('abort', this, ONCE)
    this.#endsAt = this.#parts.clock.now() + timeoutMs
    this.#setTimer()
    try {
      await this.#begin()
      return await this.#end
    } catch (error) {
      if (!(error instanceof StatusError)) throw error
      this.#write(this.#asked.watched.frames.error(error))
      return 'refused'
    } finally {
      this.#ended = true
      this.#converted?.end()
      this.#begun()
      this.#stop()
      this.#cancelTimer()
      signal.removeEventListener('abort', this)
    }
  }

  /** The client is gone. */
  handleEvent(): void {
    this.#finish('closed')
  }

  async #begin(): Promise<void> {
    const { watched, start, signal } = this.#asked
    const receiver = this.#converted ?? this
    const query = { ...watched, start, signal }
    this.#stop = await beginWatch(this.#parts.feed, query, receiver, (after) => (
      receiver === this ? this.#asked.follow(after, this) : followAlone(query, receiver, after)
    ))
    if (this.#converted !== undefined) await Promise.race([this.#converted.caughtUp(), this.#end])
    this.#isLive = true
    const told = this.#rest.length === 0 ? this.#sink.drained() : this.#sink.drained().then(() => this.#tellRest())
    void told.then(() => this.#begun(), () => this.#finish('closed'))
  }

  #begun(): void {
    this.#asked.begun()
    this.#asked.begun = nothing
  }

  shown(type: EventType, served: Served): void {
    this.#add(this.#asked.watched.frames.shown(type, served))
    if (this.#pendingBytes >= PIECE_BYTES) this.flush()
  }

  failed(error: StatusError): void {
    if (this.#ended) return
    this.#write(this.#asked.watched.frames.error(error))
    this.#finish('refused')
  }

  /** Of the past: news come as changes. */
  event(type: EventType, event: CacheEvent): void {
    const frame = this.#asked.watched.frames.event(type, event)
    if (this.#allowance > 0) return void this.#rest.push(frame)
    this.#add(frame)
    if (this.#pendingBytes >= PIECE_BYTES) this.flush()
  }

  initial(object: CachedObject): void {
    if (this.#allowance > 0) return void this.#rest.push(object)
    const frame = this.#asked.watched.frames.initial(object)
    this.#add(typeof frame === 'string' ? utf8(frame) : frame)
    if (this.#pendingBytes >= PIECE_BYTES) this.flush()
  }

  async #tellRest(): Promise<void> {
    const { turns } = this.#parts.feed
    const blocks = new Blocks(this.#sink)
    for (const part of this.#rest) {
      if (blocks.mustWait) await blocks.drained()
      else if (turns.isOver()) await turns.next()
      if (this.#ended) return
      const { frames, sent } = this.#asked.watched
      sent.told(blocks.add(part instanceof Uint8Array ? part : frames.initial(part)), 1)
    }
    blocks.flush()
    this.#rest = []
    this.flush()
    return this.#sink.drained()
  }

  bookmark(revision: Revision, initialEventsEnd: boolean): void {
    this.#add(this.#asked.watched.frames.bookmark(revision, initialEventsEnd))
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
    if (this.#pendingBytes > this.#parts.backlogBytes) this.#finish('too-slow')
  }

  /** A connection that breaks must not disturb the cache that tells it the news. What cannot be shown has frames that are empty. */
  #write(bytes: Uint8Array): void {
    if (bytes.length === 0) return this.#finish('not-shown')
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
    this.#asked.watched.sent.told(frame.length, 1)
    this.#frames.push(frame)
    this.#pendingBytes += frame.length
  }

  #checkBacklog(): void {
    const backlog = this.#sink.backlogBytes()
    if (backlog > this.#parts.backlogBytes + this.#allowance) this.#finish('too-slow')
    else if (this.#isLive && backlog === 0) this.#allowance = 0
  }

  /** A last bookmark, so that the client comes back with a revision that is still known. */
  end(): void {
    if (this.#isLive && this.#asked.bookmarkEveryMs !== undefined) this.#tellRevision()
    this.#finish('timeout')
  }

  retired(): void {
    this.end()
  }

  /** One that waits for a conversion has not been told of all that the cache knows. */
  #tellRevision(): void {
    if (this.#converted?.isIdle === false) return
    this.bookmark(this.#parts.feed.revision, false)
    this.flush()
  }

  #setTimer(): void {
    const { bookmarkEveryMs } = this.#asked
    const leftMs = this.#endsAt - this.#parts.clock.now()
    this.#cancelTimer = this.#parts.clock.after(Math.min(leftMs, bookmarkEveryMs ?? Infinity), () => {
      if (this.#ended) return
      if (this.#parts.clock.now() >= this.#endsAt) return this.end()
      // The wall clock may have been set back: then it is not yet the end.
      if (this.#isLive && bookmarkEveryMs !== undefined) this.#tellRevision()
      this.#setTimer()
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

function nothing(): void {}
