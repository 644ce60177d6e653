import type { ObjectKey } from '../../objects/kube-object.ts'
import { keyOf, keyText } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { ConfigMap } from '../../resources/generated/types.ts'
import type { DiskLog, Logged } from '../disk-log.ts'
import type { Findings } from './findings.ts'

const NAME = 'acknowledged writes'

/**
 * Counters in shared ConfigMaps: each has one writer, who counts up by one. No counter ever falls, none is above what was attempted or
 * below what was acknowledged, and a counter and its twin, which every write sets together, never differ.
 */
export class CounterBook {
  readonly #findings: Findings
  readonly #attempted = new Map<string, number>()
  readonly #acknowledged = new Map<string, number>()

  constructor(log: DiskLog, findings: Findings) {
    this.#findings = findings
    log.listen(kinds.ConfigMap, (change) => this.#onChange(change, log))
  }

  attempt(key: ObjectKey, writer: string, value: number): void {
    this.#attempted.set(counterName(key, writer), value)
  }

  acknowledge(key: ObjectKey, writer: string, value: number): void {
    this.#acknowledged.set(counterName(key, writer), value)
  }

  /** A consistent read shows at least what was acknowledged before it began. */
  read(key: ObjectKey, writer: string, value: number): void {
    const acknowledged = this.#acknowledged.get(counterName(key, writer)) ?? 0
    if (value < acknowledged)
      this.#findings.report(NAME, `${counterName(key, writer)} is read as ${value} after ${acknowledged} was acknowledged`)
  }

  #onChange({ bytes, previous }: Logged, log: DiskLog): void {
    if (bytes === undefined) return
    const after = log.decode<ConfigMap>(bytes)
    const { data = {} } = after
    const before = previous === undefined ? {} : (log.decode<ConfigMap>(previous).data ?? {})
    for (const [writer, value] of Object.entries(data)) {
      const twin = data[`${writer}-twin`]
      if (twin === undefined) continue
      const name = counterName(keyOf(after), writer)
      if (twin !== value) this.#findings.report(NAME, `${name} is ${value}, its twin ${twin}: half a write`)
      if (Number(value) > (this.#attempted.get(name) ?? 0)) this.#findings.report(NAME, `${name} is ${value}, more than was ever written`)
      if (Number(value) < Number(before[writer] ?? '0')) this.#findings.report(NAME, `${name} falls from ${before[writer]} to ${value}`)
      if (Number(value) < (this.#acknowledged.get(name) ?? 0))
        this.#findings.report(NAME, `${name} is ${value} after ${this.#acknowledged.get(name)} was acknowledged`)
    }
  }
}

function counterName(key: ObjectKey, writer: string): string {
  return `${keyText(key)} ${writer}`
}
