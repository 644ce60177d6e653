import { required, type FieldError } from './field-error.ts'
import { childPath, indexPath, keyPath } from './field-path.ts'
import { isObject, type JsonObject } from './json.ts'
import type { Field, ObjectSchema, Schema } from './schema.ts'

const MAX_ERRORS = 100

/** Finds required fields that are absent. Lives as long as the schemas do and remembers which of their fields are required. */
class RequiredFields {
  readonly #required = new WeakMap<ObjectSchema, readonly string[]>()

  /** What is shared with the old object was checked when that was written, and is not looked at. */
  missing(schema: ObjectSchema, object: unknown, old?: unknown): FieldError[] {
    const errors: FieldError[] = []
    this.#visit(schema, object, old, '', errors)
    return errors
  }

  #visit(schema: Schema, value: unknown, old: unknown, path: string, errors: FieldError[]): void {
    if (value === old || errors.length >= MAX_ERRORS) return
    if (schema.type === 'object' && isObject(value)) this.#visitObject(schema, value, old, path, errors)
    else if (schema.type === 'list' && Array.isArray(value) && isContainer(schema.items)) {
      const before: readonly unknown[] = Array.isArray(old) ? old : []
      for (const [index, item] of value.entries()) this.#visit(schema.items, item, before[index], indexPath(path, index), errors)
    } else if (schema.type === 'map' && isObject(value) && isContainer(schema.values)) {
      const before = isObject(old) ? old : {}
      for (const key in value) this.#visit(schema.values, value[key], before[key], keyPath(path, key), errors)
    }
  }

  #visitObject(schema: ObjectSchema, object: JsonObject, old: unknown, path: string, errors: FieldError[]): void {
    const { fields } = schema
    for (const name of this.#requiredOf(schema, fields)) {
      if (object[name] === undefined) errors.push(required(childPath(path, name)))
    }
    const before = isObject(old) ? old : undefined
    for (const key in object) {
      const value = object[key]
      if (typeof value !== 'object' || value === null) continue
      const field = fields.get(key)
      if (field !== undefined && isContainer(field.schema)) {
        this.#visit(field.schema, value, before?.[key], path === '' ? key : `${path}.${key}`, errors)
      }
    }
  }

  #requiredOf(schema: ObjectSchema, fields: ReadonlyMap<string, Field>): readonly string[] {
    const known = this.#required.get(schema)
    if (known !== undefined) return known
    const names = [...fields].filter(([, field]) => field.required).map(([name]) => name)
    this.#required.set(schema, names)
    return names
  }
}

function isContainer(schema: Schema): boolean {
  return schema.type === 'object' || schema.type === 'list' || schema.type === 'map'
}

/** For a single question; who asks again and again keeps a RequiredFields. */
export function missingFields(schema: ObjectSchema, object: unknown, old?: unknown): FieldError[] {
  return new RequiredFields().missing(schema, object, old)
}
