import { sameJson } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { addQuantities, compareQuantities, formatQuantity, parseQuantity } from '../../objects/quantity.ts'
import type { Pod, ResourceQuota } from '../../resources/generated/types.ts'
import type { Instant } from '../../words/instant.ts'
import { nothing, quantitiesOf, quantitiesText } from '../pod-resources/quantities.ts'
import type { ReadonlyQuantities } from '../pod-resources/quantities.ts'
import { isOfResource, MUST_BE_SET } from './resource-names.ts'
import type { Resource } from './resource-names.ts'
import { containerUsage, usageDelta } from './resource-usage.ts'
import type { UsageOf } from './resource-usage.ts'
import { isInScope } from './scopes.ts'

/** One write, as quotas see it: undefined before a creation, undefined after a deletion. */
export interface UsageChange {
  readonly resource: Resource
  readonly before: KubeObject | undefined
  readonly after: KubeObject | undefined
  /** Whether what goes beyond a quota is refused; otherwise it is only counted. */
  readonly enforced: boolean
}

export type Charged =
  /** In the given order; the same object where nothing of it changes. */
  | { readonly outcome: 'charged'; readonly quotas: readonly ResourceQuota[] }
  | { readonly outcome: 'refused'; readonly why: string }

/** Charges a write to every quota of its namespace, or, where one of them has no room, to none. */
export function chargeQuotas(quotas: readonly ResourceQuota[], change: UsageChange, usageOf: UsageOf, now: Instant): Charged {
  const charged: ResourceQuota[] = []
  for (const quota of quotas) {
    const result = chargeQuota(quota, change, usageOf, now)
    if (typeof result === 'string') return { outcome: 'refused', why: result }
    charged.push(result)
  }
  return { outcome: 'charged', quotas: charged }
}

/** The quota with what it has used then, or why it refuses. */
function chargeQuota(quota: ResourceQuota, change: UsageChange, usageOf: UsageOf, now: Instant): ResourceQuota | string {
  const { resource, before, after, enforced } = change
  const name = quota.metadata.name ?? ''
  const names = Object.keys(quota.status?.hard ?? {}).filter((hard) => isOfResource(resource, hard))
  if (names.length === 0) return quota
  const isCharged = after !== undefined && isInScope(quota, resource, after)
  const wasCharged = before !== undefined && isInScope(quota, resource, before)
  if (!isCharged && !wasCharged) return quota
  if (isCharged && enforced) {
    const unsaid = resource.plural === 'pods' && resource.group === '' ? unsaidResources(after as Pod, names) : undefined
    if (unsaid !== undefined) return `failed quota: ${name}: must specify ${unsaid}`
    const unknown = names.filter((hard) => quota.status?.used?.[hard] === undefined)
    if (unknown.length > 0) return `status unknown for quota: ${name}, resources: ${names.sort().join(',')}`
  }
  const delta = usageDelta(isCharged ? usageOf(resource, after, now) : nothing, wasCharged ? usageOf(resource, before, now) : nothing)
  for (const changed of [...delta.keys()]) if (!names.includes(changed)) delta.delete(changed)
  if (delta.size === 0) return quota
  return (enforced ? exceeded(quota, delta) : undefined) ?? withUsage(quota, delta)
}

/** limits.cpu for: sidecar,web; requests.cpu for: web */
function unsaidResources({ spec }: Pod, names: readonly string[]): string | undefined {
  const wanted = names.filter((name) => MUST_BE_SET.has(name)).sort()
  if (wanted.length === 0 || spec === undefined) return undefined
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
    .map((container) => ({ name: container.name, usage: containerUsage(container.resources) }))
  const parts = wanted.flatMap((name) => {
    const silent = containers.filter(({ usage }) => !usage.has(name)).map((container) => container.name).sort()
    return silent.length === 0 ? [] : [`${name} for: ${silent.join(',')}`]
  })
  return parts.length === 0 ? undefined : parts.join('; ')
}

function exceeded(quota: ResourceQuota, delta: ReadonlyQuantities): string | undefined {
  const { hard, used } = quota.status ?? {}
  const [limits, usages] = [quantitiesOf(hard), quantitiesOf(used)]
  const over = [...delta].filter(([name, amount]) => {
    const [limit, usage] = [limits.get(name), usages.get(name)]
    return amount.nanos > 0n && limit !== undefined && usage !== undefined && compareQuantities(addQuantities(usage, amount), limit) > 0
  }).map(([name]) => name)
  if (over.length === 0) return undefined
  const only = (quantities: ReadonlyQuantities): string => quantitiesText(new Map([...quantities].filter(([name]) => over.includes(name))))
  return `exceeded quota: ${quota.metadata.name}, requested: ${only(delta)}, used: ${only(usages)}, limited: ${only(limits)}`
}

/** What is not counted yet stays so: the first count brings it. */
function withUsage(quota: ResourceQuota, delta: ReadonlyQuantities): ResourceQuota {
  const used = { ...quota.status?.used }
  for (const [name, amount] of delta) {
    const before = parseQuantity(used[name] ?? '')
    if (before === undefined) continue
    const sum = addQuantities(before, amount)
    used[name] = formatQuantity(sum.nanos < 0n ? { ...sum, nanos: 0n } : sum)
  }
  return sameJson(used, quota.status?.used) ? quota : { ...quota, status: { ...quota.status, used } }
}
