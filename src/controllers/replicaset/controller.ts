import { controllerOf } from '../../objects/kube-object.ts'
import { selects } from '../../objects/selects.ts'
import type { Controller, Snapshot } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Pod, ReplicaSet } from '../../resources/generated/types.ts'
import { ownKey, parseKey } from '../keys.ts'
import { claim, ownerKeys } from '../ownership.ts'
import { isActive } from '../pod-state.ts'
import type { ReplicaSetView } from './plan.ts'
import { planReplicaSet } from './plan.ts'

/** Keeps exactly spec.replicas pods of each ReplicaSet. */
export function replicaSetController(): Controller<ReplicaSetView> {
  return {
    name: 'replicaset-controller',
    account: 'replicaset-controller',
    reads: [
      { kind: kinds.ReplicaSet, keysOf: ownKey },
      {
        kind: kinds.Pod,
        keysOf: (pod, snapshot) => ownerKeys(pod, kinds.ReplicaSet, snapshot, (set) => selects(set.spec?.selector, pod.metadata.labels)),
      },
    ],
    writes: [kinds.Pod, kinds.ReplicaSet],
    observe,
    plan: planReplicaSet,
  }
}

function observe(key: string, snapshot: Snapshot): ReplicaSetView | undefined {
  const set = snapshot.get(kinds.ReplicaSet, parseKey(key))
  if (set === undefined) return undefined
  const { owned, changes } = claim(set, kinds.ReplicaSet, kinds.Pod, snapshot, (labels) => selects(set.spec?.selector, labels))
  return { set, pods: owned, siblings: siblingsOf(set, owned, snapshot), claims: changes.slice(0, 100) }
}

function siblingsOf(set: ReplicaSet, own: readonly Pod[], snapshot: Snapshot): readonly Pod[] {
  const active = own.filter(isActive)
  // Only a set that shrinks looks at them.
  if (active.length <= (set.spec?.replicas ?? 1)) return active
  const owner = controllerOf(set)
  const sets = owner === undefined ? [set] : snapshot.ownedBy(kinds.ReplicaSet, owner.uid)
  return sets.flatMap((sibling) => snapshot.ownedBy(kinds.Pod, sibling.metadata.uid ?? '').filter(isActive))
}
