import { keyOf } from '../../objects/kube-object.ts'
import type { Action, Failure, NameFn, Plan } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Pod, ReplicaSet } from '../../resources/generated/types.ts'
import type { Instant } from '../../words/instant.ts'
import { controllerReference } from '../ownership.ts'
import { isActive } from '../pod-state.ts'
import { statusPatch } from '../status-patch.ts'
import { inDeletionOrder } from './deletion-order.ts'
import { statusOf } from './status.ts'

export interface ReplicaSetView {
  readonly set: ReplicaSet
  /** Its pods, finished and ending ones too. */
  readonly pods: readonly Pod[]
  /** Active pods of all sets with the same controller: a node that carries many of them gives one up first. */
  readonly siblings: readonly Pod[]
  /** Adoptions and releases. */
  readonly claims: readonly Action[]
}

/** The most pods that one plan creates or deletes; the next plan goes on. */
const MAX_CHANGES = 500

/** One step towards spec.replicas pods, at most 500 pods at a time, and the status that goes with it. */
export function planReplicaSet(view: ReplicaSetView, now: Instant, name: NameFn, failure: Failure | undefined): Plan {
  const { set } = view
  const active = view.pods.filter(isActive)
  const wanted = set.spec?.replicas ?? 1
  const ofPods = failure !== undefined && failure.action.verb !== 'event' && failure.action.kind.plural === 'pods' ? failure : undefined
  const { status, nextAvailableAt } = statusOf(set, active, now, ofPods)
  const statusWrite = statusPatch(kinds.ReplicaSet, set, set.status, status)
  const ending = set.metadata.deletionTimestamp !== undefined
  const changes = ending ? [] : [...view.claims, ...podChanges(view, active, wanted, now, name)]
  return {
    // After a refusal the status tells of it before the next attempt, which may well be refused again.
    actions: ofPods === undefined ? [...changes, ...statusWrite] : [...failureEvents(set, ofPods), ...statusWrite, ...changes],
    ...(nextAvailableAt === undefined ? {} : { wakeAt: nextAvailableAt }),
    why: ending
      ? 'The set is being deleted: its pods are left to the garbage collector.'
      : explain(active.length, wanted, status.readyReplicas ?? 0, ofPods),
  }
}

function podChanges(view: ReplicaSetView, active: readonly Pod[], wanted: number, now: Instant, name: NameFn): readonly Action[] {
  const missing = wanted - active.length
  if (missing > 0) return Array.from({ length: Math.min(missing, MAX_CHANGES) }, () => creation(view.set, name())).flat()
  if (missing === 0) return []
  return inDeletionOrder(active, view.siblings, now).slice(0, Math.min(-missing, MAX_CHANGES)).flatMap((pod) => deletion(view.set, pod))
}

function creation(set: ReplicaSet, suffix: string): readonly Action[] {
  const template = set.spec?.template
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${set.metadata.name}-`,
      name: podName(set.metadata.name ?? '', suffix),
      namespace: set.metadata.namespace ?? '',
      ...(template?.metadata?.labels === undefined ? {} : { labels: template.metadata.labels }),
      ...(template?.metadata?.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
      ...(template?.metadata?.finalizers === undefined ? {} : { finalizers: template.metadata.finalizers }),
      ownerReferences: [controllerReference(set, kinds.ReplicaSet)],
    },
    ...(template?.spec === undefined ? {} : { spec: template.spec }),
  }
  return [
    { verb: 'create', kind: kinds.Pod, object: pod },
    { verb: 'event', regarding: set, type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${pod.metadata.name}` },
  ]
}

/** As metadata.generateName makes names: the base is cut so that the whole has at most 63 characters. */
function podName(setName: string, suffix: string): string {
  return `${`${setName}-`.slice(0, 63 - suffix.length)}${suffix}`
}

function deletion(set: ReplicaSet, pod: Pod): readonly Action[] {
  const uid = pod.metadata.uid === undefined ? {} : { uid: pod.metadata.uid }
  return [
    { verb: 'delete', kind: kinds.Pod, key: keyOf(pod), options: uid },
    { verb: 'event', regarding: set, type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${pod.metadata.name}` },
  ]
}

function failureEvents(set: ReplicaSet, failure: Failure): readonly Action[] {
  const creating = failure.action.verb === 'create'
  const message = creating ? `Error creating: ${failure.message}` : `Error deleting: ${failure.message}`
  return [{ verb: 'event', regarding: set, type: 'Warning', reason: creating ? 'FailedCreate' : 'FailedDelete', message }]
}

function explain(active: number, wanted: number, ready: number, failure: Failure | undefined): string {
  if (failure !== undefined) return `Has ${active} of ${wanted} pods; the last change was refused: ${failure.message}`
  if (active < wanted) return `Has ${active} of ${wanted} pods: creates ${Math.min(wanted - active, MAX_CHANGES)}.`
  if (active > wanted) return `Has ${active} pods and wants ${wanted}: deletes ${Math.min(active - wanted, MAX_CHANGES)}.`
  return ready === wanted
    ? `All ${wanted} pods are there and ready.`
    : `All ${wanted} pods are there, ${ready} ready: waits for the others.`
}
