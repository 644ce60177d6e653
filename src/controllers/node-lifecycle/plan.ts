import { findCondition } from '../../objects/conditions.ts'
import { sameJson } from '../../objects/json.ts'
import { keyOf } from '../../objects/kube-object.ts'
import type { Action, Plan } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Lease, Node, NodeCondition, Pod, Taint } from '../../resources/generated/types.ts'
import type { Instant } from '../../words/instant.ts'
import { formatTime } from '../../words/instant.ts'
import { isReady } from '../pod-state.ts'
import { GRACE_MS, lastSign, readyStatus, silentConditions } from './health.ts'
import { wantedTaints } from './taints.ts'

export interface NodeView {
  readonly node: Node
  readonly lease: Lease | undefined
  /** Those of the same zone, this one too; gathered only where this one is in trouble. */
  zone(): readonly Node[]
  /** On this node; only gathered when it is not ready. */
  readonly pods: readonly Pod[]
  readonly startedAt: Instant
}

const MAX_POD_WRITES = 200
/** From this share of a zone's nodes on the trouble is taken for the network's or the control plane's, not the nodes'. */
const DISRUPTED_SHARE = 0.55
const DISRUPTED_NODES = 3
/** Ready nodes that come and go change a zone too. */
const ZONE_AGAIN_MS = 30_000

/** Watches for nodes that fall silent; says so in their conditions, and keeps pods away with taints. */
export function planNode(view: NodeView, now: Instant): Plan {
  const { node } = view
  const silentAt = lastSign(node, view.lease, view.startedAt) + GRACE_MS
  const silent = now > silentAt
  const conditions = silent ? silentConditions(node, now) : node.status?.conditions ?? []
  const changes = silent && !sameJson(conditions, node.status?.conditions ?? []) ? fallSilent(node, conditions) : []
  const ready = findCondition(conditions, 'Ready')?.status ?? 'Unknown'
  const disruption = ready === 'True' ? undefined : disruptionOf(view.zone(), node)
  const taints = wantedTaints(node, conditions, disruption === undefined, now)
  const taintWrite = sameJson(taints, node.spec?.taints ?? []) ? [] : [taintPatch(node, taints)]
  // A node that says itself that it is not ready speaks for its pods too: to contradict it would be answered at once, and so on.
  const podWrites = !silent ? [] : view.pods.filter(isReady).slice(0, MAX_POD_WRITES).map((pod) => unready(pod, now))
  return {
    actions: [...changes, ...taintWrite, ...podWrites],
    ...wakingAt({ silentAt, isSilent: silent, disruption }, now),
    why: explain(ready, silent, disruption, now - silentAt + GRACE_MS),
  }
}

interface Waking {
  readonly silentAt: Instant
  readonly isSilent: boolean
  readonly disruption: string | undefined
}

function wakingAt({ silentAt, isSilent, disruption }: Waking, now: Instant): Pick<Plan, 'wakeAt'> {
  if (disruption !== undefined) return { wakeAt: isSilent ? now + ZONE_AGAIN_MS : Math.min(silentAt + 1, now + ZONE_AGAIN_MS) }
  return isSilent ? {} : { wakeAt: silentAt + 1 }
}

function fallSilent(node: Node, conditions: readonly NodeCondition[]): readonly Action[] {
  const body = { metadata: { uid: node.metadata.uid, resourceVersion: node.metadata.resourceVersion }, status: { conditions } }
  return [
    { verb: 'patch', kind: kinds.Node, key: keyOf(node), patch: { type: 'merge', body }, subresource: 'status' },
    {
      verb: 'event',
      regarding: node,
      type: 'Normal',
      reason: 'NodeNotReady',
      message: `Node ${node.metadata.name} status is now: NodeNotReady`,
    },
  ]
}

/** No resourceVersion: the status write of this plan has just changed it. Taints of others are in the list that was read. */
function taintPatch(node: Node, taints: readonly Taint[]): Action {
  const body = { metadata: { uid: node.metadata.uid }, spec: { taints: taints.length === 0 ? null : taints } }
  return { verb: 'patch', kind: kinds.Node, key: keyOf(node), patch: { type: 'merge', body } }
}

/** Services must not send to a pod that nobody vouches for. */
function unready(pod: Pod, now: Instant): Action {
  const time = formatTime(now)
  const conditions = (pod.status?.conditions ?? []).map((condition) =>
    condition.type === 'Ready' ? { ...condition, status: 'False', lastTransitionTime: time } : condition
  )
  const body = { metadata: { uid: pod.metadata.uid, resourceVersion: pod.metadata.resourceVersion }, status: { conditions } }
  return { verb: 'patch', kind: kinds.Pod, key: keyOf(pod), patch: { type: 'merge', body }, subresource: 'status' }
}

/** Why pods are not evicted although the node is not ready; undefined where they may be. */
function disruptionOf(zone: readonly Node[], node: Node): string | undefined {
  const notReady = zone.filter((other) => other.metadata.uid === node.metadata.uid || readyStatus(other) !== 'True').length
  if (notReady === zone.length) return 'no node of its zone is ready'
  if (notReady >= DISRUPTED_NODES && notReady / zone.length >= DISRUPTED_SHARE) {
    return `${notReady} of ${zone.length} nodes of its zone are not ready`
  }
  return undefined
}

function explain(ready: string, silent: boolean, disruption: string | undefined, silenceMs: number): string {
  if (ready === 'True') return 'The node is ready.'
  const state = silent ? `The node has been silent for ${Math.round(silenceMs / 1000)} s` : 'The node says that it is not ready'
  return disruption === undefined
    ? `${state}: its pods are evicted when their tolerations end.`
    : `${state}; its pods stay, because ${disruption}.`
}
