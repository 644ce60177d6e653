import { copyJson, isObject, type JsonObject } from '../json.ts'
import type { Structural } from './structural-schema.ts'

/** All defaults of one object together, as JSON: as much as an object may have. A hundred thousand elements may each have a large one. */
const MAX_FILLED_CHARACTERS = 3 * 1024 * 1024

interface Filling {
  left: number
}

/** Undefined: that would be too much. */
function copyDefault(filling: Filling, value: unknown): unknown {
  if (filling.left <= 0) return undefined
  filling.left -= charactersOf(value)
  return filling.left < 0 ? undefined : copyJson(value)
}

function charactersOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 2
  if (typeof value !== 'object' || value === null) return 4
  let sum = 2
  for (const [key, inner] of Object.entries(value)) sum += (Array.isArray(value) ? 1 : key.length + 4) + charactersOf(inner)
  return sum
}

/**
 * Drops, in place, nulls under names whose schema does not allow null: they say as much as leaving the field out does. A value of a map
 * or an item of a list cannot be left out: there the default takes its place. False: the defaults are too much, and some are left out.
 */
export function dropNulls(schema: Structural, value: unknown): boolean {
  const filling: Filling = { left: MAX_FILLED_CHARACTERS }
  dropNullsIn(filling, schema, value)
  return filling.left >= 0
}

function dropNullsIn(filling: Filling, schema: Structural, value: unknown): void {
  if (Array.isArray(value)) {
    const { items } = schema
    if (items === undefined) return
    for (const [index, item] of value.entries()) {
      if (item === null && !items.nullable && items.default !== undefined) value[index] = copyDefault(filling, items.default) ?? null
      else dropNullsIn(filling, items, item)
    }
  } else if (isObject(value)) {
    for (const key of Object.keys(value)) dropNullField(filling, schema, value, key)
  }
}

function dropNullField(filling: Filling, schema: Structural, object: JsonObject, key: string): void {
  const property = schema.properties.get(key)
  const part = property ?? schema.additional
  if (part === undefined) return
  if (object[key] !== null || part.nullable) return dropNullsIn(filling, part, object[key])
  const filled = property === undefined && part.default !== undefined ? copyDefault(filling, part.default) : undefined
  if (filled === undefined) delete object[key]
  else object[key] = filled
}

/**
 * Fills in, in place, what the schema says for fields that are missing; a default has defaults of its own. False: they are too much, and
 * some are left out.
 */
export function fillDefaults(schema: Structural, value: unknown): boolean {
  const filling: Filling = { left: MAX_FILLED_CHARACTERS }
  fillDefaultsIn(filling, schema, value)
  return filling.left >= 0
}

function fillDefaultsIn(filling: Filling, schema: Structural, value: unknown): void {
  if (Array.isArray(value)) {
    if (schema.items !== undefined) for (const item of value) fillDefaultsIn(filling, schema.items, item)
  } else if (isObject(value)) {
    for (const key of schema.defaulted) if (value[key] === undefined) fillField(filling, value, key, schema.properties.get(key)?.default)
    for (const key in value) {
      const part = schema.properties.get(key) ?? schema.additional
      if (part !== undefined) fillDefaultsIn(filling, part, value[key])
    }
  }
}

function fillField(filling: Filling, object: JsonObject, key: string, value: unknown): void {
  filling.left -= key.length + 4
  const filled = copyDefault(filling, value)
  if (filled !== undefined) object[key] = filled
}
