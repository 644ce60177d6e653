import type { Instant } from '../words/instant.ts'
import type { PlannedEvent, PodAction } from './pod-plan.ts'
import { operationOf } from './pod-plan.ts'
import type { PodView } from './pod-view.ts'
import { podRetryDelayMs } from './hold.ts'
import type { Failure } from './pod-memory.ts'

/** A plan while it is made. */
export class PlanDraft {
  readonly actions: PodAction[] = []
  readonly cancel: string[] = []
  readonly events: PlannedEvent[] = []
  readonly waits: string[] = []
  wakeAt: Instant | undefined
  readonly #view: PodView

  constructor(view: PodView) {
    this.#view = view
  }

  /** One action at a time for each thing that it works on. */
  act(action: PodAction): void {
    if (!this.busy(operationOf(action))) this.actions.push(action)
  }

  busy(operation: string): boolean {
    return this.#view.memory.operations[operation] !== undefined
  }

  abandon(operation: string): void {
    if (this.busy(operation)) this.cancel.push(operation)
  }

  wake(at: Instant): void {
    if (at > this.#view.now && (this.wakeAt === undefined || at < this.wakeAt)) this.wakeAt = at
  }

  wait(forWhat: string): void {
    this.waits.push(forWhat)
  }

  announce(event: PlannedEvent): void {
    if (!this.#view.memory.announced.includes(event.key)) this.events.push(event)
  }

  /** After a failure the same is not tried again at once. True: not yet. */
  pause(failure: Failure | undefined): boolean {
    if (failure === undefined) return false
    const until = failure.at + podRetryDelayMs(failure.attempts)
    if (this.#view.now >= until) return false
    this.wake(until)
    this.wait(`${failure.reason}: ${failure.message}`)
    return true
  }
}
