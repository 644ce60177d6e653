import { oncePer } from '../../words/once-per.ts'
import type { Clock, Log, Random } from '../../words/ports.ts'
import { fraction } from '../../words/random.ts'
import { notAcceptable, serviceUnavailable, tooManyRequests } from '../../words/status-error.ts'
import type { ObjectKey } from '../../objects/kube-object.ts'
import type { ByteSink, ServerResponse } from '../http.ts'
import { parseIncludeObject } from '../negotiate/table.ts'
import { plainFrames, watchFrames, watchType } from '../negotiate/watch-frames.ts'
import { parseListOptions } from '../options/list-options.ts'
import type { ListOptions } from '../options/list-options.ts'
import type { ServedResource } from '../resource-set.ts'
import { parseSelection } from '../selection.ts'
import { parseRevision } from '../storage/resource-version.ts'
import type { CacheFeed } from '../watch-cache/cache-feed.ts'
import { matchesAll } from '../watch-cache/cache-event.ts'
import type { WatchStart } from '../watch-cache/watch.ts'
import type { ResourceCall } from './http-call.ts'
import { SharedWatches, watchAlone } from './shared-watches.ts'
import type { WatchSubject } from './shared-watches.ts'
import { WatchStream } from './watch-stream.ts'
import type { AskedWatch, WatchStreamParts } from './watch-stream.ts'

export interface WatchLimits {
  readonly watchers: number
  readonly watchBacklogBytes: number
  readonly bookmarkEveryMs: number
}

/** Watches without a timeout of their own end after half an hour to an hour, spread so that not all come back at once. */
const MIN_TIMEOUT_MS = 1_800_000

const STREAMED_TYPES =
  'only the following media types are accepted: application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch'

/** What is kept of a call for as long as its watch lasts. Nothing here may lead to the rest of it: thousands of watches wait for hours. */
interface WatchCall {
  readonly resource: ServedResource
  readonly key: ObjectKey
  readonly path: string
  readonly userName: string
  readonly asked: AskedWatch
}

/** Answers watches, and counts them. */
export class Watches {
  readonly #parts: {
    readonly feed: CacheFeed
    readonly clock: Clock
    readonly random: Random
    readonly log: Log
    readonly limits: WatchLimits
  }
  readonly #streamParts: WatchStreamParts
  readonly #shared = new SharedWatches()
  readonly #plainFrames = oncePer(plainFrames)
  readonly #streams = new Set<WatchStream>()
  #isDraining = false

  constructor(parts: { feed: CacheFeed; clock: Clock; random: Random; log: Log; limits: WatchLimits }) {
    this.#parts = parts
    this.#streamParts = { feed: parts.feed, clock: parts.clock, backlogBytes: parts.limits.watchBacklogBytes }
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
    if (this.#isDraining) throw serviceUnavailable('the server is shutting down')
    if (this.#streams.size >= this.#parts.limits.watchers) {
      throw tooManyRequests('The server has too many watches, please try again later.', 5)
    }
    if (call.accepted.format === 'yaml') throw notAcceptable(STREAMED_TYPES)
    const { resource, key, info, user } = call
    return {
      type: 'stream', status: 200, isLasting: true,
      headers: { 'content-type': watchType(call.accepted), 'cache-control': 'no-cache, private' },
      send: this.#sender({ resource, key, path: info.path, userName: user.name, asked: this.#asked(call) }),
    }
  }

  #asked(call: ResourceCall): AskedWatch {
    const { limits } = this.#parts
    const { resource, accepted, key } = call
    const options = parseListOptions(call.query, true)
    const { scope, matches, trigger } = parseSelection(resource, key.namespace, { ...options, name: key.name })
    const { cache, remote, sent } = resource
    const watched: WatchSubject = {
      cache, scope, matches: remote === undefined ? matches : matchesAll, trigger, sent,
      frames: watchFrames(resource, accepted, {
        include: accepted.as === 'table' ? parseIncludeObject(call.query) : 'None', clock: this.#parts.clock, plain: this.#plainFrames,
      }),
    }
    // The rows of a Table depend on those before.
    const group = accepted.as === 'table' ? undefined : JSON.stringify(
      [key.namespace, key.name, options.labelSelector, options.fieldSelector, accepted.as, accepted.meta, accepted.format],
    )
    return {
      watched, start: startOf(options), signal: call.request.signal, converted: remote && { remote, matches },
      follow: this.#follower(resource, watched, group),
      timeoutMs: this.#timeoutMs(options), bookmarkEveryMs: options.allowWatchBookmarks ? limits.bookmarkEveryMs : undefined,
      begun: call.begun,
    }
  }

  #follower(resource: ServedResource, watched: WatchSubject, group: string | undefined): AskedWatch['follow'] {
    return (after, member) => (
      // A client that is ahead of the cache is not told what others are.
      group === undefined || after > this.#parts.feed.revision
        ? watchAlone(watched, after, member)
        : this.#shared.join(resource, group, watched, member)
    )
  }

  /** Apart from what makes its argument, so that it keeps nothing else in memory. */
  #sender(call: WatchCall): (sink: ByteSink) => Promise<void> {
    return (sink) => this.#send(call, sink)
  }

  async #send({ resource, key, path, userName, asked }: WatchCall, sink: ByteSink): Promise<void> {
    const stream = new WatchStream(this.#streamParts, asked, sink)
    this.#streams.add(stream)
    resource.watches.add(key)
    resource.followers.add(stream)
    try {
      if (await stream.run() !== 'too-slow') return
      resource.sent.slow++
      this.#parts.log.warn('a watch was ended because its client does not read', { path, user: userName })
    } finally {
      resource.watches.remove(key)
      resource.followers.delete(stream)
      this.#streams.delete(stream)
    }
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
