import type { Clock } from '../../words/ports.ts'
import type { AdmissionRequest } from '../access.ts'
import { Histogram } from '../../words/histogram.ts'
import { histogramFamily } from './histogram-family.ts'
import type { Labels, MetricFamily } from './metric-family.ts'

const SECONDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5] as const
const OPERATIONS = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const

type Operation = AdmissionRequest['operation']
export type Step = 'admit' | 'validate'
export type Outcome = 'admitted' | 'rejected'

/** How long admission takes, as a whole and by plug-in. Of a plug-in only the requests count that it has something to say of. */
export class AdmissionMetrics {
  readonly #clock: Clock
  readonly #steps: Readonly<Record<Step, OperationTimes>> = { admit: new OperationTimes(), validate: new OperationTimes() }
  readonly #plugins: PluginTimes[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  /** A step that began then has ended. */
  observe(step: Step, operation: Operation, startedAt: number, outcome: Outcome): void {
    this.#steps[step].observe(operation, this.#clock.now() - startedAt, outcome)
  }

  /** The times of the plug-ins of a step, by their places in this list. */
  plugins(step: Step, names: readonly string[]): PluginTimes {
    const times = new PluginTimes(this.#clock, step, names)
    this.#plugins.push(times)
    return times
  }

  families(): readonly MetricFamily[] {
    const steps = (['admit', 'validate'] as const).flatMap((type) => this.#steps[type].parts({ type }))
    return [
      histogramFamily('apiserver_admission_step_admission_duration_seconds', 'Seconds that a step of admission took.', steps),
      histogramFamily(
        'apiserver_admission_controller_admission_duration_seconds', 'Seconds that an admission plug-in took for a request that concerns it.',
        this.#plugins.flatMap((times) => times.parts()),
      ),
    ]
  }
}

/** Plug-ins by their place in the list of a step: who counts has no name to look up. */
export class PluginTimes {
  readonly #clock: Clock
  readonly #step: Step
  readonly #names: readonly string[]
  /** Several with one name are one plug-in. */
  readonly #times: readonly OperationTimes[]

  constructor(clock: Clock, step: Step, names: readonly string[]) {
    this.#clock = clock
    this.#step = step
    this.#names = names
    const byName = new Map(names.map((name) => [name, new OperationTimes()]))
    this.#times = names.map((name) => byName.get(name) ?? new OperationTimes())
  }

  /** Gives the time at which it ended: that at which the next one begins. */
  observe(index: number, operation: Operation, startedAt: number, outcome: Outcome): number {
    const endedAt = this.#clock.now()
    this.#times[index]?.observe(operation, endedAt - startedAt, outcome)
    return endedAt
  }

  parts(): readonly (readonly [Labels, Histogram])[] {
    const first = new Map(this.#names.map((name, index) => [name, this.#times[index]]))
    return [...first].flatMap(([name, times]) => times?.parts({ name, type: this.#step }) ?? [])
  }
}

/** A histogram for each operation and outcome, made when there is something to count. */
class OperationTimes {
  readonly #histograms: (Histogram | undefined)[] = []

  observe(operation: Operation, elapsedMs: number, outcome: Outcome): void {
    const slot = OPERATIONS.indexOf(operation) * 2 + (outcome === 'rejected' ? 1 : 0)
    const histogram = (this.#histograms[slot] ??= new Histogram(SECONDS))
    histogram.observe(elapsedMs / 1_000)
  }

  parts(labels: Labels): readonly (readonly [Labels, Histogram])[] {
    return OPERATIONS.flatMap((operation, index) => (['false', 'true'] as const).flatMap((rejected, second) => {
      const histogram = this.#histograms[index * 2 + second]
      return histogram === undefined ? [] : [[{ ...labels, operation, rejected }, histogram] as const]
    }))
  }
}
