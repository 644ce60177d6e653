import { copyJson, isObject, type JsonObject } from '../json.ts'
import type { KubeObject } from '../kube-object.ts'
import { dropNulls, fillDefaults } from './defaults.ts'
import { pruneUnknown } from './prune.ts'
import type { Structural } from './structural-schema.ts'

/**
 * A stored object as the present schema of its version has it: without what that does not name, with the defaults that it gives. The same
 * object where it is so already, which is nearly always: only a newer schema makes a difference.
 */
export function normalized(schema: Structural, object: KubeObject): KubeObject {
  if (isNormal(schema, object, { isWhole: true, withDefaults: true })) return object
  const copy = ownCopy(object)
  pruneUnknown(schema, copy)
  dropNulls(schema, copy)
  fillDefaults(schema, copy)
  return copy
}

/** The same without the defaults: what a conversion left. */
export function pruned(schema: Structural, object: KubeObject): KubeObject {
  if (isNormal(schema, object, { isWhole: true, withDefaults: false })) return object
  const copy = ownCopy(object)
  pruneUnknown(schema, copy)
  dropNulls(schema, copy)
  return copy
}

/** Metadata is none of the schema's business, and its managed fields are compared by identity: it stays shared. */
function ownCopy(object: KubeObject): KubeObject & JsonObject {
  const copy: KubeObject & JsonObject = { ...object }
  for (const key in copy) if (key !== 'metadata') copy[key] = copyJson(copy[key])
  return copy
}

interface Look {
  readonly isWhole: boolean
  readonly withDefaults: boolean
}

function isNormal(schema: Structural, value: unknown, look: Look): boolean {
  if (Array.isArray(value)) {
    const { items } = schema
    if (items === undefined) return true
    const below = lookInto(items, look)
    return value.every((item) => (item === null ? items.nullable || items.default === undefined : isNormal(items, item, below)))
  }
  if (!isObject(value)) return true
  if (look.withDefaults) for (const key of schema.defaulted) if (value[key] === undefined) return false
  for (const key in value) if (!isNormalField(schema, value, key, look)) return false
  return true
}

function isNormalField(schema: Structural, object: JsonObject, key: string, look: Look): boolean {
  if (look.isWhole && (key === 'metadata' || key === 'apiVersion' || key === 'kind')) return true
  const known = schema.properties.get(key) ?? schema.additional
  const value = object[key]
  if (known === undefined) return schema.preservesUnknown
  if (value === null) return known.nullable
  return typeof value !== 'object' || isNormal(known, value, lookInto(known, look))
}

const IN_PART: readonly [Look, Look] = [{ isWhole: false, withDefaults: false }, { isWhole: false, withDefaults: true }]

function lookInto(schema: Structural, { withDefaults }: Look): Look {
  return schema.isEmbedded ? { isWhole: true, withDefaults } : IN_PART[withDefaults ? 1 : 0]
}
