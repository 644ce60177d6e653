import { invalidValue, required, type FieldError } from '../field-error.ts'
import { childPath, indexPath } from '../field-path.ts'
import { isObject, type JsonObject } from '../json.ts'
import type { ObjectMeta } from '../kube-object.ts'
import { validateMetadataForCreate } from '../metadata.ts'
import { dns1035LabelErrors } from '../names.ts'
import type { Structural } from './structural-schema.ts'

/** Whether any part of a schema is a whole object of its own (x-kubernetes-embedded-resource). */
export function hasEmbedded(schema: Structural): boolean {
  const parts = [...schema.properties.values(), schema.additional, schema.items]
  return schema.isEmbedded || parts.some((part) => part !== undefined && hasEmbedded(part))
}

/** Visits each embedded object, the outer ones first. */
export function forEachEmbedded(schema: Structural, value: unknown, path: string, visit: (object: JsonObject, path: string) => void): void {
  if (Array.isArray(value)) {
    const { items } = schema
    if (items !== undefined) for (const [index, item] of value.entries()) forEachEmbedded(items, item, indexPath(path, index), visit)
  } else if (isObject(value)) {
    if (schema.isEmbedded) visit(value, path)
    for (const key in value) {
      const part = schema.properties.get(key) ?? schema.additional
      if (part !== undefined) forEachEmbedded(part, value[key], childPath(path, key), visit)
    }
  }
}

/**
 * Embedded objects must be ones: with apiVersion, kind and metadata in order. That they were wrong before is no excuse. Their metadata has
 * the right types already.
 */
export function checkEmbedded(errors: FieldError[], schema: Structural, value: unknown): void {
  forEachEmbedded(schema, value, '', (object, path) => checkObject(errors, object, path))
}

function checkObject(errors: FieldError[], object: JsonObject, path: string): void {
  for (const field of ['apiVersion', 'kind'] as const) {
    const value = object[field]
    const at = childPath(path, field)
    if (value === undefined) errors.push(required(at, 'must not be empty'))
    else if (typeof value !== 'string') errors.push(invalidValue(at, value, 'must be a string'))
    else if (value === '') errors.push(invalidValue(at, value, 'must not be empty'))
    else errors.push(...(field === 'kind' ? kindErrors(value) : versionErrors(value)).map((detail) => invalidValue(at, value, detail)))
  }
  const { metadata } = object
  if (isObject(metadata)) errors.push(...metadataErrors(metadata, path))
}

function kindErrors(kind: string): readonly string[] {
  const problems = dns1035LabelErrors(kind.toLowerCase())
  return problems.length === 0 ? [] : [`may have mixed case, but should otherwise match: ${problems.join(',')}`]
}

function versionErrors(apiVersion: string): readonly string[] {
  return apiVersion.split('/').length > 2 ? [`unexpected GroupVersion string: ${apiVersion}`] : []
}

/** A name may be left to whoever takes the object out. */
function metadataErrors(metadata: JsonObject, path: string): readonly FieldError[] {
  const meta: ObjectMeta = metadata
  const whole = (meta.name ?? '') === '' ? { ...meta, name: 'any' } : meta
  const namespaced = (meta.namespace ?? '') !== ''
  return validateMetadataForCreate(whole, { namespaced, nameRule: 'path-segment', finalizerRule: 'qualified' })
    .map((error) => ({ ...error, field: childPath(path, error.field) }))
}
