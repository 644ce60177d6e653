import { keyOf, keyText } from '../../objects/kube-object.ts'
import type { Controller, Snapshot } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Node, Pod } from '../../resources/generated/types.ts'
import { parseKey } from '../keys.ts'
import { isFinished } from '../pod-state.ts'
import type { PodGarbageView } from './plan.ts'
import { planPodGarbage } from './plan.ts'

/** One key for the question whether there are too many finished pods; no pod's key is without a slash. */
const FINISHED = 'finished'

/** Removes pods that nobody else will: of vanished nodes, deleted before they had a node, finished beyond a number. */
export function podGarbageCollector(maxFinishedPods: number): Controller<PodGarbageView> {
  return {
    name: 'pod-garbage-collector',
    account: 'pod-garbage-collector',
    reads: [
      { kind: kinds.Pod, keysOf: (pod, snapshot) => podKeys(pod, snapshot, maxFinishedPods) },
      { kind: kinds.Node, keysOf: podsOfNode },
    ],
    writes: [kinds.Pod],
    observe: (key, snapshot) => (key === FINISHED ? { finished: finishedPods(snapshot), maxFinishedPods } : observePod(key, snapshot)),
    plan: planPodGarbage,
  }
}

/** Itself where nobody else looks after it; most pods concern this controller never. */
function podKeys(pod: Pod, snapshot: Snapshot, maxFinishedPods: number): readonly string[] {
  const keys = isOrphaned(pod, snapshot) || isNeverPlaced(pod) ? [keyText(keyOf(pod))] : []
  return isFinished(pod) && snapshot.count(kinds.Pod) > maxFinishedPods ? [...keys, FINISHED] : keys
}

function isOrphaned(pod: Pod, snapshot: Snapshot): boolean {
  const name = pod.spec?.nodeName ?? ''
  return name !== '' && snapshot.get(kinds.Node, { namespace: '', name }) === undefined
}

function isNeverPlaced(pod: Pod): boolean {
  return (pod.spec?.nodeName ?? '') === '' && pod.metadata.deletionTimestamp !== undefined
}

/** Its pods when it went; a node that is there concerns no pod. */
function podsOfNode(node: Node, snapshot: Snapshot): readonly string[] {
  const name = node.metadata.name ?? ''
  if (snapshot.get(kinds.Node, { namespace: '', name }) !== undefined) return []
  return snapshot.list(kinds.Pod).filter((pod) => pod.spec?.nodeName === name).map((pod) => keyText(keyOf(pod)))
}

function observePod(key: string, snapshot: Snapshot): PodGarbageView | undefined {
  const pod = snapshot.get(kinds.Pod, parseKey(key))
  if (pod === undefined) return undefined
  const orphaned = isOrphaned(pod, snapshot)
  return orphaned || isNeverPlaced(pod) ? { pod, orphaned } : undefined
}

function finishedPods(snapshot: Snapshot): readonly Pod[] {
  return snapshot.list(kinds.Pod).filter((pod) => isFinished(pod) && pod.metadata.deletionTimestamp === undefined)
}
