import { findCondition } from '../../objects/conditions.ts'
import type { Deployment, DeploymentCondition, DeploymentStatus } from '../../resources/generated/types.ts'
import type { Instant } from '../../words/instant.ts'
import { formatTime, parseTime } from '../../words/instant.ts'
import type { Rollout } from './rollout.ts'
import { availableOf, bounds, sizeOf, sum, wantedReplicas } from './rollout.ts'

const NO_DEADLINE = 2_147_483_647

/** Reasons of the Progressing condition; kubectl rollout status looks at them. */
export const CREATED = 'NewReplicaSetCreated'
export const FOUND = 'FoundNewReplicaSet'
const UPDATED = 'ReplicaSetUpdated'
const COMPLETE = 'NewReplicaSetAvailable'
const TIMED_OUT = 'ProgressDeadlineExceeded'
export const CREATE_FAILED = 'ReplicaSetCreateError'
const PAUSED = 'DeploymentPaused'
const RESUMED = 'DeploymentResumed'

/** A Progressing condition that an action of this plan brings about: a ReplicaSet was created, found, or could not be created. */
export interface Milestone {
  readonly status: 'True' | 'False'
  readonly reason: string
  readonly message: string
}

/** How long a rollout may stand still before it is said to have failed; undefined: for ever. */
export function progressDeadlineMs(deployment: Deployment): number | undefined {
  const seconds = deployment.spec?.progressDeadlineSeconds
  return seconds === undefined || seconds === NO_DEADLINE ? undefined : seconds * 1000
}

/** The status that the ReplicaSets' statuses add up to, with the condition Available. */
export function countedStatus({ deployment, newSet, allSets }: Rollout, now: Instant): DeploymentStatus {
  const availableReplicas = sum(allSets, availableOf)
  const enough = availableReplicas >= wantedReplicas(deployment) - bounds(deployment).maxUnavailable
  const available = enough
    ? { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable', message: 'Deployment has minimum availability.' }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      }
  const { collisionCount } = deployment.status ?? {}
  return withoutZeros({
    observedGeneration: deployment.metadata.generation ?? 0,
    replicas: sum(allSets, (set) => set.status?.replicas ?? 0),
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: sum(allSets, (set) => set.status?.readyReplicas ?? 0),
    availableReplicas,
    unavailableReplicas: Math.max(0, sum(allSets, sizeOf) - availableReplicas),
    ...(collisionCount === undefined ? {} : { collisionCount }),
    conditions: withCondition(deployment.status?.conditions ?? [], available, now),
  })
}

/** Zeros are left out, as the API's encoding does, so that a status compares equal to itself read back. */
function withoutZeros(status: DeploymentStatus): DeploymentStatus {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== 0))
}

/** All replicas are of the present template and available, and no others are left. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = wantedReplicas(deployment)
  return (status.updatedReplicas ?? 0) === wanted && (status.replicas ?? 0) === wanted && (status.availableReplicas ?? 0) === wanted
    && (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
}

function hasProgressed(before: DeploymentStatus, after: DeploymentStatus): boolean {
  const old = (status: DeploymentStatus): number => (status.replicas ?? 0) - (status.updatedReplicas ?? 0)
  return (after.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) || old(after) < old(before)
    || (after.readyReplicas ?? 0) > (before.readyReplicas ?? 0) || (after.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
}

/** While paused, and when resumed, progress is unknown: the deadline's clock stands still and then starts anew. */
export function withPause(
  deployment: Deployment,
  conditions: readonly DeploymentCondition[],
  now: Instant
): readonly DeploymentCondition[] {
  if (progressDeadlineMs(deployment) === undefined) return conditions
  const reason = progressing(conditions)?.reason
  const paused = deployment.spec?.paused === true
  if (reason === TIMED_OUT) return conditions
  if (paused && reason !== PAUSED) {
    return withCondition(conditions, { type: 'Progressing', status: 'Unknown', reason: PAUSED, message: 'Deployment is paused' }, now)
  }
  if (!paused && reason === PAUSED) {
    return withCondition(conditions, { type: 'Progressing', status: 'Unknown', reason: RESUMED, message: 'Deployment is resumed' }, now)
  }
  return conditions
}

/** The conditions of a rollout under way: complete, progressing, or stuck beyond its deadline; and what holds its ReplicaSets up. */
export function rolloutStatus(
  rollout: Rollout,
  milestone: Milestone | undefined,
  now: Instant
): { status: DeploymentStatus; wakeAt?: Instant } {
  const { deployment } = rollout
  const status = countedStatus(rollout, now)
  const deadlineMs = progressDeadlineMs(deployment)
  let conditions = withPause(deployment, status.conditions ?? [], now)
  if (milestone !== undefined && deadlineMs !== undefined) {
    conditions = withCondition(conditions, { type: 'Progressing', ...milestone }, now)
  }
  if (deadlineMs === undefined) conditions = conditions.filter((condition) => condition.type !== 'Progressing')
  else conditions = withProgress(rollout, status, conditions, deadlineMs, now)
  const finished = { ...status, conditions: withReplicaFailure(rollout, conditions, now) }
  const current = progressing(conditions)
  const pending =
    deadlineMs !== undefined
    && current !== undefined
    && !isComplete(deployment, status)
    && current.reason !== TIMED_OUT
    && current.reason !== COMPLETE
  return pending
    ? { status: finished, wakeAt: (parseTime(current.lastUpdateTime ?? '') ?? now) + deadlineMs + 1_000 }
    : { status: finished }
}

function withProgress(
  { deployment, newSet }: Rollout, status: DeploymentStatus, conditions: readonly DeploymentCondition[], deadlineMs: number, now: Instant,
): readonly DeploymentCondition[] {
  const current = progressing(conditions)
  const subject = newSet === undefined ? `Deployment "${deployment.metadata.name}"` : `ReplicaSet "${newSet.metadata.name}"`
  // A rollout that was complete once stays complete: pods that fail later are no failure of the rollout.
  if ((status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === COMPLETE) return conditions
  if (isComplete(deployment, status)) {
    return withCondition(
      conditions,
      { type: 'Progressing', status: 'True', reason: COMPLETE, message: `${subject} has successfully progressed.` },
      now
    )
  }
  if (hasProgressed(deployment.status ?? {}, status)) {
    const updated = {
      type: 'Progressing',
      status: 'True',
      reason: UPDATED,
      message: `${subject} is progressing.`,
      lastUpdateTime: formatTime(now),
    }
    const since = current?.status === 'True' ? (current.lastTransitionTime ?? formatTime(now)) : formatTime(now)
    return [...conditions.filter(({ type }) => type !== 'Progressing'), { ...updated, lastTransitionTime: since }]
  }
  const since = parseTime(current?.lastUpdateTime ?? '')
  const late = since !== undefined && current?.reason !== COMPLETE && now > since + deadlineMs
  if (!late && current?.reason !== TIMED_OUT) return conditions
  return withCondition(
    conditions,
    { type: 'Progressing', status: 'False', reason: TIMED_OUT, message: `${subject} has timed out progressing.` },
    now
  )
}

/** A ReplicaSet that cannot create its pods says so; the new one's trouble comes first. */
function withReplicaFailure({ newSet, allSets }: Rollout, conditions: readonly DeploymentCondition[], now: Instant): DeploymentCondition[] {
  const sets = newSet === undefined ? allSets : [newSet, ...allSets]
  const failure = sets.flatMap((set) => set.status?.conditions ?? []).find(({ type }) => type === 'ReplicaFailure')
  if (failure === undefined) return conditions.filter(({ type }) => type !== 'ReplicaFailure')
  const { status, reason = '', message = '' } = failure
  return withCondition(conditions, { type: 'ReplicaFailure', status, reason, message }, now)
}

export function progressing(conditions: readonly DeploymentCondition[]): DeploymentCondition | undefined {
  return findCondition(conditions, 'Progressing')
}

/** The same status for the same reason changes nothing; only a new status moves lastTransitionTime. */
function withCondition(
  conditions: readonly DeploymentCondition[],
  condition: DeploymentCondition,
  now: Instant
): DeploymentCondition[] {
  const current = conditions.find(({ type }) => type === condition.type)
  if (current?.status === condition.status && current.reason === condition.reason) return [...conditions]
  const time = formatTime(now)
  const lastTransitionTime = current?.status === condition.status ? current.lastTransitionTime ?? time : time
  return [...conditions.filter(({ type }) => type !== condition.type), { ...condition, lastUpdateTime: time, lastTransitionTime }]
}
