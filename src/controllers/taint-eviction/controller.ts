import { keyOf, keyText } from '../../objects/kube-object.ts'
import type { Controller, Plan, Snapshot } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Node, Pod, Taint, Toleration } from '../../resources/generated/types.ts'
import type { Instant } from '../../words/instant.ts'
import { formatTime, parseTime } from '../../words/instant.ts'
import { ownKey, parseKey } from '../keys.ts'
import { isActive } from '../pod-state.ts'

export interface EvictionView {
  readonly pod: Pod
  /** NoExecute taints of the pod's node. */
  readonly taints: readonly Taint[]
}

/** Deletes pods from nodes with NoExecute taints, each when its tolerations of them end. */
export function taintEvictionController(): Controller<EvictionView> {
  return {
    name: 'taint-eviction-controller',
    account: 'node-controller',
    reads: [{ kind: kinds.Pod, keysOf: podOfTaintedNode }, { kind: kinds.Node, keysOf: podsOfTaintedNode }],
    writes: [kinds.Pod],
    observe,
    plan: planEviction,
  }
}

/** On any other node a pod's change means nothing; its node's taints come as the node's change. */
function podOfTaintedNode(pod: Pod, snapshot: Snapshot): readonly string[] {
  return taintsOfNode(pod, snapshot).length === 0 ? [] : ownKey(pod)
}

function podsOfTaintedNode(node: Node, snapshot: Snapshot): readonly string[] {
  if (evictingTaints(node).length === 0) return []
  return snapshot.list(kinds.Pod).filter((pod) => pod.spec?.nodeName === node.metadata.name).map((pod) => keyText(keyOf(pod)))
}

function observe(key: string, snapshot: Snapshot): EvictionView | undefined {
  const pod = snapshot.get(kinds.Pod, parseKey(key))
  if (pod === undefined || !isActive(pod)) return undefined
  const taints = taintsOfNode(pod, snapshot)
  return taints.length === 0 ? undefined : { pod, taints }
}

function taintsOfNode(pod: Pod, snapshot: Snapshot): readonly Taint[] {
  const node = snapshot.get(kinds.Node, { namespace: '', name: pod.spec?.nodeName ?? '' })
  return node === undefined ? [] : evictingTaints(node)
}

/** Asked for each change of each pod, and nearly always none. */
function evictingTaints(node: Node): readonly Taint[] {
  const taints = node.spec?.taints
  if (taints === undefined || taints.length === 0) return NO_TAINTS
  return taints.filter((taint) => taint.effect === 'NoExecute')
}

const NO_TAINTS: readonly Taint[] = []

/** Deletes a pod when the shortest of its tolerations of NoExecute taints has ended. */
export function planEviction({ pod, taints }: EvictionView, now: Instant): Plan {
  const ends = taints.map((taint) => endOfToleration(taint, pod.spec?.tolerations ?? [], now))
  const at = Math.min(...ends)
  const names = taints.map((taint) => taint.key).join(', ')
  if (at === Infinity) return { actions: [], why: `Tolerates ${names} for as long as it takes.` }
  if (at > now) return { actions: [], wakeAt: at, why: `Tolerates ${names} until ${formatTime(at)}; is then deleted.` }
  const { namespace = '', name = '', uid } = pod.metadata
  const condition = {
    type: 'DisruptionTarget', status: 'True', reason: 'DeletionByTaintManager', message: 'Taint manager: deleting due to NoExecute taint',
    lastTransitionTime: formatTime(now),
  }
  const body = { metadata: { uid }, status: { conditions: [condition] } }
  return {
    actions: [
      {
        verb: 'event',
        regarding: pod,
        type: 'Normal',
        reason: 'TaintManagerEviction',
        message: `Marking for deletion Pod ${namespace}/${name}`,
      },
      { verb: 'patch', kind: kinds.Pod, key: keyOf(pod), patch: { type: 'strategic', body }, subresource: 'status' },
      { verb: 'delete', kind: kinds.Pod, key: keyOf(pod), options: uid === undefined ? {} : { uid } },
    ],
    why: `Does not tolerate ${names} of its node (any longer): deletes it.`,
  }
}

/** The time up to which the pod may stay in spite of the taint: the shortest of the tolerations that match. */
function endOfToleration(taint: Taint, tolerations: readonly Toleration[], now: Instant): Instant {
  const matching = tolerations.filter((toleration) => tolerates(toleration, taint))
  if (matching.length === 0) return now
  const seconds = matching.flatMap(({ tolerationSeconds: seconds }) => (seconds === undefined ? [] : [Math.max(0, Number(seconds))]))
  if (seconds.length === 0) return Infinity
  return (parseTime(taint.timeAdded ?? '') ?? now) + Math.min(...seconds) * 1000
}

function tolerates({ key = '', operator = 'Equal', value = '', effect = '' }: Toleration, taint: Taint): boolean {
  if (effect !== '' && effect !== taint.effect) return false
  if (key !== '' && key !== taint.key) return false
  return operator === 'Exists' || (key !== '' && value === (taint.value ?? ''))
}
