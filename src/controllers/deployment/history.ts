import type { Action } from '../../reconcile/controller.ts'
import { keyOf } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Deployment, ReplicaSet } from '../../resources/generated/types.ts'
import type { Rollout } from './rollout.ts'
import { DESIRED_REPLICAS, MAX_REPLICAS, byAge, maxTotal, sizeOf, wantedReplicas } from './rollout.ts'
import { sameTemplate } from './template-hash.ts'

export const REVISION = 'deployment.kubernetes.io/revision'
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history'
const MAX_HISTORY_CHARACTERS = 2_000
const NO_LIMIT = 2_147_483_647

/** What describes the deployment's own state and must not spread to its ReplicaSets. */
const OWN_ANNOTATIONS: ReadonlySet<string> = new Set([
  'kubectl.kubernetes.io/last-applied-configuration', REVISION, REVISION_HISTORY, DESIRED_REPLICAS, MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
])

/** The ReplicaSet of the present template is the oldest that has it: a template that comes back finds its old ReplicaSet. */
export function rolloutOf(deployment: Deployment, sets: readonly ReplicaSet[]): Rollout {
  const allSets = [...sets].sort(byAge)
  const newSet = allSets.find((set) => sameTemplate(set.spec?.template, deployment.spec?.template))
  return { deployment, newSet, oldSets: allSets.filter((set) => set !== newSet), allSets }
}

export function revisionNumber(object: Deployment | ReplicaSet): number {
  const text = object.metadata.annotations?.[REVISION] ?? ''
  return /^\d+$/.test(text) ? Number(text) : 0
}

/** One above all old ReplicaSets' revisions, unless the present one is there already. */
export function nextRevision({ newSet, oldSets }: Rollout): number {
  const next = 1 + Math.max(0, ...oldSets.map(revisionNumber))
  return newSet === undefined ? next : Math.max(next, revisionNumber(newSet))
}

/** The annotations of the new ReplicaSet: the deployment's, its revision, and the revisions that it had before. */
export function newSetAnnotations(rollout: Rollout): Record<string, string> {
  const { deployment, newSet } = rollout
  const annotations: Record<string, string> = { ...newSet?.metadata.annotations }
  for (const [name, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!OWN_ANNOTATIONS.has(name)) annotations[name] = value
  }
  const before = annotations[REVISION]
  const revision = String(nextRevision(rollout))
  if (before !== undefined && before !== revision) annotations[REVISION_HISTORY] = withRevision(annotations[REVISION_HISTORY], before)
  annotations[REVISION] = revision
  return annotations
}

/** 1,3 and 5 -> 1,3,5; the oldest are dropped when the text grows too long. */
function withRevision(history: string | undefined, revision: string): string {
  const revisions = [...(history ?? '').split(',').filter((text) => text !== ''), revision]
  while (revisions.length > 1 && revisions.join(',').length > MAX_HISTORY_CHARACTERS) revisions.shift()
  return revisions.join(',')
}

export function replicasAnnotations(deployment: Deployment): Record<string, string> {
  return { [DESIRED_REPLICAS]: String(wantedReplicas(deployment)), [MAX_REPLICAS]: String(maxTotal(deployment)) }
}

/** Deletions of the oldest revisions beyond spec.revisionHistoryLimit, as far as they have no pods. */
export function cleanUp({ deployment, oldSets }: Rollout): readonly Action[] {
  const limit = deployment.spec?.revisionHistoryLimit
  if (limit === undefined || limit === NO_LIMIT) return []
  const kept = oldSets.filter((set) => set.metadata.deletionTimestamp === undefined).sort((a, b) => revisionNumber(a) - revisionNumber(b))
  const surplus = kept.slice(0, Math.max(0, kept.length - limit))
  return surplus.filter(isEmpty).map((set): Action => {
    const uid = set.metadata.uid === undefined ? {} : { uid: set.metadata.uid }
    return { verb: 'delete', kind: kinds.ReplicaSet, key: keyOf(set), options: { ...uid, propagationPolicy: 'Background' } }
  })
}

function isEmpty(set: ReplicaSet): boolean {
  const observed = (set.status?.observedGeneration ?? 0) >= (set.metadata.generation ?? 0)
  return sizeOf(set) === 0 && (set.status?.replicas ?? 0) === 0 && observed
}
