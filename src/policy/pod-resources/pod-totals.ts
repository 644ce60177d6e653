import type { PodSpec } from '../../resources/generated/types.ts'
import { addTo, nothing, quantitiesOf, raiseTo } from './quantities.ts'
import type { Quantities } from './quantities.ts'

/**
 * The most that the containers of a pod need, or may take, at any moment, without the pod's overhead (KEP-753): sidecars and containers run
 * together; before that each init container runs with the sidecars that were started before it.
 */
export function containerTotals(spec: PodSpec, part: 'requests' | 'limits'): Quantities {
  const together: Quantities = new Map()
  for (const { resources } of spec.containers ?? []) addTo(together, quantitiesOf(resources?.[part]))
  if (spec.initContainers === undefined) return together
  const sidecars: Quantities = new Map()
  const peak: Quantities = new Map()
  for (const { resources, restartPolicy } of spec.initContainers) {
    const own = quantitiesOf(resources?.[part])
    if (restartPolicy === 'Always') {
      addTo(together, own)
      addTo(sidecars, own)
      raiseTo(peak, sidecars)
    } else {
      addTo(own, sidecars)
      raiseTo(peak, own)
    }
  }
  raiseTo(together, peak)
  return together
}

/** With the overhead of the pod's runtime class. */
export function podRequests(spec: PodSpec): Quantities {
  const totals = containerTotals(spec, 'requests')
  addTo(totals, overheadOf(spec))
  return totals
}

/** The overhead raises only what is limited at all. */
export function podLimits(spec: PodSpec): Quantities {
  const totals = containerTotals(spec, 'limits')
  for (const [name, quantity] of overheadOf(spec)) if (totals.has(name)) addTo(totals, new Map([[name, quantity]]))
  return totals
}

function overheadOf({ overhead }: PodSpec): ReturnType<typeof quantitiesOf> | typeof nothing {
  return overhead === undefined ? nothing : quantitiesOf(overhead)
}
