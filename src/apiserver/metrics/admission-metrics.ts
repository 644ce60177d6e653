import type { Clock } from '../../words/ports.ts'
import type { AdmissionRequest } from '../access.ts'
import { Histogram } from '../../words/histogram.ts'
import { histogramFamily } from './histogram-family.ts'
import type { MetricFamily } from './metric-family.ts'

const SECONDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5] as const

type Operation = AdmissionRequest['operation']
type Step = 'admit' | 'validate'

interface StepTimes {
  readonly step: Step
  readonly operation: Operation
  readonly admitted: Histogram
  readonly rejected: Histogram
}

/** How long admission takes as a whole: to time each plug-in would cost more than most of them do. */
export class AdmissionMetrics {
  readonly #clock: Clock
  readonly #times: readonly StepTimes[] = (['admit', 'validate'] as const).flatMap((step) => (
    (['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const).map((operation) => (
      { step, operation, admitted: new Histogram(SECONDS), rejected: new Histogram(SECONDS) }))))

  constructor(clock: Clock) {
    this.#clock = clock
  }

  measure<T>(step: Step, operation: Operation, work: () => T | Promise<T>): T | Promise<T> {
    const startedAt = this.#clock.now()
    const reject = (error: unknown): never => {
      this.#observe(step, operation, startedAt, 'rejected')
      throw error
    }
    try {
      const result = work()
      if (result instanceof Promise) {
        return result.then((later: T) => {
          this.#observe(step, operation, startedAt, 'admitted')
          return later
        }, reject)
      }
      this.#observe(step, operation, startedAt, 'admitted')
      return result
    } catch (error) {
      return reject(error)
    }
  }

  #observe(step: Step, operation: Operation, startedAt: number, outcome: 'admitted' | 'rejected'): void {
    for (const times of this.#times) {
      if (times.operation === operation && times.step === step) times[outcome].observe((this.#clock.now() - startedAt) / 1_000)
    }
  }

  families(): readonly MetricFamily[] {
    const parts = this.#times.flatMap(({ step, operation, admitted, rejected }) => [
      [{ operation, rejected: 'false', type: step }, admitted] as const, [{ operation, rejected: 'true', type: step }, rejected] as const,
    ])
    return [histogramFamily('apiserver_admission_step_admission_duration_seconds', 'Seconds that a step of admission took.', parts)]
  }
}
