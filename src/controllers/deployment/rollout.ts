import type { Deployment, ReplicaSet } from '../../resources/generated/types.ts'
import { parseTime } from '../../words/instant.ts'

/** A deployment with its ReplicaSets, sorted out: the one of its present template, and the others from old to young. */
export interface Rollout {
  readonly deployment: Deployment
  readonly newSet: ReplicaSet | undefined
  readonly oldSets: readonly ReplicaSet[]
  readonly allSets: readonly ReplicaSet[]
}

export const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas'
export const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas'

export function wantedReplicas(deployment: Deployment): number {
  return deployment.spec?.replicas ?? 1
}

export function sizeOf(set: ReplicaSet): number {
  return set.spec?.replicas ?? 1
}

export function availableOf(set: ReplicaSet): number {
  return set.status?.availableReplicas ?? 0
}

export function isRolling(deployment: Deployment): boolean {
  return deployment.spec?.strategy?.type !== 'Recreate'
}

/** How many pods a rollout may have beyond the wanted ones, and how many of those may be missing. */
export function bounds(deployment: Deployment): { readonly maxSurge: number; readonly maxUnavailable: number } {
  const wanted = wantedReplicas(deployment)
  if (!isRolling(deployment)) return { maxSurge: 0, maxUnavailable: 0 }
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec?.strategy?.rollingUpdate ?? {}
  const surge = resolve(maxSurge, wanted, Math.ceil)
  const unavailable = resolve(maxUnavailable, wanted, Math.floor)
  // Both zero could never move: 1 may then be missing (percentages of a small number round to that).
  const allowed = surge === 0 && unavailable === 0 ? 1 : unavailable
  return { maxSurge: surge, maxUnavailable: wanted === 0 ? 0 : Math.min(allowed, wanted) }
}

/** 3 -> 3; '25%' of 10 -> 2.5, rounded. */
function resolve(value: number | string, total: number, round: (value: number) => number): number {
  if (typeof value === 'number') return value
  const percent = /^(\d+)%$/.exec(value)
  return percent === null ? 0 : round((Number(percent[1]) * total) / 100)
}

/** The most pods that may be there during a rolling update: replicas and maxSurge. */
export function maxTotal(deployment: Deployment): number {
  return wantedReplicas(deployment) + bounds(deployment).maxSurge
}

export function sum(sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number {
  return sets.reduce((total, set) => total + count(set), 0)
}

/** Older first; of the same second, by name. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const difference = (parseTime(a.metadata.creationTimestamp ?? '') ?? 0) - (parseTime(b.metadata.creationTimestamp ?? '') ?? 0)
  return difference !== 0 ? difference : (a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1
}

/** What a ReplicaSet should have: its size and what its annotations say of the deployment's. */
export interface Scaling {
  readonly set: ReplicaSet
  readonly size: number
}
