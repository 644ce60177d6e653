import type { KubeObject } from '../../objects/kube-object.ts'
import type { ResourceQuota, ScopedResourceSelectorRequirement } from '../../resources/generated/types.ts'
import type { ReadonlyQuantities } from '../pod-resources/quantities.ts'
import { isOfResource } from './resource-names.ts'
import type { Resource } from './resource-names.ts'
import { holdsFor, isInScope, scopesOf } from './scopes.ts'

/** What may be used only where a quota allows some of it. */
export interface LimitedResource extends Resource {
  /** Parts of names of what is used: requests.example.com/gpu */
  readonly matchContains: readonly string[]
  /** Which pods: those of the system's priority classes, for one. */
  readonly matchScopes: readonly ScopedResourceSelectorRequirement[]
}

/** Why a new object may not be, where something is limited and no quota of its namespace is about it. */
export function uncovered(
  quotas: readonly ResourceQuota[], limited: readonly LimitedResource[], resource: Resource, object: KubeObject, usage: ReadonlyQuantities,
): string | undefined {
  const concerning = limited.filter(({ group, plural }) => group === resource.group && plural === resource.plural)
  if (concerning.length === 0) return undefined
  const about = quotas.filter((quota) => isInScope(quota, resource, object))
  const allowed = new Set(about.flatMap((quota) => Object.keys(quota.status?.hard ?? {}).filter((name) => isOfResource(resource, name))))
  const parts = concerning.flatMap(({ matchContains }) => matchContains)
  const names = [...usage.keys()].filter((name) => parts.some((part) => name.includes(part)))
  const without = names.filter((name) => usage.get(name)?.nanos !== 0n && !allowed.has(name)).sort()
  if (without.length > 0) return `insufficient quota to consume: ${without.join(',')}`
  const holding = (scopes: readonly ScopedResourceSelectorRequirement[]) => scopes.filter((scope) => holdsFor(resource, object, scope))
  const covered = new Set(holding(quotas.flatMap(scopesOf)).map(({ scopeName }) => scopeName))
  const scopes = holding(concerning.flatMap(({ matchScopes }) => matchScopes)).filter(({ scopeName }) => !covered.has(scopeName))
  return scopes.length === 0 ? undefined : `insufficient quota to match these scopes: [${scopes.map(scopeText).join(' ')}]`
}

/** {PriorityClass In [a b]} */
function scopeText({ scopeName, operator, values = [] }: ScopedResourceSelectorRequirement): string {
  return `{${scopeName} ${operator} [${values.join(' ')}]}`
}
