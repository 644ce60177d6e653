import { required, type FieldError } from './field-error.ts'
import { childPath, indexPath, keyPath } from './field-path.ts'
import { isObject } from './json.ts'
import type { ObjectSchema, Schema } from './schema.ts'

const MAX_ERRORS = 100

/** The required fields that are absent. What is shared with the old object was checked when that was written. */
export function missingFields(schema: ObjectSchema, object: unknown, old?: unknown): FieldError[] {
  const errors: FieldError[] = []
  visit(schema, object, old, '', errors)
  return errors
}

function visit(schema: Schema, value: unknown, old: unknown, path: string, errors: FieldError[]): void {
  if (value === old || errors.length >= MAX_ERRORS) return
  if (schema.type === 'object' && isObject(value)) {
    const before = isObject(old) ? old : {}
    for (const [name, field] of schema.fields) {
      const member = value[name]
      if (member !== undefined) {
        if (isContainer(field.schema)) visit(field.schema, member, before[name], childPath(path, name), errors)
      } else if (field.required) errors.push(required(childPath(path, name)))
    }
  } else if (schema.type === 'list' && Array.isArray(value) && isContainer(schema.items)) {
    const before: readonly unknown[] = Array.isArray(old) ? old : []
    for (const [index, item] of value.entries()) visit(schema.items, item, before[index], indexPath(path, index), errors)
  } else if (schema.type === 'map' && isObject(value) && isContainer(schema.values)) {
    const before = isObject(old) ? old : {}
    for (const key in value) visit(schema.values, value[key], before[key], keyPath(path, key), errors)
  }
}

function isContainer(schema: Schema): boolean {
  return schema.type === 'object' || schema.type === 'list' || schema.type === 'map'
}
