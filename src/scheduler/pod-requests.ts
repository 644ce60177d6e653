import { milliUnits, wholeUnits } from '../objects/quantity.ts'
import type { Container, PodSpec } from '../resources/generated/types.ts'

/** What a pod takes from a node: cpu in millicores, everything else in its own unit (bytes, pieces). */
export type Amounts = ReadonlyMap<string, number>

/** Upstream scores a container that asks for nothing as if it asked for a little, so that such pods spread too. */
export const DEFAULT_SCORED_CPU_MILLIS = 100
export const DEFAULT_SCORED_MEMORY_BYTES = 200 * 1024 * 1024

/**
 * The most that the pod needs at any moment (KEP-753): sidecars and containers run together; before that, each init container runs with
 * the sidecars that were started before it.
 */
export function podRequests(spec: PodSpec): Amounts {
  const running = new Map<string, number>()
  for (const container of spec.containers ?? []) addTo(running, requestsOf(container))
  const sidecars = new Map<string, number>()
  const initPeak = new Map<string, number>()
  for (const init of spec.initContainers ?? []) {
    const own = requestsOf(init)
    if (init.restartPolicy === 'Always') {
      addTo(running, own)
      addTo(sidecars, own)
      raiseTo(initPeak, sidecars)
    } else {
      const together = new Map(sidecars)
      addTo(together, own)
      raiseTo(initPeak, together)
    }
  }
  raiseTo(running, initPeak)
  addTo(running, amountsOf(spec.overhead ?? {}))
  return running
}

/** What one container asks for, in the units of amountsOf. */
function requestsOf(container: Container): Amounts {
  return amountsOf(container.resources?.requests ?? {})
}

/** cpu: '250m' -> 250; memory: '1Ki' -> 1024. */
export function amountsOf(quantities: Readonly<Record<string, string>>): Amounts {
  const amounts = new Map<string, number>()
  for (const name in quantities) {
    amounts.set(name, (name === 'cpu' ? milliUnits(quantities[name] ?? '') : wholeUnits(quantities[name] ?? '')) ?? 0)
  }
  return amounts
}

function addTo(target: Map<string, number>, more: Amounts): void {
  for (const [name, amount] of more) target.set(name, (target.get(name) ?? 0) + amount)
}

function raiseTo(target: Map<string, number>, floor: Amounts): void {
  for (const [name, amount] of floor) target.set(name, Math.max(target.get(name) ?? 0, amount))
}
