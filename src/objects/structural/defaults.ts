import { copyJson, isObject, type JsonObject } from '../json.ts'
import type { Structural } from './structural-schema.ts'

/**
 * Drops, in place, nulls under names whose schema does not allow null: they say as much as leaving the field out does. A value of a map
 * or an item of a list cannot be left out: there the default takes its place.
 */
export function dropNulls(schema: Structural, value: unknown): void {
  if (Array.isArray(value)) {
    const { items } = schema
    if (items === undefined) return
    for (const [index, item] of value.entries()) {
      if (item === null && !items.nullable && items.default !== undefined) value[index] = copyJson(items.default)
      else dropNulls(items, item)
    }
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) dropNullField(schema, value, key)
  }
}

function dropNullField(schema: Structural, object: JsonObject, key: string): void {
  const property = schema.properties.get(key)
  const part = property ?? schema.additional
  if (part === undefined) return
  if (object[key] !== null || part.nullable) dropNulls(part, object[key])
  else if (property === undefined && part.default !== undefined) object[key] = copyJson(part.default)
  else delete object[key]
}

/** Fills in, in place, what the schema says for fields that are missing; a default has defaults of its own. */
export function fillDefaults(schema: Structural, value: unknown): void {
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) fillDefaults(schema.items, item)
  } else if (isObject(value)) {
    for (const key of schema.defaulted) if (value[key] === undefined) value[key] = copyJson(schema.properties.get(key)?.default)
    for (const key in value) {
      const part = schema.properties.get(key) ?? schema.additional
      if (part !== undefined) fillDefaults(part, value[key])
    }
  }
}
