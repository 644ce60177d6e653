import { CounterSeries } from './labelled-series.ts'
import { gauge, type MetricFamily } from './metric-family.ts'

/**
 * What health checks have found, each time somebody asked for an endpoint of them: the service level indicators of KEP-3466, which are not
 * among the other metrics but below /metrics/slis, to be read more often.
 */
export class HealthMetrics {
  readonly #last = new Map<string, { readonly name: string; readonly type: string; readonly value: number }>()
  readonly #total = new CounterSeries('kubernetes_healthchecks_total', 'Results of health checks.', ['name', 'status', 'type'])

  /** type: healthz, livez or readyz. */
  checked(type: string, name: string, isWell: boolean): void {
    this.#last.set(`${type}/${name}`, { name, type, value: Number(isWell) })
    this.#total.add(name, isWell ? 'success' : 'error', type)
  }

  families(): readonly MetricFamily[] {
    const last = Array.from(this.#last.values(), ({ name, type, value }) => [{ name, type }, value] as const)
    return [gauge('kubernetes_healthcheck', 'What each health check found last: 1 if all is well, 0 if not.', last), this.#total.family()]
  }
}
