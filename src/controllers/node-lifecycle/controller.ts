import type { Controller, Snapshot } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Node } from '../../resources/generated/types.ts'
import type { Instant } from '../../words/instant.ts'
import { isFinished } from '../pod-state.ts'
import { readyStatus } from './health.ts'
import type { NodeView } from './plan.ts'
import { planNode } from './plan.ts'

const LEASE_NAMESPACE = 'kube-node-lease'
const ZONE_LABEL = 'topology.kubernetes.io/zone'

/** Tells nodes that work from nodes that fell silent. startedAt: when this process began to watch. */
export function nodeLifecycleController(startedAt: Instant): Controller<NodeView> {
  return {
    name: 'node-controller',
    account: 'node-controller',
    reads: [
      { kind: kinds.Node, keysOf: troubledNodes },
      { kind: kinds.Lease, keysOf: ({ metadata }) => (metadata.namespace === LEASE_NAMESPACE ? [metadata.name ?? ''] : []) },
      // Looked up by node when one is in trouble; a pod's own change means nothing here.
      { kind: kinds.Pod, keysOf: () => [] },
    ],
    writes: [kinds.Node, kinds.Pod],
    observe: (key, snapshot) => observe(key, snapshot, startedAt),
    plan: planNode,
  }
}

/**
 * A ready node concerns itself alone, which spares each heartbeat a look at all nodes. One that is not ready concerns all others that
 * are not either: whether their pods may be evicted depends on how many there are. The state before a change is looked at too, so that
 * they hear of it when a node comes into trouble, and when it leaves it.
 */
function troubledNodes(node: Node, snapshot: Snapshot): readonly string[] {
  if (readyStatus(node) === 'True') return [node.metadata.name ?? '']
  const troubled = snapshot.list(kinds.Node).filter((other) => readyStatus(other) !== 'True')
  return [node.metadata.name ?? '', ...troubled.map((other) => other.metadata.name ?? '')]
}

function observe(key: string, snapshot: Snapshot, startedAt: Instant): NodeView | undefined {
  const node = snapshot.get(kinds.Node, { namespace: '', name: key })
  if (node === undefined) return undefined
  const lease = snapshot.get(kinds.Lease, { namespace: LEASE_NAMESPACE, name: key })
  const zoneName = node.metadata.labels?.[ZONE_LABEL]
  const zone = (): readonly Node[] => snapshot.list(kinds.Node).filter((other) => other.metadata.labels?.[ZONE_LABEL] === zoneName)
  const pods = readyStatus(node) === 'True' ? [] : snapshot.list(kinds.Pod).filter((pod) => pod.spec?.nodeName === key && !isFinished(pod))
  return { node, lease, zone, pods, startedAt }
}
