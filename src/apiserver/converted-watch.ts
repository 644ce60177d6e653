import type { Revision } from '../store/store.ts'
import { present } from '../words/assert.ts'
import { internalError, StatusError } from '../words/status-error.ts'
import { thrownMessage } from '../words/thrown.ts'
import type { RemoteConversion } from './resource-set.ts'
import { matchesAll } from './watch-cache/cache-event.ts'
import type { CacheEvent, EventType, Matcher } from './watch-cache/cache-event.ts'
import { ShownObject, withRevision } from './watch-cache/cached-object.ts'
import type { CachedObject, Served } from './watch-cache/cached-object.ts'
import type { WatchReceiver } from './watch-cache/watch.ts'

/** Who is told of objects as somebody outside has converted them. Calls are synchronous and in the order of the changes. */
export interface ShownReceiver {
  shown(type: EventType, served: Served): void
  bookmark(revision: Revision, initialEventsEnd: boolean): void
  flush(): void
  lost(): void
  /** Nothing follows: the watch ends with this error. */
  failed(error: StatusError): void
}

type Step =
  | { readonly type: 'initial'; readonly object: CachedObject }
  | { readonly type: 'event'; readonly event: CacheEvent }
  | { readonly type: 'bookmark'; readonly revision: Revision; readonly initialEventsEnd: boolean }
  | { readonly type: 'flush' }

/** A watch that is further behind than this because nobody converts for it is ended: its client lists anew. */
const MAX_UNSHOWN = 10_000
/** So many steps are converted together. */
const STEPS_AT_ONCE = 1_000

/**
 * Stands between the cache, which waits for nobody, and a watch whose objects have to be converted by somebody else: keeps the changes
 * in their order until they are converted. Selectors are asked about the converted objects.
 */
export class ConvertedWatch implements WatchReceiver {
  readonly #remote: RemoteConversion
  readonly #matches: Matcher
  readonly #receiver: ShownReceiver
  #steps: Step[] = []
  #running: Promise<void> | undefined
  #isLive = false
  #isOver = false

  constructor(remote: RemoteConversion, matches: Matcher, receiver: ShownReceiver) {
    this.#remote = remote
    this.#matches = matches
    this.#receiver = receiver
  }

  /** All that was told so far has been passed on, or could not be. */
  async caughtUp(): Promise<void> {
    this.#isLive = true
    await this.#running
  }

  /** Whether the receiver knows all that the cache has told: only then may it be told how far it is. */
  get isIdle(): boolean {
    return this.#running === undefined && this.#steps.length === 0
  }

  end(): void {
    this.#isOver = true
    this.#steps = []
  }

  /** Its type is for those who are shown all that is stored; ours depends on what the selectors say of the converted objects. */
  event(_: EventType, event: CacheEvent): void {
    if (this.#isOver) return
    if (this.#isLive && this.#steps.length >= MAX_UNSHOWN) {
      this.end()
      this.#receiver.lost()
      return
    }
    this.#steps.push({ type: 'event', event })
  }

  initial(object: CachedObject): void {
    this.#steps.push({ type: 'initial', object })
  }

  bookmark(revision: Revision, initialEventsEnd: boolean): void {
    this.#steps.push({ type: 'bookmark', revision, initialEventsEnd })
  }

  flush(): void {
    if (this.#isOver) return
    this.#steps.push({ type: 'flush' })
    this.#running ??= this.#run()
  }

  lost(): void {
    this.end()
    this.#receiver.lost()
  }

  async #run(): Promise<void> {
    try {
      while (this.#steps.length > 0) {
        const steps = this.#steps.slice(0, STEPS_AT_ONCE)
        this.#steps = this.#steps.slice(STEPS_AT_ONCE)
        await this.#pass(steps)
      }
    } catch (error) {
      const wasOver = this.#isOver
      this.end()
      if (!wasOver) this.#receiver.failed(error instanceof StatusError ? error : internalError(thrownMessage(error)))
    } finally {
      this.#running = undefined
    }
  }

  async #pass(steps: readonly Step[]): Promise<void> {
    const objects = new Set<CachedObject>()
    for (const step of steps) {
      if (step.type === 'initial') objects.add(step.object)
      if (step.type !== 'event') continue
      if (step.event.current !== undefined) objects.add(step.event.current)
      // What was there before is asked for only where it matters: for a deletion, or where a selector may have held it.
      if (step.event.previous !== undefined && (step.event.current === undefined || this.#selects)) objects.add(step.event.previous)
    }
    const list = [...objects]
    const shown = await this.#remote.show(list)
    const known = new Map(list.map((object, index) => [object, present(shown[index], 'a converted object')]))
    for (const step of steps) if (!this.#isOver) this.#tell(step, known)
  }

  get #selects(): boolean {
    return this.#matches !== matchesAll
  }

  #tell(step: Step, known: ReadonlyMap<CachedObject, Served>): void {
    switch (step.type) {
      case 'initial': return this.#tellInitial(present(known.get(step.object), 'a converted object'))
      case 'event': return this.#tellEvent(step.event, known)
      case 'bookmark': return this.#receiver.bookmark(step.revision, step.initialEventsEnd)
      case 'flush': return this.#receiver.flush()
    }
  }

  #tellInitial(served: Served): void {
    if (this.#matches(served)) this.#receiver.shown('ADDED', served)
  }

  #tellEvent({ current, previous, revision }: CacheEvent, known: ReadonlyMap<CachedObject, Served>): void {
    const now = current && known.get(current)
    const before = previous && known.get(previous)
    const isIn = now !== undefined && this.#matches(now)
    const wasIn = previous !== undefined && (before === undefined || this.#matches(before))
    if (isIn) this.#receiver.shown(wasIn ? 'MODIFIED' : 'ADDED', now)
    else if (wasIn && before !== undefined) this.#receiver.shown('DELETED', new ShownObject(withRevision(before.object, revision)))
  }
}
