import { sameJson } from '../../objects/json.ts'
import { keyOf } from '../../objects/kube-object.ts'
import { compareQuantities, parseQuantity } from '../../objects/quantity.ts'
import { countUsage } from '../../policy/quota/count.ts'
import type { Counted } from '../../policy/quota/count.ts'
import { overdueAt } from '../../policy/quota/resource-usage.ts'
import type { UsageOf } from '../../policy/quota/resource-usage.ts'
import type { Plan } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { ResourceQuota } from '../../resources/generated/types.ts'
import type { Instant } from '../../words/instant.ts'

export interface QuotaView {
  readonly quota: ResourceQuota
  /** All objects of the namespace that the quota may count. */
  readonly counted: readonly Counted[]
  readonly usageOf: UsageOf
}

/** What nobody told of is found this late. */
const RECOUNT_EVERY_MS = 5 * 60_000

/**
 * The count says whether a write is worth it; what is written as used is counted by the server, whose caches show one moment.
 * A count that is late therefore costs a request, and is never believed.
 */
export function planQuota({ quota, counted, usageOf }: QuotaView, now: Instant): Plan {
  const hard = quota.spec?.hard ?? {}
  const { hard: toldHard, used: toldUsed = {} } = quota.status ?? {}
  const used = countUsage(quota, counted, usageOf, now)
  const wakeAt = Math.min(now + RECOUNT_EVERY_MS, nextGivenUp(counted, now))
  const isNew = !sameJson(hard, toldHard ?? {})
  const off = Object.keys(used).filter((name) => !sameAmount(used[name], toldUsed[name])).sort()
  if (!isNew && off.length === 0) return { actions: [], wakeAt, why: 'What is used is what is told.' }
  const body = { metadata: { uid: quota.metadata.uid }, status: { hard: replacing(hard, toldHard), used: replacing(used, toldUsed) } }
  return {
    actions: [{ verb: 'patch', kind: kinds.ResourceQuota, key: keyOf(quota), patch: { type: 'merge', body }, subresource: 'status' }],
    wakeAt,
    why: isNew ? 'What is allowed has changed.' : `Asks for a new count of ${off.join(', ')}.`,
  }
}

function sameAmount(a = '', b = ''): boolean {
  const [first, second] = [parseQuantity(a), parseQuantity(b)]
  return first !== undefined && second !== undefined && compareQuantities(first, second) === 0
}

/** In a merge patch: what is not wanted any more is taken away. */
function replacing(wanted: Record<string, string>, standing: Record<string, string> = {}): Record<string, string | null> {
  const gone = Object.keys(standing).filter((name) => wanted[name] === undefined)
  return { ...Object.fromEntries(gone.map((name) => [name, null])), ...wanted }
}

/** When the next pod stops to count although it is still there. */
function nextGivenUp(counted: readonly Counted[], now: Instant): Instant {
  let next = Number.POSITIVE_INFINITY
  for (const { resource, objects } of counted) {
    if (resource.plural !== 'pods' || resource.group !== '') continue
    for (const pod of objects) {
      const at = overdueAt(pod)
      if (at !== undefined && at >= now) next = Math.min(next, at + 1)
    }
  }
  return next
}
