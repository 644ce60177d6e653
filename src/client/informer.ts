import type { KindRef } from '../objects/kind.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import { keyOf, keyText } from '../objects/kube-object.ts'
import type { Clock, Log, Random } from '../words/ports.ts'
import { sleep } from '../words/ports.ts'
import { fraction } from '../words/random.ts'
import { StatusError } from '../words/status-error.ts'
import { thrownMessage } from '../words/thrown.ts'
import type { Client, WatchEvent } from './client.ts'
import { listAll } from './list-pages.ts'
import { ObjectCache, revisionOf } from './object-cache.ts'

export interface InformerParts {
  readonly client: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** Which objects of the kind; absent means all. */
export interface InformerScope {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
}

const FIRST_RETRY_MS = 100
const MAX_RETRY_MS = 10_000

/**
 * Keeps an ObjectCache equal to the server's state: the state as a stream of initial events, then every change. It resumes from the
 * revision it has reached, and takes the whole state again when that revision is gone (410), telling only what differs.
 */
export class Informer<T extends KubeObject = KubeObject> {
  readonly cache: ObjectCache<T>
  readonly #parts: InformerParts
  readonly #scope: InformerScope
  readonly #synced: Promise<void>
  #tellSynced: () => void = () => {}
  #isSynced = false
  /** The server cannot stream the initial state (it refused once): list in pages, then watch. */
  #listsFirst = false
  /** The revision to resume from; undefined: the whole state is needed. */
  #resumeFrom: string | undefined
  #problem: string | undefined

  constructor(kind: KindRef<T>, parts: InformerParts, scope: InformerScope = {}) {
    this.cache = new ObjectCache(kind)
    this.#parts = parts
    this.#scope = scope
    this.#synced = new Promise((resolve) => {
      this.#tellSynced = resolve
    })
  }

  get synced(): boolean {
    return this.#isSynced
  }

  /** Why the last attempt failed; undefined while all is well. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** Resolves when the cache has held a whole state once. */
  whenSynced(): Promise<void> {
    return this.#synced
  }

  /** Runs until the signal aborts; never throws. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts
    let failures = 0
    while (!signal.aborted) {
      const before = { revision: this.cache.revision, at: clock.now() }
      let failed = false
      try {
        await this.#follow(signal)
      } catch (error) {
        if (signal.aborted) return
        failed = true
        this.#learn(error)
      }
      // A server ends each watch after some minutes: that is no failure. One that ends at once without a word is.
      const useful = this.cache.revision > before.revision || clock.now() - before.at >= MAX_RETRY_MS
      failures = useful ? Number(failed) : failures + 1
      await sleep(clock, this.#retryDelayMs(failures), signal)
    }
  }

  /** One connection, from its beginning to its end. */
  async #follow(signal: AbortSignal): Promise<void> {
    if (this.#resumeFrom === undefined && this.#listsFirst) await this.#list()
    const { client } = this.#parts
    const start = this.#resumeFrom === undefined ? { sendInitialEvents: true } : { resourceVersion: this.#resumeFrom }
    const initial = this.#resumeFrom === undefined ? new Map<string, T>() : undefined
    let collecting = initial
    for await (const event of client.watch(this.cache.kind, { ...this.#scope, ...start, signal })) {
      if (signal.aborted) return
      this.#problem = undefined
      if (collecting === undefined) this.#apply(event)
      else if (this.#collect(collecting, event)) collecting = undefined
    }
  }

  /** True when the initial state is whole and in place. */
  #collect(initial: Map<string, T>, event: WatchEvent<T>): boolean {
    if (event.type === 'bookmark') {
      if (!event.initialEventsEnd) return false
      this.#replace(initial.values(), event.resourceVersion)
      return true
    }
    const key = keyText(keyOf(event.object))
    if (event.type === 'deleted') initial.delete(key)
    else initial.set(key, event.object)
    return false
  }

  #apply(event: WatchEvent<T>): void {
    if (event.type === 'bookmark') this.cache.reach(revisionOf(event.resourceVersion))
    else if (event.type === 'deleted') this.cache.remove(event.object)
    else this.cache.upsert(event.object)
    this.#resumeFrom = event.type === 'bookmark' ? event.resourceVersion : event.object.metadata.resourceVersion
  }

  async #list(): Promise<void> {
    const { items, resourceVersion } = await listAll(this.#parts.client, this.cache.kind, this.#scope)
    this.#replace(items, resourceVersion)
  }

  #replace(objects: Iterable<T>, resourceVersion: string): void {
    this.#resumeFrom = resourceVersion
    this.cache.replace(objects, revisionOf(resourceVersion))
    this.#problem = undefined
    this.#isSynced = true
    this.#tellSynced()
  }

  #learn(error: unknown): void {
    const code = error instanceof StatusError ? error.code : 0
    const message = thrownMessage(error)
    this.#problem = message
    if (code === 410) this.#resumeFrom = undefined
    else if ((code === 400 || code === 422) && this.#resumeFrom === undefined) this.#listsFirst = true
    // A revision that the server does not accept at all is as good as gone.
    else if (code === 400 || code === 422) this.#resumeFrom = undefined
    const fields = { resource: this.cache.kind.plural, code, error: message }
    // A kind that was taken away, or is still to come.
    if (code === 404) this.#parts.log.info('what is watched is not served; it is asked for again', fields)
    else if (code !== 410) this.#parts.log.warn('a watch ended with an error and is taken up again', fields)
  }

  #retryDelayMs(failures: number): number {
    const ceiling = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 10))
    return failures === 0 ? 0 : ceiling / 2 + (ceiling / 2) * fraction(this.#parts.random)
  }
}
