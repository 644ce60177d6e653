import type { Clock } from '../../words/ports.ts'
import { CounterSeries, DurationSeries } from '../metrics/labelled-series.ts'
import type { MetricFamily } from '../metrics/metric-family.ts'
import type { AdmissionRequest } from '../access.ts'

/** As upstream's labels have them. */
export type WebhookType = 'admit' | 'validating'
export type RejectionCause = 'calling_webhook_error' | 'apiserver_internal_error' | 'no_error'

type Operation = AdmissionRequest['operation']

/** A condition of a webhook, or of a policy. */
export interface ConditionLabels {
  readonly name: string
  readonly kind: 'webhook' | 'policy'
  readonly type: 'admit' | 'validate'
  readonly operation: Operation
}

const SECONDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 25]
const CONDITION_SECONDS = [0.005, 0.025, 0.1, 0.5, 1, 2.5]
const CONDITION_LABELS = ['name', 'kind', 'type', 'operation']
const MAX_CODE = 600

/** What webhooks cost and decide, by upstream's names. Counted only where there is a webhook. */
export class WebhookMetrics {
  readonly #clock: Clock
  readonly #durations = new DurationSeries(
    'apiserver_admission_webhook_admission_duration_seconds', 'Seconds that an admission webhook took.',
    ['name', 'operation', 'rejected', 'type'], SECONDS)
  readonly #rejections = new CounterSeries(
    'apiserver_admission_webhook_rejection_count', 'Requests that a webhook, or its failure, has refused.',
    ['error_type', 'name', 'operation', 'rejection_code', 'type'])
  readonly #failOpen = new CounterSeries(
    'apiserver_admission_webhook_fail_open_count', 'Failures of webhooks that were ignored, as their failurePolicy says.', ['name', 'type'])
  readonly #requests = new CounterSeries(
    'apiserver_admission_webhook_request_total', 'Calls of admission webhooks.', ['code', 'name', 'operation', 'rejected', 'type'])
  readonly #conditionErrors = new CounterSeries(
    'apiserver_admission_match_condition_evaluation_errors_total', 'Match conditions that could not be evaluated.', CONDITION_LABELS)
  readonly #exclusions = new CounterSeries(
    'apiserver_admission_match_condition_exclusions_total', 'Requests that match conditions have left out.', CONDITION_LABELS)
  readonly #conditionTimes = new DurationSeries(
    'apiserver_admission_match_condition_evaluation_seconds', 'Seconds that match conditions took.', CONDITION_LABELS, CONDITION_SECONDS)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  /** The request waits for it. */
  async waited<T>({ delays }: Pick<AdmissionRequest, 'delays'>, answers: Promise<T>): Promise<T> {
    const startedAt = this.#clock.now()
    try {
      return await answers
    } finally {
      if (delays !== undefined) delays.webhooksMs += this.#clock.now() - startedAt
    }
  }

  /** A webhook was called, and it, or what came of it, counts as that code. */
  called(
    { name, type, operation }: { readonly name: string; readonly type: WebhookType; readonly operation: Operation },
    { startedAt, code, rejection }: { readonly startedAt: number; readonly code: number; readonly rejection: RejectionCause | undefined },
  ): void {
    const codeText = String(Math.min(code, MAX_CODE))
    const rejected = String(rejection !== undefined)
    this.#requests.add(codeText, name, operation, rejected, type)
    this.#durations.observe(this.#clock.now() - startedAt, name, operation, rejected, type)
    if (rejection !== undefined) this.#rejections.add(rejection, name, operation, codeText, type)
  }

  failedOpen(name: string, type: WebhookType): void {
    this.#failOpen.add(name, type)
  }

  conditions({ name, kind, type, operation }: ConditionLabels, elapsedMs: number, outcome: 'matches' | 'differs' | 'error'): void {
    const labels = [name, kind, type, operation]
    this.#conditionTimes.observe(elapsedMs, ...labels)
    if (outcome === 'differs') this.#exclusions.add(...labels)
    if (outcome === 'error') this.#conditionErrors.add(...labels)
  }

  families(): readonly MetricFamily[] {
    const series = [
      this.#durations, this.#rejections, this.#failOpen, this.#requests, this.#conditionErrors, this.#exclusions, this.#conditionTimes,
    ]
    return series.map((each) => each.family())
  }
}
