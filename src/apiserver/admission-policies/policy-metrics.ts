import type { Clock } from '../../words/ports.ts'
import { CounterSeries, DurationSeries } from '../metrics/labelled-series.ts'
import type { MetricFamily } from '../metrics/metric-family.ts'

export type ErrorType = 'compile_error' | 'invalid_error' | 'out_of_budget' | 'no_error'
export type EnforcementAction = 'allow' | 'deny' | 'audit' | 'warn'

/** The binding of a policy, by whose names is counted. */
export interface PolicyLabels {
  readonly policy: string
  readonly binding: string
}

const SECONDS = [0.0000005, 0.001, 0.01, 0.1, 1]
const LABELS = ['error_type', 'policy', 'policy_binding']

/** What admission policies decide and cost, by upstream's names. Counted only where one has something to say. */
export class PolicyMetrics {
  readonly #clock: Clock
  readonly #checks = new CounterSeries(
    'apiserver_validating_admission_policy_check_total', 'Validations that have failed, by what was done about it.',
    ['enforcement_action', ...LABELS])
  readonly #checkTimes = new DurationSeries(
    'apiserver_validating_admission_policy_check_duration_seconds', 'Seconds that validations took which have failed.',
    ['enforcement_action', ...LABELS], SECONDS)
  readonly #mutations = new CounterSeries(
    'apiserver_mutating_admission_policy_check_total', 'Mutations that policies have made or tried.', LABELS,
  )
  readonly #mutationTimes = new DurationSeries(
    'apiserver_mutating_admission_policy_check_duration_seconds', 'Seconds that mutations of policies took.', LABELS, SECONDS)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now = (): number => this.#clock.now()

  checked({ policy, binding }: PolicyLabels, elapsedMs: number, action: EnforcementAction, errorType: ErrorType): void {
    this.#checks.add(action, errorType, policy, binding)
    this.#checkTimes.observe(elapsedMs, action, errorType, policy, binding)
  }

  mutated({ policy, binding }: PolicyLabels, elapsedMs: number, errorType: ErrorType): void {
    this.#mutations.add(errorType, policy, binding)
    this.#mutationTimes.observe(elapsedMs, errorType, policy, binding)
  }

  families(): readonly MetricFamily[] {
    return [this.#checks, this.#checkTimes, this.#mutations, this.#mutationTimes].map((each) => each.family())
  }
}

/** What kind of error a message tells of. */
export function errorTypeOf(message: string): ErrorType {
  if (message.startsWith('compilation')) return 'compile_error'
  return message.startsWith('validation failed due to running out of cost budget') ? 'out_of_budget' : 'invalid_error'
}
