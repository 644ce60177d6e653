import type { Client } from '../client/client.ts'
import { EventRecorder } from '../client/event-recorder.ts'
import { Informer } from '../client/informer.ts'
import type { ObjectCache } from '../client/object-cache.ts'
import type { KindRef } from '../objects/kind.ts'
import type { KubeObject } from '../objects/kube-object.ts'
import type { Histogram } from '../words/histogram.ts'
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

interface Running {
  readonly controller: Controller
  readonly abort: AbortController
  /** Undefined until the kinds that it reads are whole in the cache. */
  loop: ControlLoop | undefined
}

function beginning(controller: Controller): Running {
  return { controller, abort: new AbortController(), loop: undefined }
}

interface RunningInformer {
  readonly informer: Informer
  readonly abort: AbortController
}

const DEFAULT_LIMITS: LoopLimits = {
  keysInFlight: 16,
  maxQueuedKeys: 100_000,
  maxExplanations: 10_000,
  firstRetryMs: 10,
  maxRetryMs: 60_000,
  fenced: true,
}

/** What a controller's queue is measured by. */
export interface QueueFigures {
  readonly name: string
  readonly depth: number
  readonly adds: number
  readonly retries: number
  /** In seconds. */
  readonly queued: Histogram
  readonly worked: Histogram
  readonly unfinished: { readonly sum: number; readonly longest: number }
}

/**
 * Runs controllers: one informer per kind shared by all of them, one loop per controller. A controller starts when the kinds that it
 * reads are whole in the cache; what it never sees is a cache older than its own last write for the key at hand.
 */
export class Executor {
  readonly #parts: ExecutorParts
  readonly #limits: LoopLimits
  /** By name. */
  readonly #controllers: Map<string, Running>
  readonly #informers = new Map<string, RunningInformer>()
  /** The same caches by KindRef identity: the usual look-up costs no text. */
  readonly #caches = new Map<KindRef, ObjectCache>()
  readonly #abort = new AbortController()
  #hasStarted = false
  readonly #recorder: EventRecorder
  readonly #running: Promise<void>[] = []
  readonly snapshot: Snapshot

  constructor(controllers: readonly Controller[], parts: ExecutorParts, limits: Partial<LoopLimits> = {}) {
    this.#controllers = new Map(controllers.map((controller) => [controller.name, beginning(controller)]))
    this.#parts = parts
    this.#limits = { ...DEFAULT_LIMITS, ...limits }
    this.#recorder = new EventRecorder({ ...parts, instance: '' })
    this.snapshot = liveSnapshot(this.cacheOf)
    for (const controller of controllers) for (const read of controller.reads) this.#informerOf(read.kind)
  }

  /** The shared cache of a kind that some controller reads. */
  cacheOf = <T extends KubeObject>(kind: KindRef<T>): ObjectCache<T> | undefined => {
    const known = this.#caches.get(kind) ?? this.#informers.get(kindText(kind))?.informer.cache
    return known as ObjectCache<T> | undefined
  }

  start(): void {
    this.#hasStarted = true
    for (const running of this.#informers.values()) this.#running.push(running.informer.run(running.abort.signal))
    for (const running of this.#controllers.values()) void this.#startLoop(running)
    this.#running.push(this.#recorder.run(this.#abort.signal))
  }

  /** Puts a controller in the place of the one of its name: it reads other kinds now. What the old one has begun to write, it ends. */
  replace(controller: Controller): void {
    this.#controllers.get(controller.name)?.abort.abort()
    const running = beginning(controller)
    this.#controllers.set(controller.name, running)
    for (const read of controller.reads) this.#informerOf(read.kind)
    this.#dropUnread()
    if (this.#hasStarted && !this.#abort.signal.aborted) void this.#startLoop(running)
  }

  /** Resolves when every kind that controllers read is in the cache. */
  async whenSynced(): Promise<void> {
    await Promise.all([...this.#informers.values()].map(({ informer }) => informer.whenSynced()))
  }

  /** No new plans; requests under way end with their replies. */
  async stop(): Promise<void> {
    this.#abort.abort()
    for (const { abort } of [...this.#informers.values(), ...this.#controllers.values()]) abort.abort()
    await Promise.all(this.#running)
  }

  /** All controllers have started, and nothing is queued, running or fenced in any of them. */
  get idle(): boolean {
    return [...this.#controllers.values()].every(({ loop }) => loop?.idle === true)
  }

  /** What each controller last decided about each of its keys. */
  explain(): readonly Explanation[] {
    return [...this.#controllers.values()].flatMap(({ loop }) => loop?.explain() ?? [])
  }

  /** How much each controller has to do, has had to do, and how long it took. */
  queues(): readonly QueueFigures[] {
    return [...this.#controllers.values()].flatMap(({ controller: { name }, loop }) => {
      return loop === undefined ? [] : [{ name, depth: loop.depth, ...loop.counts, ...loop.times, unfinished: loop.unfinished() }]
    })
  }

  /** Kinds whose watch has trouble, and which: for the status page. */
  problems(): readonly { readonly kind: string; readonly problem: string }[] {
    return [...this.#informers.values()].flatMap(({ informer }) => {
      return informer.problem === undefined ? [] : [{ kind: informer.cache.kind.plural, problem: informer.problem }]
    })
  }

  #informerOf(kind: KindRef): Informer {
    const known = this.#informers.get(kindText(kind))
    if (known !== undefined) return known.informer
    const running = { informer: new Informer(kind, this.#parts), abort: new AbortController() }
    this.#informers.set(kindText(kind), running)
    this.#caches.set(kind, running.informer.cache)
    if (this.#hasStarted) this.#running.push(running.informer.run(running.abort.signal))
    return running.informer
  }

  /** Kinds that no controller reads any more are not watched any more. */
  #dropUnread(): void {
    const read = new Set([...this.#controllers.values()].flatMap(({ controller }) => controller.reads.map(({ kind }) => kindText(kind))))
    for (const [name, { informer, abort }] of this.#informers) {
      if (read.has(name)) continue
      abort.abort()
      this.#informers.delete(name)
      for (const [kind, cache] of this.#caches) if (cache === informer.cache) this.#caches.delete(kind)
    }
  }

  async #startLoop(running: Running): Promise<void> {
    const { controller, abort: { signal } } = running
    const informers = controller.reads.map((read) => this.#informerOf(read.kind))
    await Promise.all(informers.map((informer) => informer.whenSynced()))
    if (signal.aborted) return
    const { client: reader, clientOf, ...ports } = this.#parts
    const parts = {
      ...ports,
      reader,
      client: clientOf(controller.account),
      cacheOf: this.cacheOf,
      snapshot: this.snapshot,
      recorder: this.#recorder,
    }
    const loop = new ControlLoop(controller, parts, this.#limits, () => this.#allKeys(controller), signal)
    running.loop = loop
    for (const [index, read] of controller.reads.entries()) {
      const stopListening = this.#informerOf(read.kind).cache.listen(({ object, previous }) => {
        if (previous !== undefined) for (const key of this.#keysOf(controller, read, previous)) loop.add(key)
        if (object === undefined) return
        const keys = this.#keysOf(controller, read, object)
        const isOwnKey = index === 0 && keys.length === 1
        if (isOwnKey && previous?.metadata.uid !== object.metadata.uid) for (const key of keys) loop.replace(key)
        else for (const key of keys) loop.add(key)
      })
      signal.addEventListener('abort', stopListening, { once: true })
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
