import { sameJson } from '../objects/json.ts'
import type { Pod } from '../resources/generated/types.ts'
import type { Log } from '../words/ports.ts'
import { thrownMessage } from '../words/thrown.ts'
import type { ActionParts } from './perform-action.ts'
import { containerPath, performAction } from './perform-action.ts'
import { planPod } from './plan-pod.ts'
import { PodProbes } from './pod-probes.ts'
import type { Outcome, PodMemory } from './pod-memory.ts'
import { adoptVerdicts, announce, began, finished, newMemory, referenceChanged, withProbes } from './pod-memory.ts'
import type { PodAction, PodPlan } from './pod-plan.ts'
import { operationOf } from './pod-plan.ts'
import type { ProbeParts } from './probe-worker.ts'
import type { PodObservation } from './runtime.ts'
import type { StatusWriter } from './status-writer.ts'

export interface WorkerParts {
  readonly actions: ActionParts
  readonly probes: ProbeParts
  readonly statuses: StatusWriter
  /** Nothing of the pod is left here, nor in the API. */
  readonly onDone: (podUid: string) => void
}

interface Ended {
  readonly action: PodAction
  readonly outcome: Outcome | undefined
}

const FIRST_OBSERVE_RETRY_MS = 500
const MAX_OBSERVE_RETRY_MS = 15_000
/** The grace of containers whose pod is gone from the API already: nobody waits for them, and nobody may find them running. */
const ORPHAN_GRACE_SECONDS = 2

/**
 * Drives one pod: observe, plan, start what is planned, and again whenever something wakes it. Rounds are serial; actions run beside them,
 * one for each thing (operationOf). An action counts as under way until a round has taken in its end and then observed afresh, so no plan
 * is ever made from facts older than the last thing done.
 */
export class PodWorker {
  readonly #parts: WorkerParts
  readonly #log: Log
  readonly #uid: string
  readonly #signal: AbortSignal
  readonly #volumePaths = new Map<string, string>()
  readonly #operations = new Map<string, AbortController>()
  readonly #ended: Ended[] = []
  readonly #probes: PodProbes
  #pod: Pod
  /** The API has no such pod any more. */
  #isGone = false
  #memory: PodMemory
  #observation: PodObservation | undefined
  #isStale = true
  #isFirstRound = true
  #isInRound = false
  #wantsRound = false
  #observeFailures = 0
  #cancelTimer: () => void = () => {}
  #why = 'the pod was not looked at yet'

  constructor(parts: WorkerParts, pod: Pod, signal: AbortSignal) {
    this.#parts = parts
    this.#pod = pod
    this.#signal = signal
    this.#uid = pod.metadata.uid ?? ''
    this.#log = parts.actions.log.with({ pod: pod.metadata.name, namespace: pod.metadata.namespace })
    this.#memory = newMemory(parts.actions.clock.now())
    this.#probes = new PodProbes(parts.probes, {
      verdicts: (containerId, verdicts) => {
        const known = new Set(this.#observation?.containers.map(({ id }) => id))
        this.#memory = withProbes(this.#memory, containerId, verdicts, known)
        this.wake()
      },
      unhealthy: (container, message) => {
        const fieldPath = containerPath(this.#pod, container.name)
        parts.actions.events.record(this.#pod, { type: 'Warning', reason: 'Unhealthy', message, fieldPath })
      },
    })
  }

  get pod(): Pod {
    return this.#pod
  }

  get observation(): PodObservation | undefined {
    return this.#observation
  }

  /** What the last plan was and what it waits for. */
  get why(): string {
    return this.#why
  }

  /** The pod as the API has it now. */
  update(pod: Pod): void {
    const { labels, annotations } = this.#pod.metadata
    if (!sameJson(pod.metadata.labels, labels) || !sameJson(pod.metadata.annotations, annotations)) this.#wantRefresh()
    this.#pod = pod
    this.wake()
  }

  /** The API has it no more: what is left of it must go. */
  remove(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#parts.statuses.forget(this.#uid)
    const deletionTimestamp = this.#pod.metadata.deletionTimestamp ?? '1970-01-01T00:00:00Z'
    const known = this.#pod.metadata.deletionGracePeriodSeconds
    const deletionGracePeriodSeconds = Math.min(Number(known ?? ORPHAN_GRACE_SECONDS), ORPHAN_GRACE_SECONDS)
    this.#pod = { ...this.#pod, metadata: { ...this.#pod.metadata, deletionTimestamp, deletionGracePeriodSeconds } }
    this.#memory = { ...this.#memory, objectDeleted: true }
    this.wake()
  }

  referenceChanged(): void {
    this.#memory = referenceChanged(this.#memory)
    this.wake()
  }

  /** The runtime tells of a change. */
  observeAgain(): void {
    this.#isStale = true
    this.wake()
  }

  wake(): void {
    if (this.#isInRound) {
      this.#wantsRound = true
      return
    }
    void this.#rounds()
  }

  #wantRefresh(): void {
    if (this.#memory.volumes.state !== 'ready') return
    this.#memory = { ...this.#memory, volumes: { ...this.#memory.volumes, refreshWanted: true } }
  }

  async #rounds(): Promise<void> {
    this.#isInRound = true
    // Wakes of one moment make one round.
    await Promise.resolve()
    do {
      this.#wantsRound = false
      if (this.#signal.aborted) break
      try {
        await this.#round()
      } catch (error) {
        this.#log.error('a round for a pod failed', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
        this.#wakeAfter(MAX_OBSERVE_RETRY_MS)
      }
    } while (this.#wantsRound)
    this.#isInRound = false
    if (this.#signal.aborted) this.close()
  }

  async #round(): Promise<void> {
    const { clock } = this.#parts.actions
    for (const { action, outcome } of this.#ended.splice(0)) {
      this.#memory = finished(this.#memory, action, outcome, clock.now())
      this.#isStale = true
    }
    if (this.#isStale && !(await this.#observe())) return
    if (this.#isFirstRound) this.#memory = adoptVerdicts(this.#memory, this.#pod, this.#observation)
    const now = clock.now()
    const plan = planPod(this.#pod, this.#observation, this.#memory, now, this.#parts.actions.facts)
    this.#why = plan.why
    this.#memory = { ...announce(this.#memory, plan.events.map(({ key }) => key)), status: plan.status }
    this.#tell(plan)
    this.#probes.sync(this.#pod, this.#observation, this.#memory, this.#parts.actions.facts, this.#isFirstRound)
    this.#isFirstRound = false
    for (const operation of plan.cancel) this.#operations.get(operation)?.abort()
    for (const action of plan.actions) this.#launch(action)
    this.#cancelTimer()
    if (plan.wakeAt !== undefined) this.#wakeAfter(plan.wakeAt - now)
    const isLeft = this.#observation !== undefined || this.#memory.volumes.state !== 'removed' || !this.#memory.filesRemoved
    if (this.#isGone && !isLeft && this.#operations.size === 0) this.#finish()
  }

  async #observe(): Promise<boolean> {
    this.#isStale = false
    try {
      this.#observation = await this.#parts.actions.runtime.observe(this.#uid, this.#signal)
      this.#observeFailures = 0
      return true
    } catch (error) {
      this.#isStale = true
      if (this.#signal.aborted) return false
      this.#observeFailures++
      if (this.#observeFailures === 1) this.#log.warn('the container runtime does not answer', { error: thrownMessage(error) })
      this.#wakeAfter(Math.min(MAX_OBSERVE_RETRY_MS, FIRST_OBSERVE_RETRY_MS * 2 ** Math.min(this.#observeFailures - 1, 8)))
      return false
    }
  }

  #tell(plan: PodPlan): void {
    for (const { type, reason, message, container } of plan.events) {
      const fieldPath = container === '' ? {} : { fieldPath: containerPath(this.#pod, container) }
      this.#parts.actions.events.record(this.#pod, { type, reason, message, ...fieldPath })
    }
    if (!this.#isGone) this.#parts.statuses.want(this.#pod, plan.status)
  }

  #launch(action: PodAction): void {
    const { clock } = this.#parts.actions
    const operation = operationOf(action)
    const controller = new AbortController()
    this.#operations.set(operation, controller)
    this.#memory = began(this.#memory, action, clock.now())
    void this.#perform(action, AbortSignal.any([this.#signal, controller.signal])).then((outcome) => {
      this.#operations.delete(operation)
      if (outcome?.ok === false) {
        this.#log.info('an action for a pod failed', { action: action.type, reason: outcome.reason, error: outcome.message })
      }
      this.#ended.push({ action, outcome })
      this.wake()
    })
  }

  async #perform(action: PodAction, signal: AbortSignal): Promise<Outcome | undefined> {
    const subject = {
      pod: this.#pod, actual: this.#observation, volumePaths: this.#volumePaths,
      flushStatus: (stop: AbortSignal) => this.#parts.statuses.flush(this.#uid, stop),
    }
    try {
      return await performAction(this.#parts.actions, subject, action, signal)
    } catch (error) {
      if (signal.aborted) return undefined
      return { ok: false, reason: 'Failed', message: thrownMessage(error) }
    }
  }

  #wakeAfter(delayMs: number): void {
    this.#cancelTimer()
    this.#cancelTimer = this.#parts.actions.clock.after(Math.max(0, delayMs), () => this.wake())
  }

  #finish(): void {
    this.close()
    this.#parts.onDone(this.#uid)
  }

  /** Lets go of the pod; its containers go on. */
  close(): void {
    this.#cancelTimer()
    this.#probes.close()
    for (const controller of this.#operations.values()) controller.abort()
  }
}
