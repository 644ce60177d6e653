import type { Revision } from '../../store/store.ts'
import { joinBytes } from '../../words/bytes.ts'
import type { WatchFigures } from '../metrics/watch-figures.ts'
import type { WatchFrames } from '../negotiate/watch-frames.ts'
import type { ServedResource } from '../resource-set.ts'
import type { CacheEvent, Matcher } from '../watch-cache/cache-event.ts'
import type { ResourceCache, Trigger, Watcher } from '../watch-cache/resource-cache.ts'

/** What one client wants to hear of, and how. */
export interface WatchSubject {
  readonly cache: ResourceCache
  readonly scope: string
  readonly matches: Matcher
  readonly trigger: Trigger | undefined
  readonly frames: WatchFrames
  /** Counts what members are told. */
  readonly sent: WatchFigures
}

/** A client that is told what changes. Calls are synchronous and must not wait. */
export interface WatchMember {
  /** All that changed since the call before: frames of whole commits. The bytes are others' too. */
  changes(bytes: Uint8Array): void
  /** The cache was rebuilt: the client must list again. */
  lost(): void
}

/**
 * Clients that watch the same objects of a resource in the same form are one watcher to its cache: each event is matched and framed once,
 * and each batch joined once, however many they are. A thousand nodes that follow all Services cost a thousand writes and nothing else.
 */
export class SharedWatches {
  readonly #groups = new Map<ServedResource, Map<string, WatchGroup>>()

  /** The key tells watches of the resource apart that are not told the same. Returns the function that takes the member off. */
  join(resource: ServedResource, key: string, subject: WatchSubject, member: WatchMember): () => void {
    let groups = this.#groups.get(resource)
    if (groups === undefined) this.#groups.set(resource, (groups = new Map()))
    let group = groups.get(key)
    if (group === undefined) groups.set(key, (group = new WatchGroup(subject, 0)))
    const joined = group
    joined.add(member)
    return () => {
      if (!joined.remove(member)) return
      // The resource may be another by then (a custom resource that was defined anew), with groups of its own.
      const now = this.#groups.get(resource)
      if (now?.get(key) === joined) now.delete(key)
      if (now?.size === 0) this.#groups.delete(resource)
    }
  }
}

/** Follows one subject for one client only. Events up to the revision are not told. */
export function watchAlone(subject: WatchSubject, after: Revision, member: WatchMember): () => void {
  const group = new WatchGroup(subject, after)
  group.add(member)
  return () => {
    group.remove(member)
  }
}

class WatchGroup implements Watcher {
  readonly #subject: WatchSubject
  readonly #after: Revision
  /** Mostly one, for which a set would take three times the memory. Their order says nothing. */
  readonly #members: WatchMember[] = []
  /** Of the batch that is being told; empty between batches, so that who joins then gets whole batches only. */
  #frames: Uint8Array[] = []
  #stop: () => void = () => {}

  constructor(subject: WatchSubject, after: Revision) {
    this.#subject = subject
    this.#after = after
  }

  add(member: WatchMember): void {
    const { cache, scope, trigger } = this.#subject
    this.#members.push(member)
    if (this.#members.length === 1) this.#stop = cache.watch(scope, this, trigger)
  }

  /** True: that was the last one. */
  remove(member: WatchMember): boolean {
    const at = this.#members.indexOf(member)
    if (at === -1) return false
    const last = this.#members.pop()
    if (last !== undefined && last !== member) this.#members[at] = last
    if (this.#members.length > 0) return false
    this.#stop()
    return true
  }

  offer(event: CacheEvent): void {
    const { matches, frames } = this.#subject
    if (event.revision <= this.#after) return
    const type = event.typeFor(matches)
    if (type !== undefined) this.#frames.push(frames.event(type, event))
  }

  flush(): void {
    const [first] = this.#frames
    if (first === undefined) return
    for (const frame of this.#frames) this.#subject.sent.told(frame.length, this.#members.length)
    const bytes = this.#frames.length === 1 ? first : joinBytes(this.#frames)
    this.#frames = []
    for (const member of this.#members) member.changes(bytes)
  }

  lost(): void {
    this.#frames = []
    for (const member of this.#members) member.lost()
  }
}
