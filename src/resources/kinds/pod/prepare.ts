import type {
  Affinity, LabelSelectorRequirement, Pod, PodAffinity, PodAffinityTerm, PodSpec, PodStatus,
} from '../../generated/types.ts'
import { keepMetadata, keepStatus } from '../../plain-resource.ts'
import type { PrepareContext } from '../../definition.ts'
import { formatTime } from '../../../words/instant.ts'
import { alignAppArmor } from './app-armor.ts'
import { qualityOfService } from './quality-of-service.ts'
import { withoutUnserved } from './unserved-fields.ts'
import { labelValue } from '../../../objects/label-value.ts'

export function prepareForCreate(draft: Pod, context: PrepareContext): void {
  const spec = draft.spec ?? { containers: [] }
  draft.spec = withLabelKeys(withoutUnserved(spec), draft.metadata.labels ?? {})
  alignAppArmor(draft, context)
  const status: PodStatus = { phase: 'Pending', qosClass: qualityOfService(draft.spec) }
  if ((draft.spec.schedulingGates ?? []).length > 0) {
    status.conditions = [{
      type: 'PodScheduled', status: 'False', reason: 'SchedulingGated', lastTransitionTime: formatTime(context.now),
      message: 'Scheduling is blocked due to non-empty scheduling gates',
    }]
  }
  draft.status = status
}

export function prepareForUpdate(draft: Pod, old: Pod): void {
  if (draft.spec !== undefined) draft.spec = withoutUnserved(draft.spec)
  keepStatus(draft, old)
}

/** The status door: the node and the scheduler write here. Who owns the pod is none of their business. */
export function prepareStatusForUpdate(draft: Pod, old: Pod): void {
  if (old.spec !== undefined) draft.spec = old.spec
  const { ownerReferences: _, deletionTimestamp: __, ...metadata } = draft.metadata
  const { ownerReferences, deletionTimestamp } = old.metadata
  draft.metadata = {
    ...metadata,
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
  }
  const qosClass = old.status?.qosClass
  if ((draft.status?.qosClass ?? '') === '' && qosClass !== undefined) draft.status = { ...draft.status, qosClass }
}

/** For the subresource ephemeralcontainers: takes only these containers over. */
export function prepareEphemeralContainers(draft: Pod, old: Pod): void {
  const { ephemeralContainers: _, ...spec } = old.spec ?? { containers: [] }
  const containers = draft.spec?.ephemeralContainers
  draft.spec = withoutUnserved(containers === undefined ? spec : { ...spec, ephemeralContainers: containers })
  keepStatus(draft, old)
  keepMetadata(draft, old)
}

/** KEP-3633: matchLabelKeys and mismatchLabelKeys become requirements of the selector with this pod's own values. */
function withLabelKeys(spec: PodSpec, labels: Readonly<Record<string, string>>): PodSpec {
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {}
  if (!usesLabelKeys(podAffinity) && !usesLabelKeys(podAntiAffinity)) return spec
  const affinity: Affinity = { ...spec.affinity }
  if (podAffinity !== undefined) affinity.podAffinity = resolved(podAffinity, labels)
  if (podAntiAffinity !== undefined) affinity.podAntiAffinity = resolved(podAntiAffinity, labels)
  return { ...spec, affinity }
}

function termsOf(affinity: PodAffinity | undefined): readonly PodAffinityTerm[] {
  const preferred = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  return [...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []), ...preferred.map(({ podAffinityTerm }) => podAffinityTerm)]
}

function usesLabelKeys(affinity: PodAffinity | undefined): boolean {
  if (affinity === undefined) return false
  return termsOf(affinity).some((term) => term?.matchLabelKeys !== undefined || term?.mismatchLabelKeys !== undefined)
}

function resolved(affinity: PodAffinity, labels: Readonly<Record<string, string>>): PodAffinity {
  const needed = affinity.requiredDuringSchedulingIgnoredDuringExecution
  const preferred = affinity.preferredDuringSchedulingIgnoredDuringExecution
  return {
    ...(needed === undefined ? {} : { requiredDuringSchedulingIgnoredDuringExecution: needed.map((term) => resolvedTerm(term, labels)) }),
    ...(preferred === undefined ? {} : {
      preferredDuringSchedulingIgnoredDuringExecution: preferred.map((weighted) => (
        { ...weighted, podAffinityTerm: resolvedTerm(weighted.podAffinityTerm, labels) }
      )),
    }),
  }
}

function resolvedTerm(term: PodAffinityTerm, labels: Readonly<Record<string, string>>): PodAffinityTerm {
  const selector = term?.labelSelector
  if (selector === undefined) return term
  const requirements = (keys: readonly string[] | undefined, operator: 'In' | 'NotIn'): LabelSelectorRequirement[] =>
    (keys ?? []).flatMap((key) => {
      const value = labelValue(labels, key)
      return value === undefined ? [] : [{ key, operator, values: [value] }]
    })
  const added = [...requirements(term.matchLabelKeys, 'In'), ...requirements(term.mismatchLabelKeys, 'NotIn')]
  if (added.length === 0) return term
  return { ...term, labelSelector: { ...selector, matchExpressions: [...(selector.matchExpressions ?? []), ...added] } }
}
