import { counter, gauge, type MetricFamily } from './metric-family.ts'
import type { Instant } from '../../words/instant.ts'

/** How often a configuration file that changed was taken into force or found wrong, as upstream counts it. */
export class ReloadCounts {
  readonly #prefix: string
  readonly #labels: { readonly apiserver_id_hash: string }
  readonly #counts = new Map<string, { count: number; at: Instant }>()

  /** what: authentication, authorization or encryption. */
  constructor(what: string, serverIdHash: string) {
    this.#prefix = `apiserver_${what}_config_controller_automatic_reload`
    this.#labels = { apiserver_id_hash: serverIdHash }
  }

  note(status: 'success' | 'failure', now: Instant): void {
    this.#counts.set(status, { count: (this.#counts.get(status)?.count ?? 0) + 1, at: now })
  }

  families(): readonly MetricFamily[] {
    const samples = [...this.#counts].map(([status, found]) => ({ labels: { ...this.#labels, status }, ...found }))
    return [
      counter(`${this.#prefix}s_total`, 'Changes of the file that were looked at, by what became of them.',
        samples.map(({ labels, count }) => [labels, count] as const)),
      gauge(`${this.#prefix}_last_timestamp_seconds`, 'When the file was last looked at because it had changed, by what became of it.',
        samples.map(({ labels, at }) => [labels, at / 1000] as const)),
    ]
  }
}
