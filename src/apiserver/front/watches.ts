import type { Revision } from '../../store/store.ts'
import type { Clock, Log, Random } from '../../words/ports.ts'
import { fraction } from '../../words/random.ts'
import { notAcceptable, serviceUnavailable, tooManyRequests } from '../../words/status-error.ts'
import type { ServerResponse } from '../http.ts'
import { parseIncludeObject } from '../negotiate/table.ts'
import { endedByNothing, watchFrames, watchType } from '../negotiate/watch-frames.ts'
import { parseListOptions } from '../options/list-options.ts'
import type { ListOptions } from '../options/list-options.ts'
import { parseSelection } from '../selection.ts'
import { parseRevision } from '../storage/resource-version.ts'
import type { CacheFeed } from '../watch-cache/cache-feed.ts'
import { matchesAll } from '../watch-cache/cache-event.ts'
import type { WatchStart } from '../watch-cache/watch.ts'
import type { ResourceCall } from './http-call.ts'
import { SharedWatches, watchAlone } from './shared-watches.ts'
import type { WatchMember, WatchSubject } from './shared-watches.ts'
import { WatchStream } from './watch-stream.ts'

export interface WatchLimits {
  readonly watchers: number
  readonly watchBacklogBytes: number
  readonly bookmarkEveryMs: number
}

/** Watches without a timeout of their own end after half an hour to an hour, spread so that not all come back at once. */
const MIN_TIMEOUT_MS = 1_800_000

/** Answers watches, and counts them. */
const STREAMED_TYPES =
  'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch'

export class Watches {
  readonly #parts: {
    readonly feed: CacheFeed
    readonly clock: Clock
    readonly random: Random
    readonly log: Log
    readonly limits: WatchLimits
  }
  readonly #shared = new SharedWatches()
  readonly #streams = new Set<WatchStream>()
  #isDraining = false

  constructor(parts: { feed: CacheFeed; clock: Clock; random: Random; log: Log; limits: WatchLimits }) {
    this.#parts = parts
  }

  get isDraining(): boolean {
    return this.#isDraining
  }

  /** Ends all watches as their timeout would, and begins no others. */
  drain(): void {
    this.#isDraining = true
    for (const stream of this.#streams) stream.end()
  }

  respond(call: ResourceCall): ServerResponse {
    const { feed, clock, limits } = this.#parts
    if (this.#isDraining) throw serviceUnavailable('the server is shutting down')
    if (this.#streams.size >= limits.watchers) throw tooManyRequests('The server has too many watches, please try again later.', 5)
    if (call.accepted.format === 'yaml') throw notAcceptable(STREAMED_TYPES)
    const options = parseListOptions(call.query, true)
    const { scope, matches, trigger } = parseSelection(call.resource, call.key.namespace, { ...options, name: call.key.name })
    const { sent, remote, onRetired } = call.resource
    const watched = { cache: call.resource.cache, scope, matches: remote === undefined ? matches : matchesAll, trigger, sent }
    const query = { ...watched, start: startOf(options), signal: call.request.signal }
    const include = call.accepted.as === 'table' ? parseIncludeObject(call.query) : 'None'
    const frames = watchFrames(call.resource, call.accepted, { include, clock })
    const follow = (after: Revision, member: WatchMember): (() => void) => this.#follow(
      call, options, { ...watched, frames, after }, member,
    )
    return {
      type: 'stream', status: 200, headers: { 'content-type': watchType(call.accepted), 'cache-control': 'no-cache, private' },
      send: async (sink) => {
        const shownIn = call.accepted.as === 'partial-list' ? endedByNothing(sink) : sink
        const stream = new WatchStream({
          feed, clock, query, frames, converted: remote && { remote, matches }, sent, follow, timeoutMs: this.#timeoutMs(options),
          backlogBytes: limits.watchBacklogBytes,
          begun: () => call.begun(),
          bookmarkEveryMs: options.allowWatchBookmarks ? limits.bookmarkEveryMs : undefined,
        }, shownIn)
        this.#streams.add(stream)
        const uncount = call.resource.watches.add(call.key)
        const retire = (): void => stream.end()
        onRetired.add(retire)
        try {
          const end = await stream.run()
          if (end === 'too-slow') call.resource.sent.slow++
          if (end === 'too-slow') {
            this.#parts.log.warn('a watch was ended because its client does not read', { path: call.info.path, user: call.user.name })
          }
        } finally {
          uncount()
          onRetired.delete(retire)
          this.#streams.delete(stream)
        }
      },
    }
  }

  #follow(call: ResourceCall, options: ListOptions, subject: WatchSubject, member: WatchMember): () => void {
    // The rows of a Table depend on those before, and a client that is ahead of the cache is not told what others are.
    const { accepted } = call
    if (accepted.as === 'table' || subject.after > this.#parts.feed.revision) return watchAlone(subject, member)
    const key = JSON.stringify([
      call.key.namespace, call.key.name, options.labelSelector, options.fieldSelector, accepted.as, accepted.meta, accepted.format,
    ])
    return this.#shared.join(call.resource, key, { ...subject, after: 0 }, member)
  }

  #timeoutMs(options: ListOptions): number {
    if (options.timeoutSeconds !== undefined && options.timeoutSeconds > 0) return options.timeoutSeconds * 1000
    return MIN_TIMEOUT_MS * (1 + fraction(this.#parts.random))
  }
}

/** The table of "semantics for watch" on the API concepts page, with sendInitialEvents (KEP-3157) on top. */
export function startOf(options: Pick<ListOptions, 'resourceVersion' | 'sendInitialEvents' | 'allowWatchBookmarks'>): WatchStart {
  const revision = parseRevision(options.resourceVersion)
  if (options.sendInitialEvents === true) return { from: 'state', bookmark: options.allowWatchBookmarks, notOlder: revision ?? 0 }
  if (revision !== undefined && revision !== 0) return { from: 'revision', revision }
  if (options.sendInitialEvents === false) return { from: 'now' }
  return { from: 'state', bookmark: false, notOlder: 0 }
}
