import type { Clock } from '../../words/ports.ts'
import { CounterSeries, DurationSeries } from '../metrics/labelled-series.ts'
import type { MetricFamily } from '../metrics/metric-family.ts'

/** As upstream's labels have them. */
export type ConversionFailure =
  | 'conversion_webhook_call_failure' | 'conversion_webhook_malformed_response_failure' | 'conversion_webhook_partial_response_failure'
  | 'conversion_webhook_invalid_converted_object_failure'

const CALL_SECONDS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 45, 60]
const CONVERSION_SECONDS = Array.from({ length: 15 }, (_, power) => 0.001 * 2 ** power)

/** What conversion webhooks cost and how they fail, by upstream's names. Counted only where there is one. */
export class ConversionMetrics {
  readonly #clock: Clock
  readonly #requests = new CounterSeries(
    'apiserver_conversion_webhook_request_total', 'Calls of conversion webhooks.', ['failure_type', 'result'],
  )
  readonly #calls = new DurationSeries(
    'apiserver_conversion_webhook_duration_seconds', 'Seconds that conversion webhooks took.', ['failure_type', 'result'], CALL_SECONDS)
  readonly #conversions = new DurationSeries(
    'apiserver_crd_conversion_webhook_duration_seconds', 'Seconds that conversions between two versions took.',
    ['crd_name', 'from_version', 'succeeded', 'to_version'], CONVERSION_SECONDS)

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  called(
    of: { readonly crd: string; readonly from: string; readonly to: string }, startedAt: number, failure: ConversionFailure | undefined,
  ): void {
    const elapsedMs = this.#clock.now() - startedAt
    const result = failure === undefined ? 'success' : 'failure'
    this.#requests.add(failure ?? '', result)
    this.#calls.observe(elapsedMs, failure ?? '', result)
    this.#conversions.observe(elapsedMs, of.crd, of.from, String(failure === undefined), of.to)
  }

  families(): readonly MetricFamily[] {
    return [this.#requests.family(), this.#calls.family(), this.#conversions.family()]
  }
}
