import type { Deployment, ReplicaSet } from '../../resources/generated/types.ts'
import type { Rollout, Scaling } from './rollout.ts'
import { DESIRED_REPLICAS, MAX_REPLICAS, availableOf, byAge, isRolling, maxTotal, sizeOf, sum, wantedReplicas } from './rollout.ts'

/** The deployment's size changed (not its template) since its active ReplicaSets were last scaled. */
export function isScaling({ deployment, allSets }: Rollout): boolean {
  // Recreate has no shares to give: several active ReplicaSets (adopted ones, say) are a matter of its rollout, which ends the old ones.
  if (!isRolling(deployment) && allSets.filter((set) => sizeOf(set) > 0).length > 1) return false
  return allSets.some((set) => {
    const desired = annotatedNumber(set, DESIRED_REPLICAS)
    return sizeOf(set) > 0 && desired !== undefined && desired !== wantedReplicas(deployment)
  })
}

/**
 * Sizes after a change of spec.replicas in the middle of a rollout or while it is paused: one active ReplicaSet takes it all, several share
 * it in proportion to their sizes, so that the mix of old and new stays as it is.
 */
export function scalings(rollout: Rollout): readonly Scaling[] {
  const { deployment, newSet, oldSets } = rollout
  const wanted = wantedReplicas(deployment)
  const single = onlyOne(rollout)
  if (single !== undefined) return [{ set: single, size: wanted }]
  if (newSet !== undefined && isSaturated(newSet, wanted)) return oldSets.filter((set) => sizeOf(set) > 0).map((set) => ({ set, size: 0 }))
  return isRolling(deployment) ? shares(rollout) : []
}

/** The one active ReplicaSet; where none is active, the new one or else the youngest. */
function onlyOne({ newSet, allSets }: Rollout): ReplicaSet | undefined {
  const active = allSets.filter((set) => sizeOf(set) > 0)
  if (active.length === 1) return active[0]
  return active.length === 0 ? newSet ?? [...allSets].sort(byAge).at(-1) : undefined
}

function isSaturated(newSet: ReplicaSet, wanted: number): boolean {
  return sizeOf(newSet) === wanted && annotatedNumber(newSet, DESIRED_REPLICAS) === wanted && availableOf(newSet) === wanted
}

function shares({ deployment, allSets }: Rollout): readonly Scaling[] {
  const active = allSets.filter((set) => sizeOf(set) > 0)
  const allowed = wantedReplicas(deployment) > 0 ? maxTotal(deployment) : 0
  const toAdd = allowed - sum(active, sizeOf)
  // What rounding leaves over goes to the largest; of equals a growth favours the younger, a shrinking takes from the older.
  const bySize = [...active].sort((a, b) => sizeOf(b) - sizeOf(a) || (toAdd > 0 ? byAge(b, a) : byAge(a, b)))
  let added = 0
  const sizes = bySize.map((set) => {
    const share = shareOf(set, deployment, toAdd, added)
    added += share
    return { set, size: sizeOf(set) + share }
  })
  let leftOver = toAdd - added
  return sizes.map(({ set, size }) => {
    const final = Math.max(0, size + leftOver)
    leftOver -= final - size
    return { set, size: final }
  })
}

function shareOf(set: ReplicaSet, deployment: Deployment, toAdd: number, added: number): number {
  if (toAdd === 0 || toAdd === added) return 0
  const fraction = fractionOf(set, deployment)
  // Annotations that do not fit the sizes (someone scaled a ReplicaSet by hand) must not turn a growth into a shrinking.
  return toAdd > 0 ? Math.max(0, Math.min(fraction, toAdd - added)) : Math.min(0, Math.max(fraction, toAdd - added))
}

/** Size 5 of at most 10 before, at most 20 now -> 5 more. */
function fractionOf(set: ReplicaSet, deployment: Deployment): number {
  if (wantedReplicas(deployment) === 0) return -sizeOf(set)
  const before = annotatedNumber(set, MAX_REPLICAS) ?? 0
  const maxBefore = before > 0 ? before : deployment.status?.replicas ?? 0
  if (maxBefore === 0) return 0
  return Math.round((sizeOf(set) * maxTotal(deployment)) / maxBefore) - sizeOf(set)
}

function annotatedNumber(set: ReplicaSet, annotation: string): number | undefined {
  const text = set.metadata.annotations?.[annotation]
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}
