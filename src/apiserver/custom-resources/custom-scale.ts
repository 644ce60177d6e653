import { jsonPath } from '../../objects/json-path.ts'
import { isObject, type JsonObject } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { ScaleSubresource } from '../../resources/definition.ts'
import type { CustomResourceSubresourceScale } from '../../resources/generated/types.ts'

/** autoscaling/v1 Scale of a custom resource, through the paths that its definition names. */
export function customScale({ specReplicasPath, statusReplicasPath, labelSelectorPath }: CustomResourceSubresourceScale): ScaleSubresource<KubeObject> {
  const numberAt = (object: KubeObject, path: string): number => {
    const [value] = jsonPath(path)?.find(object) ?? []
    return typeof value === 'number' ? value : 0
  }
  return {
    replicas: (object) => numberAt(object, specReplicasPath),
    statusReplicas: (object) => numberAt(object, statusReplicasPath),
    selector(object) {
      const [value] = labelSelectorPath === undefined ? [] : (jsonPath(labelSelectorPath)?.find(object) ?? [])
      return typeof value === 'string' ? value : ''
    },
    setReplicas: (draft, replicas) => setAt(draft as KubeObject & JsonObject, fieldsOf(specReplicasPath), replicas),
  }
}

/** .spec.replicas: only names of fields, as validation has made sure. */
function fieldsOf(path: string): readonly string[] {
  return path.split('.').filter((name) => name !== '')
}

function setAt(object: JsonObject, [field, ...below]: readonly string[], value: number): void {
  if (field === undefined) return
  if (below.length === 0) object[field] = value
  else {
    const inner = object[field]
    const part = isObject(inner) ? inner : {}
    object[field] = part
    setAt(part, below, value)
  }
}
