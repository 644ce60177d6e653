import type { Container, PodSpec } from '../../generated/types.ts'
import { amountMilli, compareAmounts } from '../../resource-list.ts'

export type QualityOfService = 'Guaranteed' | 'Burstable' | 'BestEffort'

const COUNTED = ['cpu', 'memory'] as const

/**
 * BestEffort: no container asks for or limits cpu or memory. Guaranteed: every container limits both and asks for just that.
 * Burstable: everything between. Decides who goes first when a node runs out of memory.
 */
export function qualityOfService(spec: PodSpec | undefined): QualityOfService {
  const containers: Container[] = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
  let asked = false
  let guaranteed = true
  for (const { resources = {} } of containers) {
    for (const name of COUNTED) {
      const request = positive(resources.requests?.[name])
      const limit = positive(resources.limits?.[name])
      if (request !== undefined || limit !== undefined) asked = true
      if (limit === undefined || compareAmounts(request ?? limit, limit) !== 0) guaranteed = false
    }
  }
  if (!asked) return 'BestEffort'
  return guaranteed ? 'Guaranteed' : 'Burstable'
}

/** Zero asks for nothing. */
function positive(amount: string | undefined): string | undefined {
  return amount === undefined || (amountMilli(amount) ?? 0) <= 0 ? undefined : amount
}
