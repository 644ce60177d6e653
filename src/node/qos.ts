import type { Pod } from '../resources/generated/types.ts'
import { initAndRegular } from './pod-containers.ts'

/** A zero quantity counts as none: 0, 0m, 0Mi. */
function isSet(quantity: string | undefined): quantity is string {
  return quantity !== undefined && !/^[+-]?0*\.?0*([A-Za-z]|$)/.test(quantity)
}

/** Guaranteed: every container limits CPU and memory and asks for as much. BestEffort: nobody asks for anything. Burstable: the rest. */
export function qosClass(pod: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  let asks = false
  let isGuaranteed = true
  for (const { resources } of initAndRegular(pod)) {
    for (const name of ['cpu', 'memory']) {
      const limit = resources?.limits?.[name]
      const request = resources?.requests?.[name] ?? limit
      if (isSet(limit) || isSet(request)) asks = true
      if (!isSet(limit) || request !== limit) isGuaranteed = false
    }
  }
  if (!asks) return 'BestEffort'
  return isGuaranteed ? 'Guaranteed' : 'Burstable'
}
