import { keyOf, keyText } from '../../objects/kube-object.ts'
import type { Controller, Snapshot } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Deployment, Pod, ReplicaSet } from '../../resources/generated/types.ts'
import { controllerOf } from '../../objects/kube-object.ts'
import { selects } from '../../objects/selects.ts'
import { ownKey, parseKey } from '../keys.ts'
import { claim, ownerKeys } from '../ownership.ts'
import { isFinished } from '../pod-state.ts'
import { rolloutOf } from './history.ts'
import type { DeploymentView } from './plan.ts'
import { planDeployment } from './plan.ts'
import { isRolling } from './rollout.ts'
import { templateHash } from './template-hash.ts'

/** Brings the pods of each Deployment from one template to the next, by the sizes of its ReplicaSets. */
export function deploymentController(): Controller<DeploymentView> {
  return {
    name: 'deployment-controller',
    account: 'deployment-controller',
    reads: [
      { kind: kinds.Deployment, keysOf: ownKey },
      {
        kind: kinds.ReplicaSet,
        keysOf: (set, snapshot) =>
          ownerKeys(set, kinds.Deployment, snapshot, (deployment) => selects(deployment.spec?.selector, set.metadata.labels)),
      },
      { kind: kinds.Pod, keysOf: keysOfPod },
    ],
    writes: [kinds.ReplicaSet, kinds.Deployment],
    observe,
    plan: planDeployment,
  }
}

/** Only Recreate waits for pods: for the others a pod's change comes through its ReplicaSet's status. */
function keysOfPod(pod: Pod, snapshot: Snapshot): readonly string[] {
  const owner = controllerOf(pod)
  if (owner?.kind !== 'ReplicaSet') return []
  const namespace = pod.metadata.namespace ?? ''
  const deploymentName = controllerOf(snapshot.get(kinds.ReplicaSet, { namespace, name: owner.name }) ?? pod)
  if (deploymentName?.kind !== 'Deployment') return []
  const deployment = snapshot.get(kinds.Deployment, { namespace, name: deploymentName.name })
  return deployment === undefined || isRolling(deployment) ? [] : [keyText(keyOf(deployment))]
}

function observe(key: string, snapshot: Snapshot): DeploymentView | undefined {
  const deployment = snapshot.get(kinds.Deployment, parseKey(key))
  if (deployment === undefined) return undefined
  const { owned, changes } = claim(deployment, kinds.Deployment, kinds.ReplicaSet, snapshot, (labels) =>
    selects(deployment.spec?.selector, labels)
  )
  return {
    deployment,
    sets: owned,
    oldPodsRun: !isRolling(deployment) && oldPodsRun(deployment, owned, snapshot),
    nameIsTaken: nameIsTaken(deployment, owned, snapshot),
    claims: changes,
  }
}

function oldPodsRun(deployment: Deployment, sets: readonly ReplicaSet[], snapshot: Snapshot): boolean {
  const { oldSets } = rolloutOf(deployment, sets)
  return oldSets.some((set) => snapshot.ownedBy(kinds.Pod, set.metadata.uid ?? '').some((pod) => !isFinished(pod)))
}

function nameIsTaken(deployment: Deployment, sets: readonly ReplicaSet[], snapshot: Snapshot): boolean {
  if (deployment.spec === undefined || rolloutOf(deployment, sets).newSet !== undefined) return false
  const hash = templateHash(deployment.spec.template, deployment.status?.collisionCount ?? 0)
  const name = `${deployment.metadata.name}-${hash}`
  return snapshot.get(kinds.ReplicaSet, { namespace: deployment.metadata.namespace ?? '', name }) !== undefined
}
