import type { FieldSetPool } from '../../objects/apply/field-set-pool.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { Batch, Commit, Entry, Revision, Store } from '../../store/store.ts'
import { sleep } from '../../words/ports.ts'
import type { Clock, Log } from '../../words/ports.ts'
import { thrownMessage } from '../../words/thrown.ts'
import { serviceUnavailable } from '../../words/status-error.ts'
import { Turns } from '../turns.ts'
import { allObjects, prefixOf, resourcePrefix } from '../storage/keys.ts'
import { CachedObject, withRevision } from './cached-object.ts'
import { defaultRingBounds } from './event-ring.ts'
import type { RingBounds } from './event-ring.ts'
import { HistoryBudget } from './history-budget.ts'
import { ObjectForms } from './object-forms.ts'
import { ResourceCache } from './resource-cache.ts'
import { RevisionWaiters } from './revision-waiters.ts'

const READ_PAGE = 1_000
/** So many revisions of the past are played again at the start, so that clients may resume their watches after a restart. */
const REPLAYED_REVISIONS = 1_000
const RELOAD_AFTER_MS = 1_000

export interface FeedDependencies {
  readonly store: Store
  readonly storeIsShared: boolean
  readonly clock: Clock
  readonly log: Log
  readonly freezeObjects: boolean
  readonly sets: FieldSetPool
  readonly ringBounds?: RingBounds
}

interface Pending {
  readonly bytes: Uint8Array
  readonly object: KubeObject
}

/**
 * Follows the store with one watch over all objects and keeps the cache of every resource at one common revision: a reader
 * never sees half a commit, and one number says how new everything is.
 */
export class CacheFeed {
  readonly #dependencies: FeedDependencies
  readonly #caches = new Map<string, ResourceCache>()
  /** What this process is committing, by key: the feed need not parse it again. */
  readonly #pending = new Map<string, Pending>()
  readonly #forms: ObjectForms
  readonly #history: { readonly bounds: RingBounds; readonly budget: HistoryBudget }
  readonly #waiters = new RevisionWaiters()
  /** Of all who read much at once. */
  readonly turns: Turns
  #revision: Revision = 0
  #started = false
  #problem: string | undefined
  #complete: Revision = 0

  constructor(dependencies: FeedDependencies) {
    this.#dependencies = dependencies
    this.#forms = new ObjectForms(dependencies.sets)
    this.#history = { bounds: dependencies.ringBounds ?? defaultRingBounds, budget: new HistoryBudget() }
    this.turns = new Turns(dependencies.clock)
  }

  /** What every cache shows. */
  get revision(): Revision {
    return this.#revision
  }

  get ready(): boolean {
    return this.#started
  }

  /** Why the caches do not follow the store now; undefined while they do. For /readyz. */
  get problem(): string | undefined {
    return this.#started ? this.#problem : 'the store is still being read'
  }

  cache(kind: Pick<KindRef, 'group' | 'plural'>): ResourceCache {
    return this.#cacheFor(resourcePrefix(kind))
  }

  cached(key: string): CachedObject | undefined {
    return this.#caches.get(prefixOf(key))?.getByText(key)
  }

  /** Makes a new object, which is the caller's still, share what it has in common with others of its resource. */
  shareAlike(key: string, object: KubeObject): void {
    this.#forms.shareAlike(key, object)
  }

  /**
   * object is what the bytes say, whatever its resourceVersion; it must not change any more. To be withdrawn when the commit is over.
   * Of two writers of one key the later one is remembered: the other one's object is parsed, which is slower and as good.
   */
  announce(key: string, bytes: Uint8Array, object: KubeObject): void {
    this.#pending.set(key, { bytes, object })
  }

  withdraw(key: string, bytes: Uint8Array): void {
    if (this.#pending.get(key)?.bytes === bytes) this.#pending.delete(key)
  }

  /** Resolves when the caches show this revision. */
  reached(revision: Revision): Promise<void> {
    if (revision <= this.#revision) return Promise.resolve()
    return this.#waiters.wait(revision)
  }

  /** As reached, but false after waitMs. */
  async reachedWithin(revision: Revision, waitMs: number, signal: AbortSignal): Promise<boolean> {
    if (revision <= this.#revision) return true
    const over = new AbortController()
    const either = AbortSignal.any([over.signal, signal])
    await Promise.race([this.#waiters.wait(revision, either), sleep(this.#dependencies.clock, waitMs, either)])
    over.abort()
    return revision <= this.#revision
  }

  /**
   * A read after this sees every write that was acknowledged before it. Where this process is the only writer that holds by
   * construction, because writes are acknowledged only when the caches show them: undefined then, nothing to wait for.
   */
  fresh(reader: { readonly signal: AbortSignal }): Promise<void> | undefined {
    if (!this.#started) throw serviceUnavailable('the server is still reading its store')
    return this.#dependencies.storeIsShared ? this.#freshFromStore(reader.signal) : undefined
  }

  async #freshFromStore(signal: AbortSignal): Promise<void> {
    const latest = await this.#dependencies.store.latest()
    if (!(await this.reachedWithin(latest, 10_000, signal))) throw serviceUnavailable('the cache is behind the store; try again')
  }

  /** Resolves when the caches are filled, and rejects when the store cannot be read; follows the store until the signal aborts. */
  async start(signal: AbortSignal): Promise<void> {
    const from = await this.#load()
    const latest = await this.#dependencies.store.latest()
    const failed = new Promise<never>((_, reject) => void this.#follow(from, signal, reject))
    if (!(await Promise.race([this.reachedWithin(latest, 30_000, signal), failed]))) {
      throw serviceUnavailable('the store does not say what changed')
    }
    this.#started = true
  }

  async #load(): Promise<Revision> {
    const { store } = this.#dependencies
    const latest = await store.latest()
    if (latest === 0) return 0
    let at = Math.max(1, latest - REPLAYED_REVISIONS)
    const probe = await store.read(allObjects, { at, limit: 1 })
    if (probe.outcome === 'compacted') at = probe.oldest
    await this.#refill(at)
    this.#revision = at
    return at
  }

  /** The caches are filled in one synchronous step: no reader ever sees a part of the objects. */
  async #refill(at: Revision): Promise<void> {
    const objects = await this.#readAll(at)
    this.#forms.recent.clear()
    for (const cache of this.#caches.values()) cache.reset(at)
    this.#complete = at
    for (const object of objects) this.#cacheFor(prefixOf(object.key)).load(object)
  }

  async #readAll(at: Revision): Promise<readonly CachedObject[]> {
    const objects: CachedObject[] = []
    let start = allObjects.start
    for (;;) {
      const result = await this.#dependencies.store.read({ start, end: allObjects.end }, { at, limit: READ_PAGE })
      if (result.outcome !== 'page') throw serviceUnavailable(`the store cannot show revision ${at} any more`)
      for (const entry of result.page.entries) objects.push(this.#cached(entry))
      const last = result.page.entries.at(-1)
      if (!result.page.more || last === undefined) return objects
      start = `${last.key}\0`
    }
  }

  async #follow(from: Revision, signal: AbortSignal, failStart: (error: unknown) => void): Promise<void> {
    const { store, log, clock } = this.#dependencies
    let after = from
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      try {
        // However the watch ended: what the caches hold may be half a batch, so they are filled anew.
        if (!isFirst) after = await this.#reload()
        this.#problem = undefined
        for await (const batch of store.watch(allObjects, after, signal)) {
          if (batch.type === 'lost') break
          this.#problem = undefined
          this.#take(batch)
        }
        if (signal.aborted) return
        log.warn('the watch on the store ended; all caches are read again')
      } catch (error) {
        if (signal.aborted) return
        // Before the server serves, whoever starts it hears of it at once. A start that is over already is past caring.
        if (!this.#started) return failStart(error)
        this.#problem = thrownMessage(error)
        log.error('following the store failed', { error: this.#problem })
        await sleep(clock, RELOAD_AFTER_MS, signal)
      }
    }
  }

  async #reload(): Promise<Revision> {
    const latest = await this.#dependencies.store.latest()
    await this.#refill(latest)
    this.#advance(latest)
    return latest
  }

  #take(batch: Exclude<Batch, { type: 'lost' }>): void {
    if (batch.type === 'changes') {
      const nowMs = this.#dependencies.clock.now()
      const touched = new Set<ResourceCache>()
      for (const commit of batch.commits) this.#apply(commit, nowMs, touched)
      this.#revision = batch.revision
      for (const cache of touched) cache.flush()
    }
    this.#advance(batch.revision)
  }

  #apply(commit: Commit, nowMs: number, touched: Set<ResourceCache>): void {
    for (const { key, entry } of commit.changes) {
      const cache = this.#cacheFor(prefixOf(key))
      cache.apply(key, commit.revision, entry && this.#cached(entry), nowMs)
      touched.add(cache)
    }
  }

  #advance(revision: Revision): void {
    if (revision > this.#revision) this.#revision = revision
    this.#waiters.reached(this.#revision)
  }

  #cached(entry: Entry): CachedObject {
    const pending = this.#pending.get(entry.key)
    const object = pending?.bytes === entry.value ? withRevision(pending.object, entry.modified) : undefined
    const cached = new CachedObject(entry.key, entry.modified, entry.value, object, this.#forms)
    if (this.#dependencies.freezeObjects) cached.freeze()
    return cached
  }

  #cacheFor(prefix: string): ResourceCache {
    let cache = this.#caches.get(prefix)
    if (cache === undefined) {
      cache = new ResourceCache(prefix, this.#history, this.#complete)
      this.#caches.set(prefix, cache)
    }
    return cache
  }
}
