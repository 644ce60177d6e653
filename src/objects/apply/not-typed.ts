import { badRequest } from '../../words/status-error.ts'
import { isObject } from '../json.ts'
import type { KubeObject } from '../kube-object.ts'
import type { ObjectSchema, Schema } from '../schema.ts'
import { anyValue, isDescended, schemaOf } from './ownership.ts'
import { formatFieldPath, itemElement } from './path-element.ts'

/** What of a configuration is not as its schema says, where ownership would name it. */
export function notTyped(config: KubeObject, path: readonly string[], what: string): Error {
  return refusal(config, [`${formatFieldPath(path)}: ${what}`])
}

/**
 * Fields that the kind has not, whatever fieldValidation says: nobody could own them.
 *   spec.containers[0].imagee -> .spec.containers[name="web"].imagee: field not declared in schema
 */
export function notDeclared(schema: ObjectSchema, config: KubeObject, fields: readonly string[]): Error {
  return refusal(config, fields.map((field) => `${formatFieldPath(elementsOf(schema, config, field))}: field not declared in schema`))
}

function refusal({ apiVersion, kind, metadata: { namespace, name } }: KubeObject, problems: readonly string[]): Error {
  const version = apiVersion.includes('/') ? apiVersion : `/${apiVersion}`
  const subject = `${namespace ?? ''}/${name ?? ''}; ${version}, Kind=${kind}`
  const [only] = problems
  const text = problems.length === 1 ? only : ['errors:', ...problems.map((problem) => `  ${problem}`)].join('\n')
  return badRequest(`failed to create typed patch object (${subject}): ${text}`)
}

/** spec.containers[0].imagee -> f:spec f:containers k:{"name":"web"} f:imagee */
function elementsOf(root: ObjectSchema, config: KubeObject, field: string): readonly string[] {
  let schema: Schema = root
  let value: unknown = config
  const elements: string[] = []
  for (const [, index, key = ''] of field.matchAll(/\[(\d+)\]|([^.[\]]+)/g)) {
    if (index === undefined) {
      elements.push(`f:${key}`)
      schema = schemaOf(schema, key)
      value = isObject(value) ? value[key] : undefined
      continue
    }
    const item: unknown = Array.isArray(value) ? value[Number(index)] : undefined
    const element = schema.type === 'list' && isDescended(schema, value) ? itemElement(schema, item) : undefined
    elements.push(element ?? `i:${index}`)
    schema = schema.type === 'list' ? schema.items : anyValue
    value = item
  }
  return elements
}
