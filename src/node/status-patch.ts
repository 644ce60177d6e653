import { findCondition } from '../objects/conditions.ts'
import { sameJson } from '../objects/json.ts'
import type { PodCondition, PodStatus } from '../resources/generated/types.ts'

/** The fields of a pod's status that the node writes; all others belong to somebody else. */
const OWNED = [
  'containerStatuses', 'ephemeralContainerStatuses', 'hostIP', 'hostIPs', 'initContainerStatuses', 'message', 'phase', 'podIP', 'podIPs',
  'qosClass', 'reason', 'startTime',
] as const satisfies readonly (keyof PodStatus)[]

/**
 * A strategic merge patch of the status that carries no more than what differs; undefined: nothing does. Conditions and addresses are
 * merged by their keys there, so those of others stay and those that are gone must be deleted by name.
 */
export function statusPatch(base: PodStatus | undefined, wanted: PodStatus): object | undefined {
  const patch: Record<string, unknown> = {}
  for (const field of OWNED) {
    if (!sameJson(base?.[field], wanted[field])) patch[field] = field === 'podIPs' ? addressPatch(base, wanted) : (wanted[field] ?? null)
  }
  const isNew = (condition: PodCondition): boolean =>
    !sameJson(withoutProbeTime(findCondition(base?.conditions, condition.type)), condition)
  const conditions = (wanted.conditions ?? []).filter(isNew)
  if (conditions.length > 0) patch['conditions'] = conditions
  return Object.keys(patch).length === 0 ? undefined : patch
}

/** Nobody sets it; null and absent are the same. */
function withoutProbeTime(condition: PodCondition | undefined): object | undefined {
  if (condition === undefined) return undefined
  const { lastProbeTime: _, ...rest } = condition
  return rest
}

function addressPatch(base: PodStatus | undefined, wanted: PodStatus): readonly object[] {
  const kept = new Set(wanted.podIPs?.map(({ ip }) => ip))
  const gone = (base?.podIPs ?? []).filter(({ ip }) => !kept.has(ip))
  return [...gone.map(({ ip }) => ({ $patch: 'delete', ip })), ...(wanted.podIPs ?? [])]
}
