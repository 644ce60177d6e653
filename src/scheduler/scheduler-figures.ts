import { exponential, Histogram } from '../words/histogram.ts'

const ATTEMPT_SECONDS = exponential(0.001, 2, 15)
const SCHEDULED_SECONDS = exponential(0.01, 2, 20)
const ATTEMPTS = exponential(1, 2, 5)
/** Pods that needed as many attempts, or more, are told apart no further. */
const MOST_ATTEMPTS = 15

export type AttemptResult = 'scheduled' | 'unschedulable' | 'error'

/** What the scheduler has done since its start, as plain numbers. */
export class SchedulerFigures {
  /** Decisions, and bindings that failed. */
  readonly counts: Record<AttemptResult, number> = { scheduled: 0, unschedulable: 0, error: 0 }
  /** In seconds, from the beginning of a decision to its end: the binding, where there is one. */
  readonly attempts: Readonly<Record<AttemptResult, Histogram>> = {
    scheduled: new Histogram(ATTEMPT_SECONDS), unschedulable: new Histogram(ATTEMPT_SECONDS), error: new Histogram(ATTEMPT_SECONDS),
  }
  /** In seconds: decisions without their bindings. */
  readonly decisions = new Histogram(ATTEMPT_SECONDS)
  /** In seconds, from the first attempt of a pod to its binding, by how many attempts that took; the last one: that many or more. */
  readonly untilBound: readonly Histogram[] = Array.from({ length: MOST_ATTEMPTS }, () => new Histogram(SCHEDULED_SECONDS))
  readonly attemptsUntilBound = new Histogram(ATTEMPTS)

  ended(result: AttemptResult, seconds: number): void {
    this.counts[result] += 1
    this.attempts[result].observe(seconds)
  }

  bound(attempts: number, seconds: number): void {
    this.attemptsUntilBound.observe(attempts)
    this.untilBound[Math.min(attempts, MOST_ATTEMPTS) - 1]?.observe(seconds)
  }
}
