import { isObject } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { ScaleSubresource } from '../../resources/definition.ts'
import { present } from '../../words/assert.ts'
import type { ServedResource } from '../resource-set.ts'

/** autoscaling/v1 Scale: the replicas of anything that has some, under one form. */
export interface Scale extends KubeObject {
  spec: { replicas?: number }
  status: { replicas: number; selector: string }
}

export function scaleOf(resource: ServedResource, object: KubeObject): Scale {
  const { name = '', namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const rules = rulesOf(resource)
  const replicas = rules.replicas(object)
  const metadata: KubeObject['metadata'] = { name }
  if (namespace !== undefined) metadata.namespace = namespace
  if (uid !== undefined) metadata.uid = uid
  if (resourceVersion !== undefined) metadata.resourceVersion = resourceVersion
  if (creationTimestamp !== undefined) metadata.creationTimestamp = creationTimestamp
  return {
    kind: 'Scale', apiVersion: 'autoscaling/v1', metadata,
    spec: replicas === undefined ? {} : { replicas },
    status: { replicas: rules.statusReplicas(object), selector: rules.selector(object) },
  }
}

/** What was made of the scale of an object becomes part of the object. */
export function takeScale(resource: ServedResource, draft: KubeObject, scale: KubeObject | undefined): void {
  const spec = scale !== undefined && 'spec' in scale && isObject(scale.spec) ? scale.spec : {}
  const replicas = spec['replicas']
  if (typeof replicas === 'number' && replicas !== rulesOf(resource).replicas(draft)) rulesOf(resource).setReplicas(draft, replicas)
}

export function rulesOf(resource: ServedResource): ScaleSubresource<KubeObject> {
  return present(resource.definition.scale, `the scale subresource of ${resource.kind.plural}`)
}
