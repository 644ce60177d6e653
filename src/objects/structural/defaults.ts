import { copyJson, isObject, type JsonObject } from '../json.ts'
import type { Structural } from './structural-schema.ts'

/** Drops, in place, nulls under names whose schema does not allow null: they say as much as leaving the field out does. */
export function dropNulls(schema: Structural, value: unknown): void {
  forEachPart(schema, value, (part, object, key) => {
    if (object[key] !== null || part.nullable) return dropNulls(part, object[key])
    delete object[key]
  }, dropNulls)
}

/** Fills in, in place, what the schema says for fields that are missing; a default has defaults of its own. */
export function fillDefaults(schema: Structural, value: unknown): void {
  if (isObject(value)) {
    for (const [key, property] of schema.properties) {
      if (property.default !== undefined && value[key] === undefined) value[key] = copyJson(property.default)
    }
  }
  forEachPart(schema, value, (part, object, key) => fillDefaults(part, object[key]), fillDefaults)
}

type OnField = (schema: Structural, object: JsonObject, key: string) => void
type OnItem = (schema: Structural, item: unknown) => void

/** Every part of a value that the schema describes: an object's fields, a map's values, a list's items. */
function forEachPart(schema: Structural, value: unknown, onField: OnField, onItem: OnItem): void {
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) onItem(schema.items, item)
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) {
      const part = schema.properties.get(key) ?? schema.additional
      if (part !== undefined) onField(part, value, key)
    }
  }
}
