import type { Client } from '../client/client.ts'
import { EventRecorder } from '../client/event-recorder.ts'
import { Informer } from '../client/informer.ts'
import type { ObjectCache } from '../client/object-cache.ts'
import type { KindRef } from '../objects/kind.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import type { Clock, Log, Random } from '../words/ports.ts'
import { thrownMessage } from '../words/thrown.ts'
import { ControlLoop } from './control-loop.ts'
import type { LoopLimits } from './control-loop.ts'
import type { Controller, Read, Snapshot } from './controller.ts'
import type { Explanation } from './explanations.ts'
import { kindText, liveSnapshot } from './snapshot.ts'

export interface ExecutorParts {
  /** Lists and watches every kind that controllers read, and writes events. */
  readonly client: Client
  /** Writes with the rights of a service account in kube-system. */
  clientOf(account: string): Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

const DEFAULT_LIMITS: LoopLimits = {
  keysInFlight: 16,
  maxQueuedKeys: 100_000,
  maxExplanations: 10_000,
  firstRetryMs: 10,
  maxRetryMs: 60_000,
  fenced: true,
}

/**
 * Runs controllers: one informer per kind shared by all of them, one loop per controller. A controller starts when the kinds that it
 * reads are whole in the cache; what it never sees is a cache older than its own last write for the key at hand.
 */
export class Executor {
  readonly #parts: ExecutorParts
  readonly #limits: LoopLimits
  readonly #controllers: readonly Controller[]
  readonly #informers = new Map<string, Informer>()
  /** The same caches by KindRef identity: the usual look-up costs no text. */
  readonly #caches = new Map<KindRef, ObjectCache>()
  readonly #loops: ControlLoop[] = []
  readonly #abort = new AbortController()
  readonly #recorder: EventRecorder
  readonly #running: Promise<void>[] = []
  readonly snapshot: Snapshot

  constructor(controllers: readonly Controller[], parts: ExecutorParts, limits: Partial<LoopLimits> = {}) {
    this.#controllers = controllers
    this.#parts = parts
    this.#limits = { ...DEFAULT_LIMITS, ...limits }
    this.#recorder = new EventRecorder({ ...parts, instance: '' })
    this.snapshot = liveSnapshot(this.cacheOf)
    for (const controller of controllers) for (const read of controller.reads) this.#informerOf(read.kind)
  }

  /** The shared cache of a kind that some controller reads. */
  cacheOf = <T extends KubeObject>(kind: KindRef<T>): ObjectCache<T> | undefined => {
    const known = this.#caches.get(kind) ?? this.#informers.get(kindText(kind))?.cache
    return known as ObjectCache<T> | undefined
  }

  start(): void {
    for (const informer of this.#informers.values()) this.#running.push(informer.run(this.#abort.signal))
    for (const controller of this.#controllers) void this.#startLoop(controller)
    this.#running.push(this.#recorder.run(this.#abort.signal))
  }

  /** Resolves when every kind that controllers read is in the cache. */
  async whenSynced(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.whenSynced()))
  }

  /** No new plans; requests under way end with their replies. */
  async stop(): Promise<void> {
    this.#abort.abort()
    await Promise.all(this.#running)
  }

  /** All controllers have started, and nothing is queued, running or fenced in any of them. */
  get idle(): boolean {
    return this.#loops.length === this.#controllers.length && this.#loops.every((loop) => loop.idle)
  }

  /** What each controller last decided about each of its keys. */
  explain(): readonly Explanation[] {
    return this.#loops.flatMap((loop) => loop.explain())
  }

  /** Kinds whose watch has trouble, and which: for the status page. */
  problems(): readonly { readonly kind: string; readonly problem: string }[] {
    return [...this.#informers.values()].flatMap((informer) => {
      return informer.problem === undefined ? [] : [{ kind: informer.cache.kind.plural, problem: informer.problem }]
    })
  }

  #informerOf(kind: KindRef): Informer {
    const known = this.#informers.get(kindText(kind))
    if (known !== undefined) return known
    const informer = new Informer(kind, this.#parts)
    this.#informers.set(kindText(kind), informer)
    this.#caches.set(kind, informer.cache)
    return informer
  }

  async #startLoop(controller: Controller): Promise<void> {
    const informers = controller.reads.map((read) => this.#informerOf(read.kind))
    await Promise.all(informers.map((informer) => informer.whenSynced()))
    if (this.#abort.signal.aborted) return
    const { client: reader, clientOf, ...ports } = this.#parts
    const parts = {
      ...ports,
      reader,
      client: clientOf(controller.account),
      cacheOf: this.cacheOf,
      snapshot: this.snapshot,
      recorder: this.#recorder,
    }
    const loop = new ControlLoop(controller, parts, this.#limits, () => this.#allKeys(controller), this.#abort.signal)
    this.#loops.push(loop)
    for (const read of controller.reads) {
      this.#informerOf(read.kind).cache.listen(({ object, previous }) => {
        if (previous !== undefined) for (const key of this.#keysOf(controller, read, previous)) loop.add(key)
        if (object !== undefined) for (const key of this.#keysOf(controller, read, object)) loop.add(key)
      })
    }
  }

  *#allKeys(controller: Controller): Generator<string> {
    for (const read of controller.reads) {
      for (const object of this.#informerOf(read.kind).cache.list()) yield* this.#keysOf(controller, read, object)
    }
  }

  #keysOf(controller: Controller, read: Read, object: KubeObject): readonly string[] {
    try {
      return read.keysOf(object, this.snapshot)
    } catch (error) {
      const fields = { controller: controller.name, resource: read.kind.plural, error: thrownMessage(error) }
      this.#parts.log.error('a controller cannot tell whom a change concerns', fields)
      return []
    }
  }
}
