import type { FieldError } from '../../objects/field-error.ts'
import { isObject, type JsonObject } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { validateAnnotations, validateLabels } from '../../objects/metadata.ts'

export type CheckedConversion =
  | { readonly outcome: 'object'; readonly object: KubeObject }
  /** part: what of it is wrong, as errors name it. */
  | { readonly outcome: 'wrong'; readonly part: 'version' | 'object' | 'metadata'; readonly message: string }

/**
 * What a webhook made of an object, if it is that object still: another version of the same kind, name, namespace and uid. Of its metadata
 * only labels and annotations count; all else is the original's, whatever the webhook says.
 */
export function checkedConversion(original: KubeObject, converted: unknown, apiVersion: string): CheckedConversion {
  if (!isObject(converted)) return wrong('object', 'it is no object')
  if (converted['apiVersion'] !== apiVersion) {
    return wrong('version', `invalid groupVersion (expected ${apiVersion}, received ${shown(converted['apiVersion'])})`)
  }
  if (converted['kind'] !== original.kind) {
    return wrong('version', `invalid kind (expected ${original.kind}, received ${shown(converted['kind'])})`)
  }
  const metadata = converted['metadata']
  const difference = differenceOf(original, isObject(metadata) ? metadata : {})
  if (difference !== undefined) return wrong('object', difference)
  if (metadata === undefined) return wrong('metadata', 'missing metadata in converted object')
  if (!isObject(metadata)) return wrong('metadata', 'metadata in converted object is no object')
  const problem = problemOf(original, metadata, 'labels', validateLabels, 'metadata.labels')
    ?? problemOf(original, metadata, 'annotations', validateAnnotations, 'metadata.annotation')
  return problem === undefined ? { outcome: 'object', object: withMetadata(original, converted, metadata) } : wrong('metadata', problem)
}

function wrong(part: 'version' | 'object' | 'metadata', message: string): CheckedConversion {
  return { outcome: 'wrong', part, message }
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function differenceOf({ metadata }: KubeObject, converted: JsonObject): string | undefined {
  for (const [field, word] of [['name', 'name'], ['namespace', 'namespace'], ['uid', 'UID']] as const) {
    const before = metadata[field] ?? ''
    const after = shown(converted[field])
    if (before !== after) return `must have the same ${word}: ${before} != ${after}`
  }
  return undefined
}

type Texts = Readonly<Record<string, string>>

function problemOf(
  { metadata }: KubeObject, converted: JsonObject, field: 'labels' | 'annotations',
  validate: (texts: Texts, path: string) => FieldError[], path: string,
): string | undefined {
  const after = converted[field]
  if (after === undefined || after === null) return undefined
  if (!isObject(after)) return `metadata.${field} in converted object is no object`
  const before = metadata[field] ?? {}
  const texts: Record<string, string> = {}
  let isChanged = Object.keys(before).length !== Object.keys(after).length
  for (const [key, value] of Object.entries(after)) {
    if (typeof value !== 'string') return `metadata.${field}[${key}] must be a string, but is no string in converted object`
    texts[key] = value
    isChanged ||= before[key] !== value
  }
  // What the object had before is not judged again.
  const errors = isChanged ? validate(texts, path) : []
  if (errors.length === 0) return undefined
  const lines = errors.map((error) => `${error.field}: ${error.message}`)
  return lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`
}

function withMetadata(original: KubeObject, converted: JsonObject, given: JsonObject): KubeObject {
  const { labels: _, annotations: _annotations, ...rest } = original.metadata
  const metadata: KubeObject['metadata'] = rest
  for (const field of ['labels', 'annotations'] as const) {
    const texts = given[field]
    // That they are texts has been checked.
    if (isObject(texts)) metadata[field] = texts as Record<string, string>
  }
  return { ...converted, apiVersion: shown(converted['apiVersion']), kind: original.kind, metadata }
}
