import { invalidValue, required } from '../../objects/field-error.ts'
import { parseJson } from '../../objects/json-text.ts'
import { isObject } from '../../objects/json.ts'
import type { Errors } from '../field-checks.ts'
import type { Node, Taint } from '../generated/types.ts'
import { checkTaints } from './taints.ts'

/** Annotations from before nodes had taints. Nothing reads them any more; what they say has to be right all the same. */
const TAINTS_ANNOTATION = 'scheduler.alpha.kubernetes.io/taints'
const AVOID_PODS_ANNOTATION = 'scheduler.alpha.kubernetes.io/preferAvoidPods'

const PATH = 'metadata.annotations'

export function checkNodeAnnotations(errors: Errors, { metadata: { annotations } }: Node): void {
  const taints = annotations?.[TAINTS_ANNOTATION] ?? ''
  const avoided = annotations?.[AVOID_PODS_ANNOTATION] ?? ''
  if (taints !== '') checkTaintsText(errors, taints)
  if (avoided !== '') checkAvoidedPods(errors, avoided)
}

function checkTaintsText(errors: Errors, text: string): void {
  const list = jsonIn(text)
  if (list === null || (Array.isArray(list) && list.every(isTaint))) checkTaints(errors, `${PATH}.${TAINTS_ANNOTATION}`, list ?? [])
  else errors.push(invalidValue(PATH, TAINTS_ANNOTATION, 'must be a JSON list of taints'))
}

function isTaint(item: unknown): item is Taint {
  return isObject(item) && ['key', 'value', 'effect'].every((field) => item[field] === undefined || typeof item[field] === 'string')
}

/** {"preferAvoidPods":[{"podSignature":{"podController":{"kind":"ReplicaSet",...,"controller":true}}}]} */
function checkAvoidedPods(errors: Errors, text: string): void {
  const value = jsonIn(text)
  const entries = isObject(value) ? (value['preferAvoidPods'] ?? []) : value === null ? [] : undefined
  if (!Array.isArray(entries) || !entries.every(isObject)) {
    const detail = 'must be a JSON object with a list preferAvoidPods of objects'
    errors.push(invalidValue(`${PATH}.AvoidPods`, AVOID_PODS_ANNOTATION, detail))
    return
  }
  entries.forEach(({ podSignature }, index) => {
    const path = `${PATH}.${AVOID_PODS_ANNOTATION}[${index}].PodSignature`
    const controller = isObject(podSignature) ? podSignature['podController'] : undefined
    if (!isObject(controller)) errors.push(required(path))
    else if (controller['controller'] !== true) {
      errors.push(invalidValue(`${path}.PodController.Controller`, false, 'must point to a controller'))
    }
  })
}

/** Undefined where the text is no JSON. */
function jsonIn(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}
