import { invalidValue, type FieldError } from '../../objects/field-error.ts'
import { isObject, type JsonObject, type Integer } from '../../objects/json.ts'
import { jsonText } from '../../objects/json-text.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { ScaleSubresource } from '../../resources/definition.ts'
import type { CustomResourceSubresourceScale } from '../../resources/generated/types.ts'

/** autoscaling/v1 Scale of a custom resource, through the paths that its definition names. */
export function customScale(
  { specReplicasPath, statusReplicasPath, labelSelectorPath }: CustomResourceSubresourceScale,
): ScaleSubresource<KubeObject> {
  const [specFields, statusFields] = [fieldsOf(specReplicasPath), fieldsOf(statusReplicasPath)]
  const selectorFields = labelSelectorPath === undefined ? undefined : fieldsOf(labelSelectorPath)
  const numberAt = (object: KubeObject, fields: readonly string[]): number | undefined => {
    const value = valueAt(object, fields)
    return typeof value === 'number' ? value : undefined
  }
  return {
    replicasPath: specReplicasPath,
    replicas: (object) => numberAt(object, specFields),
    statusReplicas: (object) => numberAt(object, statusFields) ?? 0,
    selector(object) {
      const value = selectorFields === undefined ? undefined : valueAt(object, selectorFields)
      return typeof value === 'string' ? value : ''
    },
    setReplicas: (draft, replicas) => setAt(draft as KubeObject & JsonObject, specFields, replicas),
  }
}

const MAX_REPLICAS = 2 ** 31 - 1

/** Whether the whole object is written, or its status. */
export type Door = 'object' | 'status'

/** Whatever the schema says of them, the fields of the scale must hold what a Scale can. */
export function checkScale(errors: FieldError[], scale: CustomResourceSubresourceScale, object: KubeObject, door: Door): void {
  for (const path of door === 'status' ? [scale.statusReplicasPath] : [scale.specReplicasPath, scale.statusReplicasPath]) {
    const value = valueAt(object, fieldsOf(path)) ?? 0
    const wrong = (detail: string): void => void errors.push(invalidValue(path, isNumber(value) ? value : 0, detail))
    if (!isNumber(value) || goType(value) !== 'int64') {
      wrong(`${path} accessor error: ${show(value)} is of the type ${goType(value)}, expected int64`)
    } else if (value < 0) {
      wrong('should be a non-negative integer')
    } else if (value > MAX_REPLICAS) {
      wrong(`should be less than or equal to ${MAX_REPLICAS}`)
    }
  }
  const { labelSelectorPath } = scale
  const selector = labelSelectorPath === undefined ? undefined : valueAt(object, fieldsOf(labelSelectorPath))
  if (labelSelectorPath === undefined || selector === undefined || typeof selector === 'string') return
  errors.push(invalidValue(
    labelSelectorPath, '',
    `${labelSelectorPath} accessor error: ${show(selector)} is of the type ${goType(selector)}, expected string`,
  ))
}

function show(value: unknown): string {
  return (typeof value === 'string' ? value : (jsonText(value) ?? '')).slice(0, 100)
}

function isNumber(value: unknown): value is Integer {
  return typeof value === 'number' || typeof value === 'bigint'
}

function goType(value: unknown): string {
  if (typeof value === 'bigint') return 'int64'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'int64' : 'float64'
  if (typeof value === 'string') return 'string'
  if (typeof value === 'boolean') return 'bool'
  return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}'
}

function valueAt(object: KubeObject, fields: readonly string[]): unknown {
  return fields.reduce<unknown>((at, field) => (isObject(at) ? at[field] : undefined), object)
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
