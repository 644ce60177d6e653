import type { ObjectKey } from '../../objects/kube-object.ts'
import type { Revision } from '../../store/store.ts'
import { objectKeyText } from '../storage/keys.ts'
import { CacheEvent } from './cache-event.ts'
import type { CachedObject, Served } from './cached-object.ts'
import { EventRing } from './event-ring.ts'
import type { RingBounds } from './event-ring.ts'
import type { HistoryBudget } from './history-budget.ts'
import { SortedMap } from './sorted-map.ts'

/** Someone who is told of changes. All calls are synchronous and must not wait. */
export interface Watcher {
  offer(event: CacheEvent): void
  /** All changes of a batch were offered: whole commits only. */
  flush(): void
  /** The cache can tell no more: the watcher must end, its client lists anew. */
  lost(): void
}

/** Narrows a watch to objects with one value in one field, so that others' changes do not concern it: a node's agent and its pods. */
export interface Trigger {
  readonly field: string
  readonly value: string
  of(object: Served): string
}

interface TriggerIndex {
  of(object: Served): string
  readonly byValue: Map<string, Map<Watcher, string>>
}

/** The objects of one resource as they stand at the feed's revision, and the changes that led there. */
export class ResourceCache {
  readonly prefix: string
  readonly #objects = new SortedMap<CachedObject>()
  readonly #ring: EventRing
  /** By what is watched: the resource's prefix, a namespace's prefix, or one object's key. */
  readonly #watchers = new Map<string, Set<Watcher>>()
  /** By field, then by value: watchers and their scopes. */
  readonly #triggers = new Map<string, TriggerIndex>()
  readonly #dirty = new Set<Watcher>()

  constructor(prefix: string, { bounds, budget }: { readonly bounds: RingBounds; readonly budget: HistoryBudget }, complete: Revision) {
    this.prefix = prefix
    this.#ring = new EventRing(bounds, budget, complete)
  }

  get(key: ObjectKey): CachedObject | undefined {
    return this.#objects.get(objectKeyText(this.prefix, key))
  }

  getByText(key: string): CachedObject | undefined {
    return this.#objects.get(key)
  }

  get size(): number {
    return this.#objects.size
  }

  /** '' for all namespaces. */
  scope(namespace: string): string {
    return namespace === '' ? this.prefix : `${this.prefix}${namespace}/`
  }

  /** In order of the keys, from start on (a full key; '' for the beginning). */
  range(scope: string, start = ''): Generator<CachedObject> {
    return this.#objects.range(scope, start)
  }

  countFrom(scope: string, start: string): number {
    return this.#objects.countFrom(scope, start)
  }

  /** Every event after this revision is known; watches from before it are refused. */
  get complete(): Revision {
    return this.#ring.complete
  }

  eventsAfter(revision: Revision): Generator<CacheEvent> {
    return this.#ring.after(revision)
  }

  /** Without an event: the state that the feed starts from. */
  load(object: CachedObject): void {
    this.#objects.set(object.key, object)
  }

  apply(key: string, revision: Revision, current: CachedObject | undefined, seenAtMs: number): void {
    const previous = this.#objects.get(key)
    if (current === undefined) this.#objects.delete(key)
    else this.#objects.set(key, current)
    if (current !== undefined) previous?.retire()
    if (current === undefined && previous === undefined) return
    const event = new CacheEvent({ key, revision, current, previous, seenAtMs })
    this.#ring.push(event)
    if (this.#watchers.size > 0) this.#tell(event)
    for (const index of this.#triggers.values()) this.#trigger(index, event)
  }

  #tell(event: CacheEvent): void {
    this.#offer(this.prefix, event)
    const slash = event.key.lastIndexOf('/') + 1
    if (slash > this.prefix.length) this.#offer(event.key.slice(0, slash), event)
    this.#offer(event.key, event)
  }

  #offer(scope: string, event: CacheEvent): void {
    for (const watcher of this.#watchers.get(scope) ?? []) {
      watcher.offer(event)
      this.#dirty.add(watcher)
    }
  }

  #trigger(index: TriggerIndex, event: CacheEvent): void {
    const before = event.previous && index.of(event.previous)
    const now = event.current && index.of(event.current)
    if (before !== undefined) this.#offerTriggered(index, before, event)
    if (now !== undefined && now !== before) this.#offerTriggered(index, now, event)
  }

  #offerTriggered(index: TriggerIndex, value: string, event: CacheEvent): void {
    for (const [watcher, scope] of index.byValue.get(value) ?? []) {
      if (!event.key.startsWith(scope)) continue
      watcher.offer(event)
      this.#dirty.add(watcher)
    }
  }

  /** Called by the feed when the cache shows whole commits again. */
  flush(): void {
    if (this.#dirty.size === 0) return
    for (const watcher of this.#dirty) watcher.flush()
    this.#dirty.clear()
  }

  /** Returns the function that takes the watcher off again. With a trigger the scope is a prefix. */
  watch(scope: string, watcher: Watcher, trigger: Trigger | undefined): () => void {
    if (trigger !== undefined && scope.endsWith('/')) return this.#watchTriggered(scope, watcher, trigger)
    let set = this.#watchers.get(scope)
    if (set === undefined) this.#watchers.set(scope, (set = new Set()))
    set.add(watcher)
    return () => {
      const now = this.#watchers.get(scope)
      now?.delete(watcher)
      if (now?.size === 0) this.#watchers.delete(scope)
      this.#dirty.delete(watcher)
    }
  }

  #watchTriggered(scope: string, watcher: Watcher, trigger: Trigger): () => void {
    let index = this.#triggers.get(trigger.field)
    if (index === undefined) this.#triggers.set(trigger.field, (index = { of: (object) => trigger.of(object), byValue: new Map() }))
    const { byValue } = index
    let watchers = byValue.get(trigger.value)
    if (watchers === undefined) byValue.set(trigger.value, (watchers = new Map()))
    watchers.set(watcher, scope)
    return () => {
      const now = byValue.get(trigger.value)
      now?.delete(watcher)
      if (now?.size === 0) byValue.delete(trigger.value)
      if (byValue.size === 0) this.#triggers.delete(trigger.field)
      this.#dirty.delete(watcher)
    }
  }

  /** The store lost track of the changes: everything is read again, every watcher ends. */
  reset(complete: Revision): void {
    for (const object of [...this.#objects.range(this.prefix, '')]) this.#objects.delete(object.key)
    this.#ring.clear(complete)
    const triggered = [...this.#triggers.values()].flatMap(
      ({ byValue }) => [...byValue.values()].flatMap((watchers) => [...watchers.keys()]),
    )
    const plain = [...this.#watchers.values()].flatMap((watchers) => [...watchers])
    for (const watcher of [...plain, ...triggered]) watcher.lost()
  }
}
