import type { ReplicaSet } from '../../resources/generated/types.ts'
import type { Rollout, Scaling } from './rollout.ts'
import { availableOf, bounds, isRolling, maxTotal, sizeOf, sum, wantedReplicas } from './rollout.ts'

/** How many pods the new ReplicaSet may have now: as many as are wanted, without more in all than the surge allows. */
export function newSetSize({ deployment, newSet, allSets }: Rollout): number {
  const wanted = wantedReplicas(deployment)
  const size = newSet === undefined ? 0 : sizeOf(newSet)
  if (!isRolling(deployment) || size >= wanted) return wanted
  const room = maxTotal(deployment) - sum(allSets, sizeOf)
  return room <= 0 ? size : size + Math.min(room, wanted - size)
}

/**
 * How far the old ReplicaSets may shrink. Pods that are not available go first, because that costs nothing; then available ones as long
 * as enough remain. Worked example: 10 wanted, maxUnavailable 2, old 8 (all available), new 4 (none available): 12 in all, at
 * least 8 must stay available, 4 of the new are not, so that 12 - 8 - 4 = 0 may go: wait.
 */
export function oldSetScalings({ deployment, newSet, oldSets, allSets }: Rollout): readonly Scaling[] {
  const minAvailable = wantedReplicas(deployment) - bounds(deployment).maxUnavailable
  const newUnavailable = newSet === undefined ? 0 : sizeOf(newSet) - availableOf(newSet)
  let mayGo = sum(allSets, sizeOf) - minAvailable - newUnavailable
  if (mayGo <= 0) return []
  const sizes = new Map<ReplicaSet, number>(oldSets.map((set) => [set, sizeOf(set)]))
  for (const set of oldSets) {
    const unavailable = Math.max(0, sizeOf(set) - availableOf(set))
    const goes = Math.min(mayGo, unavailable)
    sizes.set(set, sizeOf(set) - goes)
    mayGo -= goes
  }
  let surplus = sum(allSets, availableOf) - minAvailable
  for (const set of oldSets) {
    const size = sizes.get(set) ?? 0
    const goes = Math.max(0, Math.min(surplus, size))
    sizes.set(set, size - goes)
    surplus -= goes
  }
  return oldSets.flatMap((set) => {
    const size = sizes.get(set) ?? 0
    return size === sizeOf(set) ? [] : [{ set, size }]
  })
}
