import type { Clock } from '../../words/ports.ts'
import type { AdmissionRequest } from '../access.ts'
import { Histogram } from '../../words/histogram.ts'
import { handledOperations } from './handled-operations.ts'
import { histogramFamily, histogramSamples } from './histogram-family.ts'
import type { Labels, MetricFamily, Sample } from './metric-family.ts'

const SECONDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5] as const
const OPERATIONS = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const

type Operation = AdmissionRequest['operation']
export type Step = 'admit' | 'validate'
export type Outcome = 'admitted' | 'rejected'

/**
 * How long admission takes, as a whole and by plug-in. Of a plug-in only the requests are timed that it has something to say of. All others
 * whose operation it handles have come to it too, and took it no time: how many they were follows from what was counted anyway.
 */
export class AdmissionMetrics {
  readonly #clock: Clock
  readonly #steps: Readonly<Record<Step, OperationTimes>> = { admit: new OperationTimes(), validate: new OperationTimes() }
  readonly #plugins: PluginTimes[] = []
  /** Second rounds of the mutators, by operation. */
  readonly #again: Record<Operation, number> = { CREATE: 0, UPDATE: 0, DELETE: 0, CONNECT: 0 }

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

  /** All mutators have their say once more. */
  noteAgain(operation: Operation): void {
    this.#again[operation]++
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
      {
        name: 'apiserver_admission_controller_admission_duration_seconds', type: 'histogram',
        help: 'Seconds that an admission plug-in took for a request.',
        samples: this.#plugins.flatMap((times) => times.samples((operation) => this.#passes(times.step, operation))),
      },
    ]
  }

  /** How often the first plug-in of a step was asked. */
  #passes(step: Step, operation: Operation): number {
    return this.#steps[step].countOf(operation) + (step === 'admit' ? this.#again[operation] : 0)
  }
}

/** Plug-ins by their place in the list of a step: who counts has no name to look up. */
export class PluginTimes {
  readonly #clock: Clock
  readonly step: Step
  readonly #names: readonly string[]
  /** Several with one name are one plug-in. */
  readonly #times: readonly OperationTimes[]

  constructor(clock: Clock, step: Step, names: readonly string[]) {
    this.#clock = clock
    this.step = step
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

  /** passes: how often the first of them was asked about requests of an operation. */
  samples(passes: (operation: Operation) => number): readonly Sample[] {
    const first = new Map([...this.#names.entries()].reverse().map(([index, name]) => [name, index]))
    return [...first].reverse().flatMap(([name, index]) => {
      const times = this.#times[index]
      return times?.samples({ name, type: this.step }, (operation) => (
        handledOperations(name).includes(operation) ? passes(operation) - this.#rejectedBefore(index, operation) : 0)) ?? []
    })
  }

  /** Whom one of those before has rejected does not come further. */
  #rejectedBefore(index: number, operation: Operation): number {
    let rejected = 0
    for (const times of new Set(this.#times.slice(0, index))) rejected += times.countOf(operation, 'rejected')
    return rejected
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

  countOf(operation: Operation, outcome?: Outcome): number {
    const slot = OPERATIONS.indexOf(operation) * 2
    const [admitted, rejected] = [this.#histograms[slot]?.count ?? 0, this.#histograms[slot + 1]?.count ?? 0]
    return outcome === 'rejected' ? rejected : outcome === 'admitted' ? admitted : admitted + rejected
  }

  /** reached: how many requests have come this far at least. Those that were not timed took no time, and were let through. */
  samples(labels: Labels, reached: (operation: Operation) => number): readonly Sample[] {
    return OPERATIONS.flatMap((operation, index) => {
      const untimed = Math.max(0, reached(operation) - this.countOf(operation))
      const [admitted = new Histogram(SECONDS), rejected = new Histogram(SECONDS)] = this.#histograms.slice(index * 2, index * 2 + 2)
      const { bounds, sum, count } = admitted
      return [
        ...histogramSamples(
          { bounds, sum, count: count + untimed, countUpTo: (bound) => admitted.countUpTo(bound) + untimed },
          { ...labels, operation, rejected: 'false' },
        ),
        ...histogramSamples(rejected, { ...labels, operation, rejected: 'true' }),
      ]
    })
  }

  parts(labels: Labels): readonly (readonly [Labels, Histogram])[] {
    return OPERATIONS.flatMap((operation, index) => (['false', 'true'] as const).flatMap((rejected, second) => {
      const histogram = this.#histograms[index * 2 + second]
      return histogram === undefined ? [] : [[{ ...labels, operation, rejected }, histogram] as const]
    }))
  }
}
