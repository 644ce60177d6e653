import type { KubeObject } from '../../objects/kube-object.ts'
import type { Affinity, Pod, PodAffinityTerm, ResourceQuota, ScopedResourceSelectorRequirement } from '../../resources/generated/types.ts'
import { qualityOfService } from '../../resources/kinds/pod/quality-of-service.ts'
import type { Resource } from './resource-names.ts'

/** Whether an object is one of those that a quota is about. Scopes are about pods: a quota with scopes counts nothing else. */
export function isInScope(quota: ResourceQuota, resource: Resource, object: KubeObject): boolean {
  return scopesOf(quota).every((scope) => holdsFor(resource, object, scope))
}

/** Both ways to say it in one. */
export function scopesOf({ spec }: ResourceQuota): readonly ScopedResourceSelectorRequirement[] {
  if (spec?.scopes === undefined) return spec?.scopeSelector?.matchExpressions ?? NO_SCOPES
  const named = spec.scopes.map((scopeName) => ({ scopeName, operator: 'Exists' }))
  return [...named, ...(spec.scopeSelector?.matchExpressions ?? [])]
}

const NO_SCOPES: readonly ScopedResourceSelectorRequirement[] = []

export function holdsFor({ group, plural }: Resource, object: KubeObject, scope: ScopedResourceSelectorRequirement): boolean {
  return plural === 'pods' && group === '' && holds(object as Pod, scope)
}

function holds(pod: Pod, requirement: ScopedResourceSelectorRequirement): boolean {
  const { spec } = pod
  switch (requirement.scopeName) {
    case 'Terminating': return hasDeadline(pod)
    case 'NotTerminating': return !hasDeadline(pod)
    case 'BestEffort': return qualityOfService(spec) === 'BestEffort'
    case 'NotBestEffort': return qualityOfService(spec) !== 'BestEffort'
    case 'PriorityClass': return holdsForClass(spec?.priorityClassName ?? '', requirement)
    case 'CrossNamespacePodAffinity': return looksElsewhere(spec?.affinity)
    default: return false
  }
}

function hasDeadline({ spec }: Pod): boolean {
  return spec?.activeDeadlineSeconds !== undefined && spec.activeDeadlineSeconds >= 0
}

/** A pod without a class is in no class: it is not in any that NotIn names. */
function holdsForClass(className: string, { operator, values = [] }: ScopedResourceSelectorRequirement): boolean {
  switch (operator) {
    case 'Exists': return className !== ''
    case 'DoesNotExist': return className === ''
    case 'In': return className !== '' && values.includes(className)
    case 'NotIn': return className === '' || !values.includes(className)
    default: return false
  }
}

/** Such terms make the scheduler look at pods of other namespaces, which can keep those pods from being scheduled. */
function looksElsewhere(affinity: Affinity | undefined): boolean {
  return [affinity?.podAffinity, affinity?.podAntiAffinity].some((side) =>
    (side?.requiredDuringSchedulingIgnoredDuringExecution ?? []).some(isAcross)
    || (side?.preferredDuringSchedulingIgnoredDuringExecution ?? []).some(({ podAffinityTerm }) => isAcross(podAffinityTerm)))
}

function isAcross({ namespaces, namespaceSelector }: PodAffinityTerm): boolean {
  return (namespaces?.length ?? 0) > 0 || namespaceSelector !== undefined
}
