import { findCondition } from '../../objects/conditions.ts'
import { selectsByMap } from '../../objects/selects.ts'
import type { Failure } from '../../reconcile/controller.ts'
import type { Pod, ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from '../../resources/generated/types.ts'
import type { Instant } from '../../words/instant.ts'
import { formatTime } from '../../words/instant.ts'
import { availableAt, isReady } from '../pod-state.ts'

/** What the pods that the cache shows make of the set's status; when a pod becomes available next is for the wake. */
export function statusOf(
  set: ReplicaSet,
  pods: readonly Pod[],
  now: Instant,
  failure: Failure | undefined
): { status: ReplicaSetStatus; nextAvailableAt?: Instant } {
  const minReadySeconds = set.spec?.minReadySeconds ?? 0
  const templateLabels = set.spec?.template?.metadata?.labels
  let fullyLabeledReplicas = 0
  let readyReplicas = 0
  let availableReplicas = 0
  let nextAvailableAt: Instant | undefined
  for (const pod of pods) {
    if (selectsByMap(templateLabels, pod.metadata.labels)) fullyLabeledReplicas += 1
    if (isReady(pod)) readyReplicas += 1
    const at = availableAt(pod, minReadySeconds)
    if (at === undefined) continue
    if (at <= now) availableReplicas += 1
    else nextAvailableAt = Math.min(at, nextAvailableAt ?? at)
  }
  const conditions = conditionsOf(set, failure, now)
  const status: ReplicaSetStatus = {
    replicas: pods.length,
    ...(fullyLabeledReplicas === 0 ? {} : { fullyLabeledReplicas }),
    ...(readyReplicas === 0 ? {} : { readyReplicas }),
    ...(availableReplicas === 0 ? {} : { availableReplicas }),
    observedGeneration: set.metadata.generation ?? 0,
    ...(conditions.length === 0 ? {} : { conditions }),
  }
  return nextAvailableAt === undefined ? { status } : { status, nextAvailableAt }
}

/** ReplicaFailure stands exactly while pods cannot be created or deleted. */
function conditionsOf(set: ReplicaSet, failure: Failure | undefined, now: Instant): ReplicaSetCondition[] {
  const current = set.status?.conditions ?? []
  const others = current.filter((condition) => condition.type !== 'ReplicaFailure')
  if (failure === undefined) return others
  const reason = failure.action.verb === 'create' ? 'FailedCreate' : 'FailedDelete'
  const standing = findCondition(current, 'ReplicaFailure')
  if (standing?.reason === reason && standing.status === 'True') return current
  return [...others, { type: 'ReplicaFailure', status: 'True', reason, message: failure.message, lastTransitionTime: formatTime(now) }]
}
