import type { KubeObject } from '../../objects/kube-object.ts'
import type { Affinity, Pod, PodAffinityTerm, ResourceQuota, ScopedResourceSelectorRequirement } from '../../resources/generated/types.ts'
import { qualityOfService } from '../../resources/kinds/pod/quality-of-service.ts'
import type { Resource } from './resource-names.ts'

/** Whether an object is one of those that a quota is about. Scopes are about pods: a quota with scopes counts nothing else. */
export function isInScope(quota: ResourceQuota, { group, plural }: Resource, object: KubeObject): boolean {
  const { scopes = [], scopeSelector } = quota.spec ?? {}
  const expressions = scopeSelector?.matchExpressions ?? []
  if (scopes.length === 0 && expressions.length === 0) return true
  if (plural !== 'pods' || group !== '') return false
  const pod = object as Pod
  return scopes.every((scopeName) => holds(pod, { scopeName, operator: 'Exists' }))
    && expressions.every((expression) => holds(pod, expression))
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
