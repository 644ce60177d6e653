import type { Client } from '../client/client.ts'
import type { EventRecorder } from '../client/event-recorder.ts'
import { formatTime } from '../words/instant.ts'
import type { Instant } from '../words/instant.ts'
import type { Clock, Log, Random } from '../words/ports.ts'
import { fraction, nameSuffix } from '../words/random.ts'
import { thrownMessage } from '../words/thrown.ts'
import type { Controller, Failure, Plan, Snapshot } from './controller.ts'
import { exponential, Histogram } from '../words/histogram.ts'
import { Explanations } from './explanations.ts'
import type { Explanation } from './explanations.ts'
import type { CacheLookup, Fence } from './fence.ts'
import { fenceHolds, fenceText } from './fence.ts'
import { waitForFences } from './fence-wait.ts'
import { perform } from './perform.ts'
import type { PlanResult } from './perform-plan.ts'
import { performPlan, requestText } from './perform-plan.ts'
import { WorkQueue } from './work-queue.ts'

export interface LoopParts {
  /** Writes, with the rights of the controller's account. */
  readonly client: Client
  /** Reads, for fences. */
  readonly reader: Client
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly cacheOf: CacheLookup
  readonly snapshot: Snapshot
  readonly recorder: EventRecorder
}

export interface LoopLimits {
  /** Plans of one controller that are being performed at the same time. */
  readonly keysInFlight: number
  readonly maxQueuedKeys: number
  readonly maxExplanations: number
  readonly firstRetryMs: number
  readonly maxRetryMs: number
  /** False performs plans without waiting for the caches: only a test that shows why the fence is needed does that. */
  readonly fenced: boolean
}

/** A key that is not at rest. */
interface KeyState {
  phase: 'queued' | 'running' | 'fenced' | 'retry' | 'wake'
  /** Something changed while the key was running or fenced: plan it again at once. In a wait for a retry: it was shortened already. */
  again: boolean
  /** While the key was running or fenced another object took the place of the one that is being planned for. */
  isReplaced: boolean
  /** Failed plans in a row. */
  attempts: number
  /** Plans in a row that wrote something: many mean that the plan does not converge. */
  rounds: number
  failure: Failure | undefined
  /** The server asked for this much patience (429). */
  patienceMs: number
  /** When the retry is due that the key waits for. */
  retryAt: Instant
  /** When its phase began: it was queued, or its plan. Kept for those two only. */
  since: Instant
  /** Ends the timer or the fence that the key waits for. */
  cancel: () => void
}

/** Of upstream's work queues: 10 ns to 1,000 s. */
const DURATION_SECONDS = exponential(1e-8, 10, 12)
const KEYS_PER_TURN = 64
const MAX_WAKE_MS = 3_600_000
const MAX_ROUNDS_AT_FULL_SPEED = 100
/** A change shortens the wait for a retry to this, so that what a user mends is tried soon. */
const RETRY_AFTER_CHANGE_MS = 1_000

/** Runs one controller: its queue, its keys' states, their fences, retries and wakes. The executor feeds it with keys. */
export class ControlLoop {
  readonly controller: Controller
  /** Since the start: keys that were queued, and waits for a retry. */
  readonly counts = { adds: 0, retries: 0 }
  /** In seconds: how long keys waited in the queue, and how long it took to plan them and perform the plan. */
  readonly times = { queued: new Histogram(DURATION_SECONDS), worked: new Histogram(DURATION_SECONDS) }
  readonly #parts: LoopParts
  readonly #limits: LoopLimits
  readonly #allKeys: () => Iterator<string>
  readonly #states = new Map<string, KeyState>()
  readonly #queue: WorkQueue
  readonly #explanations: Explanations
  readonly #signal: AbortSignal
  #inFlight = 0
  #isScheduled = false
  /** The queue was full when a key came: all keys must be walked (again). */
  #hasLostKeys = true
  #walk: Iterator<string> | undefined

  /** allKeys walks the caches: at the start, and when the queue has turned a key away. */
  constructor(controller: Controller, parts: LoopParts, limits: LoopLimits, allKeys: () => Iterator<string>, signal: AbortSignal) {
    this.controller = controller
    this.#parts = parts
    this.#limits = limits
    this.#allKeys = allKeys
    this.#queue = new WorkQueue(limits.maxQueuedKeys)
    this.#explanations = new Explanations(limits.maxExplanations)
    this.#signal = signal
    signal.addEventListener('abort', () => {
      for (const state of this.#states.values()) state.cancel()
    }, { once: true })
    this.#schedule()
  }

  /** Nothing is queued, running or fenced; retries and wakes may be pending. */
  get idle(): boolean {
    if (this.#hasLostKeys || this.#walk !== undefined) return false
    for (const { phase } of this.#states.values()) if (phase !== 'retry' && phase !== 'wake') return false
    return true
  }

  /** Keys that wait for their turn. */
  get depth(): number {
    return this.#queue.size
  }

  /** For how long the keys that are being planned or performed have been, in seconds: together, and the longest. */
  unfinished(): { readonly sum: number; readonly longest: number } {
    const now = this.#parts.clock.now()
    const unfinished = { sum: 0, longest: 0 }
    for (const { phase, since } of this.#states.values()) {
      if (phase !== 'running') continue
      const seconds = (now - since) / 1_000
      unfinished.sum += seconds
      unfinished.longest = Math.max(unfinished.longest, seconds)
    }
    return unfinished
  }

  explain(): readonly Explanation[] {
    return this.#explanations.all()
  }

  add(key: string): void {
    const state = this.#states.get(key)
    if (state === undefined) {
      return this.#enqueue(key, {
        phase: 'queued',
        again: false,
        isReplaced: false,
        attempts: 0,
        rounds: 0,
        failure: undefined,
        patienceMs: 0,
        retryAt: 0,
        since: 0,
        cancel: () => {},
      })
    }
    if (state.phase === 'running' || state.phase === 'fenced') state.again = true
    if (state.phase === 'wake') this.#enqueue(key, state)
    if (state.phase === 'retry' && !state.again) {
      state.again = true
      if (state.retryAt - this.#parts.clock.now() > RETRY_AFTER_CHANGE_MS) this.#retryAfter(key, state, RETRY_AFTER_CHANGE_MS)
    }
  }

  /** Another object stands under the key: what went wrong with the one before is not held against it. */
  replace(key: string): void {
    const state = this.#states.get(key)
    if (state === undefined) return this.add(key)
    if (state.phase === 'running' || state.phase === 'fenced') state.isReplaced = true
    else this.#forgive(state)
    if (state.phase === 'retry' && state.patienceMs === 0) this.#enqueue(key, state)
    else this.add(key)
  }

  #forgive(state: KeyState): void {
    Object.assign(state, { attempts: 0, rounds: 0, failure: undefined, isReplaced: false })
  }

  #enqueue(key: string, state: KeyState): void {
    state.cancel()
    if (!this.#queue.add(key)) {
      this.#hasLostKeys = true
      this.#states.delete(key)
      return
    }
    this.counts.adds += 1
    state.phase = 'queued'
    state.since = this.#parts.clock.now()
    state.again = false
    state.cancel = () => {}
    this.#states.set(key, state)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#isScheduled || this.#signal.aborted) return
    this.#isScheduled = true
    this.#parts.clock.after(0, () => {
      this.#isScheduled = false
      this.#pump()
    })
  }

  /** Some keys a turn, so that a long queue does not hold up everything else in the process. */
  #pump(): void {
    this.#refill()
    for (let count = 0; count < KEYS_PER_TURN && this.#inFlight < this.#limits.keysInFlight && !this.#signal.aborted; count += 1) {
      const key = this.#queue.take()
      if (key === undefined) break
      const state = this.#states.get(key)
      if (state !== undefined) this.#runKey(key, state)
    }
    const hasMore = this.#queue.size > 0 || this.#walk !== undefined || this.#hasLostKeys
    if (hasMore && this.#inFlight < this.#limits.keysInFlight) this.#schedule()
  }

  /** Walks on as far as the queue has room. Keys that are lost meanwhile may lie behind: then one more walk follows. */
  #refill(): void {
    if (this.#walk === undefined && this.#hasLostKeys) {
      this.#hasLostKeys = false
      this.#walk = this.#allKeys()
    }
    while (this.#walk !== undefined && this.#queue.size < this.#limits.maxQueuedKeys) {
      const next = this.#walk.next()
      if (next.done === true) this.#walk = undefined
      else this.add(next.value)
    }
  }

  #runKey(key: string, state: KeyState): void {
    const now = this.#parts.clock.now()
    this.times.queued.observe((now - state.since) / 1_000)
    state.phase = 'running'
    state.since = now
    const plan = this.#planKey(key, state)
    if (plan === undefined || plan.actions.length === 0) this.#noteWorked(state)
    if (plan === undefined) return
    if (plan.actions.length === 0) return this.#rest(key, state, plan)
    this.#explain(key, state, plan.why, 'replies to its requests')
    this.#inFlight += 1
    void this.#performKey(key, state, plan).finally(() => {
      this.#inFlight -= 1
      this.#schedule()
    })
  }

  /** Undefined when there is nothing to perform: the object is gone, or the plan is broken. */
  #planKey(key: string, state: KeyState): Plan | undefined {
    const { clock, random, snapshot } = this.#parts
    try {
      const view = this.controller.observe(key, snapshot)
      if (view === undefined) {
        this.#states.delete(key)
        this.#explanations.forget(key)
        return undefined
      }
      const plan = this.controller.plan(view, clock.now(), () => nameSuffix(random), state.failure)
      return plan
    } catch (error) {
      this.#breakDown(key, state, error)
      return undefined
    }
  }

  async #performKey(key: string, state: KeyState, plan: Plan): Promise<void> {
    const { client, reader, clock, cacheOf, recorder } = this.#parts
    const performParts = { client, reader, clock, cacheOf, fieldManager: this.controller.name }
    try {
      const result = await performPlan(
        plan.actions,
        (request) => perform(request, performParts, this.#signal),
        (event) => recorder.record({ ...event, component: this.controller.name }),
      )
      this.#noteWorked(state)
      if (result.abandoned || this.#signal.aborted) return void this.#states.delete(key)
      this.#learn(key, state, plan, result)
      this.#fence(key, state, result.fences, plan)
    } catch (error) {
      this.#breakDown(key, state, error)
    }
  }

  #noteWorked({ since }: KeyState): void {
    this.times.worked.observe((this.#parts.clock.now() - since) / 1_000)
  }

  #learn(key: string, state: KeyState, plan: Plan, result: PlanResult): void {
    const { stopped } = result
    const wrote = plan.actions.some(({ verb }) => verb !== 'event')
    state.rounds = wrote ? state.rounds + 1 : 0
    // What a plan wrote shows in the next plan: planning again costs little and proves that nothing is left to do.
    state.again ||= wrote
    state.patienceMs = stopped?.error.code === 429 ? (stopped.error.details?.retryAfterSeconds ?? 0) * 1_000 : 0
    if (stopped === undefined) {
      state.attempts = 0
      state.failure = undefined
      return
    }
    state.attempts += 1
    const failure = {
      action: stopped.action,
      code: stopped.error.code,
      message: stopped.error.message,
      at: this.#parts.clock.now(),
      attempts: state.attempts,
    }
    state.failure = stopped.outcome === 'refused' || stopped.error.code >= 500 ? failure : undefined
    if (state.failure !== undefined) {
      this.#parts.log.debug('a plan was not performed whole', {
        controller: this.controller.name, key, request: requestText(stopped.action), code: failure.code, message: failure.message,
      })
    }
  }

  #fence(key: string, state: KeyState, fences: readonly Fence[], plan: Plan): void {
    const open = this.#limits.fenced ? fences.filter((fence) => !fenceHolds(fence, this.#parts.cacheOf)) : []
    if (open.length === 0) return this.#continue(key, state, plan)
    state.phase = 'fenced'
    this.#explain(key, state, plan.why, open.map(fenceText).join(', '))
    state.cancel = waitForFences(open, this.#parts, () => this.#continue(key, state, plan))
  }

  #continue(key: string, state: KeyState, plan: Plan): void {
    state.cancel = () => {}
    if (state.isReplaced) {
      this.#forgive(state)
      if (state.patienceMs === 0) return this.#enqueue(key, state)
    }
    const isRunaway = state.rounds > MAX_ROUNDS_AT_FULL_SPEED
    if (state.attempts > 0 || isRunaway) {
      const retryAfterMs = Math.max(
        state.patienceMs,
        this.#retryDelayMs(isRunaway ? state.rounds - MAX_ROUNDS_AT_FULL_SPEED : state.attempts)
      )
      this.#explain(key, state, plan.why, `a retry ${Math.round(retryAfterMs)} ms later`)
      // Its own writes have been seen by now: what changes from here on comes from others.
      state.again = false
      return this.#retryAfter(key, state, retryAfterMs)
    }
    if (state.again) this.#enqueue(key, state)
    else this.#rest(key, state, plan)
  }

  #rest(key: string, state: KeyState, { wakeAt, why }: Plan): void {
    Object.assign(state, { attempts: 0, rounds: 0, failure: undefined })
    this.#explain(key, state, why, wakeAt === undefined ? '' : `until ${formatTime(wakeAt)}`)
    if (wakeAt === undefined) return void this.#states.delete(key)
    const delayMs = Math.min(MAX_WAKE_MS, Math.max(1, wakeAt - this.#parts.clock.now()))
    state.phase = 'wake'
    state.cancel = this.#parts.clock.after(delayMs, () => this.#enqueue(key, state))
  }

  #retryAfter(key: string, state: KeyState, delayMs: number): void {
    state.cancel()
    this.counts.retries += 1
    state.phase = 'retry'
    state.retryAt = this.#parts.clock.now() + delayMs
    state.cancel = this.#parts.clock.after(delayMs, () => this.#enqueue(key, state))
  }

  /** A plan or an observation threw: a defect, which must cost this key only. */
  #breakDown(key: string, state: KeyState, error: unknown): void {
    const message = thrownMessage(error)
    this.#parts.log.error('a controller failed to plan', { controller: this.controller.name, key, error: message })
    state.attempts += 1
    this.#explain(key, state, `planning failed: ${message}`, 'a retry')
    this.#retryAfter(key, state, this.#retryDelayMs(state.attempts))
  }

  #explain(key: string, state: KeyState, why: string, waitsFor: string): void {
    const { failure } = state
    const at = this.#parts.clock.now()
    this.#explanations.set({ controller: this.controller.name, key, why, at, waitsFor, failure })
  }

  #retryDelayMs(attempts: number): number {
    const ceiling = Math.min(this.#limits.maxRetryMs, this.#limits.firstRetryMs * 2 ** Math.min(attempts - 1, 20))
    return ceiling * (0.75 + 0.25 * fraction(this.#parts.random))
  }
}
