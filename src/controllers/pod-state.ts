import { findCondition } from '../objects/conditions.ts'
import type { Pod, PodCondition } from '../resources/generated/types.ts'
import { isTerminalPhase } from '../resources/kinds/pod/phase.ts'
import type { Instant } from '../words/instant.ts'
import { parseTime } from '../words/instant.ts'

/** Succeeded or Failed: its containers run no more and never will. */
export function isFinished(pod: Pod): boolean {
  return isTerminalPhase(pod.status?.phase)
}

/** Counts as one of its owner's replicas: neither finished nor being deleted. */
export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && pod.metadata.deletionTimestamp === undefined
}

export function readyCondition(pod: Pod): PodCondition | undefined {
  return findCondition(pod.status?.conditions, 'Ready')
}

export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === 'True'
}

/** When a ready pod has been (or will have been) ready for minReadySeconds; undefined while it is not ready. */
export function availableAt(pod: Pod, minReadySeconds: number): Instant | undefined {
  const ready = readyCondition(pod)
  if (ready?.status !== 'True') return undefined
  if (minReadySeconds === 0) return 0
  const since = parseTime(ready.lastTransitionTime ?? '')
  return since === undefined ? undefined : since + minReadySeconds * 1000
}
