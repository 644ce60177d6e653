import type { Action } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Deployment, ReplicaSet } from '../../resources/generated/types.ts'
import { sameJson } from '../../objects/json.ts'
import { controllerReference } from '../ownership.ts'
import { newSetAnnotations, replicasAnnotations } from './history.ts'
import { newSetSize } from './rolling.ts'
import type { Rollout, Scaling } from './rollout.ts'
import { sizeOf } from './rollout.ts'
import { TEMPLATE_HASH_LABEL, templateHash } from './template-hash.ts'

/** The ReplicaSet of a template that no ReplicaSet has yet. */
export function newSetOf(rollout: Rollout): ReplicaSet {
  const { deployment } = rollout
  const template = deployment.spec?.template ?? {}
  const hash = templateHash(template, deployment.status?.collisionCount ?? 0)
  const labels = { ...template.metadata?.labels, [TEMPLATE_HASH_LABEL]: hash }
  const { selector, minReadySeconds } = deployment.spec ?? { selector: {} }
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace ?? '',
      labels,
      annotations: { ...newSetAnnotations(rollout), ...replicasAnnotations(deployment) },
      ownerReferences: [controllerReference(deployment, kinds.Deployment)],
    },
    spec: {
      replicas: newSetSize(rollout),
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [TEMPLATE_HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  }
}

/** The update that brings the new ReplicaSet's annotations and minReadySeconds up to the deployment's; nothing when they are. */
export function refresh(rollout: Rollout): readonly Action[] {
  const { deployment, newSet } = rollout
  if (newSet?.spec === undefined) return []
  const annotations = newSetAnnotations(rollout)
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0
  if (sameJson(annotations, newSet.metadata.annotations ?? {}) && minReadySeconds === (newSet.spec.minReadySeconds ?? 0)) return []
  const object: ReplicaSet = { ...newSet, metadata: { ...newSet.metadata, annotations }, spec: { ...newSet.spec, minReadySeconds } }
  return [{ verb: 'update', kind: kinds.ReplicaSet, object }]
}

/** The update that gives a ReplicaSet its size, and the event that tells of it; nothing when it has both size and annotations. */
export function scale(deployment: Deployment, { set, size }: Scaling): readonly Action[] {
  if (set.spec === undefined) return []
  const annotations = { ...set.metadata.annotations, ...replicasAnnotations(deployment) }
  const before = sizeOf(set)
  if (size === before && sameJson(annotations, set.metadata.annotations ?? {})) return []
  const object: ReplicaSet = { ...set, metadata: { ...set.metadata, annotations }, spec: { ...set.spec, replicas: size } }
  const update: Action = { verb: 'update', kind: kinds.ReplicaSet, object }
  return size === before ? [update] : [update, scalingEvent(deployment, set, before, size)]
}

export function scalingEvent(deployment: Deployment, set: ReplicaSet, before: number, after: number): Action {
  const direction = after > before ? 'up' : 'down'
  const message = `Scaled ${direction} replica set ${set.metadata.name} from ${before} to ${after}`
  return { verb: 'event', regarding: deployment, type: 'Normal', reason: 'ScalingReplicaSet', message }
}
