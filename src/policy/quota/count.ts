import type { KubeObject } from '../../objects/kube-object.ts'
import { formatQuantity, zero } from '../../objects/quantity.ts'
import type { ResourceQuota } from '../../resources/generated/types.ts'
import type { Instant } from '../../words/instant.ts'
import { addTo } from '../pod-resources/quantities.ts'
import type { Quantities } from '../pod-resources/quantities.ts'
import { isOfResource } from './resource-names.ts'
import type { Resource } from './resource-names.ts'
import type { UsageOf } from './resource-usage.ts'
import { isInScope } from './scopes.ts'

/** The resources that a quota is about. */
export function countedResources<R extends Resource>(quota: ResourceQuota, resources: readonly R[]): readonly R[] {
  const names = Object.keys(quota.spec?.hard ?? {})
  return resources.filter((resource) => names.some((name) => isOfResource(resource, name)))
}

export interface Counted {
  readonly resource: Resource
  readonly objects: readonly KubeObject[]
}

/** What the namespace has used of what a quota limits, counted anew. Names of resources that were not given are left out. */
export function countUsage(quota: ResourceQuota, counted: readonly Counted[], usageOf: UsageOf, now: Instant): Record<string, string> {
  const totals: Quantities = new Map()
  for (const { resource, objects } of counted) {
    for (const object of objects) if (isInScope(quota, resource, object)) addTo(totals, usageOf(resource, object, now))
  }
  const names = Object.keys(quota.spec?.hard ?? {}).filter((name) => counted.some(({ resource }) => isOfResource(resource, name)))
  return Object.fromEntries(names.sort().map((name) => [name, formatQuantity(totals.get(name) ?? zero)]))
}
