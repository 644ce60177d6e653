import { keyOf } from '../../objects/kube-object.ts'
import type { Action, Failure, NameFn, Plan } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../resources/generated/types.ts'
import type { Instant } from '../../words/instant.ts'
import { statusPatch } from '../status-patch.ts'
import { REVISION, cleanUp, nextRevision, revisionNumber, rolloutOf } from './history.ts'
import { isScaling, scalings } from './proportional.ts'
import { newSetSize, oldSetScalings } from './rolling.ts'
import type { Rollout } from './rollout.ts'
import { isRolling, sizeOf, sum, wantedReplicas } from './rollout.ts'
import { newSetOf, refresh, scale, scalingEvent } from './sets.ts'
import type { Milestone } from './status.ts'
import {
  CREATED, CREATE_FAILED, FOUND, countedStatus, isComplete, progressDeadlineMs, progressing, rolloutStatus, withPause,
} from './status.ts'

export interface DeploymentView {
  readonly deployment: Deployment
  readonly sets: readonly ReplicaSet[]
  /** Some pod of a ReplicaSet with another template has not ended yet; only looked at for the strategy Recreate. */
  readonly oldPodsRun: boolean
  /** A foreign ReplicaSet has the name that the present template's would get. */
  readonly nameIsTaken: boolean
  /** Adoptions and releases. */
  readonly claims: readonly Action[]
}

/** What to do with the ReplicaSets now, and what that means for the condition Progressing. */
interface Step {
  readonly actions: readonly Action[]
  readonly milestone?: Milestone
  readonly why: string
}

/** The next step of a rollout. A step waits for the caches to show the one before, so each begins with what stands. */
export function planDeployment(view: DeploymentView, now: Instant, _name: NameFn, failure: Failure | undefined): Plan {
  const { deployment } = view
  // Adopted ReplicaSets count from the next plan on, when the cache shows them as owned.
  if (view.claims.length > 0) {
    return {
      actions: view.claims,
      why: `Takes or releases ${view.claims.length} ReplicaSets that its selector chooses or no longer chooses.`,
    }
  }
  const rollout = rolloutOf(deployment, view.sets)
  if (deployment.metadata.deletionTimestamp !== undefined) {
    return {
      actions: writeStatus(deployment, countedStatus(rollout, now)),
      why: 'The deployment is being deleted: its ReplicaSets are left to the garbage collector.',
    }
  }
  if (deployment.spec?.paused === true || isScaling(rollout)) return planScaling(rollout, now)
  if (view.nameIsTaken && rollout.newSet === undefined) return planCollision(deployment)
  return planRollout(rollout, view, now, failure)
}

/** Paused, or only the size changed: no rollout step, no judgement of progress. */
function planScaling(rollout: Rollout, now: Instant): Plan {
  const { deployment } = rollout
  const paused = deployment.spec?.paused === true
  const fresh = refresh(rollout)
  if (fresh.length > 0) return { actions: fresh, why: `Brings the annotations of ReplicaSet ${rollout.newSet?.metadata.name} up to date.` }
  const counted = countedStatus(rollout, now)
  const status = { ...counted, conditions: [...withPause(deployment, counted.conditions ?? [], now)] }
  const changes = scalings(rollout).flatMap((scaling) => scale(deployment, scaling))
  const revision = rollout.newSet === undefined ? [] : writeRevision(rollout)
  const actions = [...changes, ...(paused ? cleanUp(rollout) : []), ...revision, ...writeStatus(deployment, status)]
  return {
    actions,
    why: paused
      ? 'The rollout is paused: only the size is kept.'
      : `Spreads the new size ${wantedReplicas(deployment)} over the active ReplicaSets.`,
  }
}

function planCollision(deployment: Deployment): Plan {
  const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
  return {
    actions: writeStatus(deployment, { ...deployment.status, collisionCount }),
    why: `A foreign ReplicaSet has the name of the new one: takes another name (collision ${collisionCount}).`,
  }
}

function planRollout(rollout: Rollout, view: DeploymentView, now: Instant, failure: Failure | undefined): Plan {
  const { deployment } = rollout
  const failed = creationFailure(rollout, failure)
  const step = isRolling(deployment) ? rollingStep(rollout) : recreateStep(rollout, view.oldPodsRun)
  const { status, wakeAt } = rolloutStatus(rollout, failed ?? step.milestone ?? found(rollout), now)
  const statusWrite = writeStatus(deployment, status)
  const actions =
    failed === undefined ? [...step.actions, ...statusWrite] : [failureEvent(deployment, failed), ...statusWrite, ...step.actions]
  return { actions, ...(wakeAt === undefined ? {} : { wakeAt }), why: failed?.message ?? step.why }
}

function rollingStep(rollout: Rollout): Step {
  const { deployment, newSet, oldSets, allSets } = rollout
  if (newSet === undefined) return creation(rollout)
  const refreshed = refreshStep(rollout, newSet)
  if (refreshed !== undefined) return refreshed
  const revision = writeRevision(rollout)
  const wanted = wantedReplicas(deployment)
  const size = newSetSize(rollout)
  const growth = scale(deployment, { set: newSet, size })
  if (growth.length > 0) return { actions: [...growth, ...revision], why: `Gives the new ReplicaSet ${size} of ${wanted} replicas.` }
  const shrinking = oldSetScalings(rollout).flatMap((scaling) => scale(deployment, scaling))
  if (shrinking.length > 0) return { actions: [...shrinking, ...revision], why: 'Takes replicas away from old ReplicaSets.' }
  if (isComplete(deployment, deployment.status ?? {})) {
    return { actions: [...revision, ...cleanUp(rollout)], why: `All ${wanted} replicas run the present template.` }
  }
  const old = sum(oldSets, sizeOf)
  const available = sum(allSets, (set) => set.status?.availableReplicas ?? 0)
  return { actions: revision, why: `Waits for pods to become available: ${available} are, ${sizeOf(newSet)} replicas are new, ${old} old.` }
}

function recreateStep(rollout: Rollout, oldPodsRun: boolean): Step {
  const { deployment, newSet, oldSets } = rollout
  const shrinking = oldSets.filter((set) => sizeOf(set) > 0).flatMap((set) => scale(deployment, { set, size: 0 }))
  if (shrinking.length > 0) return { actions: shrinking, why: 'Stops all old replicas before any new one starts.' }
  if (oldPodsRun || sum(oldSets, (set) => set.status?.replicas ?? 0) > 0) {
    return { actions: [], why: 'Waits for the old pods to end before any new one starts.' }
  }
  if (newSet === undefined) return creation(rollout)
  const refreshed = refreshStep(rollout, newSet)
  if (refreshed !== undefined) return refreshed
  const growth = scale(deployment, { set: newSet, size: wantedReplicas(deployment) })
  const complete = isComplete(deployment, deployment.status ?? {})
  const actions = [...growth, ...writeRevision(rollout), ...(complete ? cleanUp(rollout) : [])]
  return {
    actions,
    why: complete ? `All ${wantedReplicas(deployment)} replicas run the present template.` : 'Waits for the new pods to become available.',
  }
}

/** Undefined when the new ReplicaSet says already what the deployment says. */
function refreshStep(rollout: Rollout, newSet: ReplicaSet): Step | undefined {
  const changes = refresh(rollout)
  if (changes.length === 0) return undefined
  const why = `Brings the annotations of ReplicaSet ${newSet.metadata.name} up to date.`
  return { actions: [...changes, ...writeRevision(rollout)], why }
}

function creation(rollout: Rollout): Step {
  const { deployment } = rollout
  const set = newSetOf(rollout)
  const size = sizeOf(set)
  const create: Action = { verb: 'create', kind: kinds.ReplicaSet, object: set }
  const actions = [create, ...(size > 0 ? [scalingEvent(deployment, set, 0, size)] : []), ...writeRevision(rollout)]
  const milestone = { status: 'True', reason: CREATED, message: `Created new replica set "${set.metadata.name}"` } as const
  return { actions, milestone, why: `Creates ReplicaSet ${set.metadata.name} for the present template with ${size} replicas.` }
}

/** A new ReplicaSet that another controller instance made, or that a rollback came back to. */
function found({ deployment, newSet }: Rollout): Milestone | undefined {
  if (newSet === undefined || progressDeadlineMs(deployment) === undefined) return undefined
  if (progressing(deployment.status?.conditions ?? []) !== undefined) return undefined
  return { status: 'True', reason: FOUND, message: `Found new replica set "${newSet.metadata.name}"` }
}

function creationFailure({ newSet }: Rollout, failure: Failure | undefined): Milestone | undefined {
  if (newSet !== undefined || failure?.action.verb !== 'create') return undefined
  const { name } = failure.action.object.metadata
  return { status: 'False', reason: CREATE_FAILED, message: `Failed to create new replica set "${name}": ${failure.message}` }
}

function failureEvent(deployment: Deployment, { message }: Milestone): Action {
  return { verb: 'event', regarding: deployment, type: 'Warning', reason: 'FailedCreate', message }
}

/** By way of the status: metadata.generation counts what its owner wants, and upstream counts the annotations in. */
function writeRevision(rollout: Rollout): readonly Action[] {
  const { deployment } = rollout
  const revision = nextRevision(rollout)
  if (revisionNumber(deployment) === revision) return []
  const body = { metadata: { uid: deployment.metadata.uid, annotations: { [REVISION]: String(revision) } } }
  return [{ verb: 'patch', kind: kinds.Deployment, key: keyOf(deployment), patch: { type: 'merge', body }, subresource: 'status' }]
}

function writeStatus(deployment: Deployment, status: DeploymentStatus): readonly Action[] {
  return statusPatch(kinds.Deployment, deployment, deployment.status, status)
}
