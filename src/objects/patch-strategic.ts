import { badRequest } from '../words/status-error.ts'
import { isObject, sameJson, type JsonObject } from './json.ts'
import { jsonText } from './json-text.ts'
import { deletePrimitives, mergeList } from './patch-strategic-list.ts'
import type { Field, ObjectSchema, Schema } from './schema.ts'

/**
 * Strategic merge patch: a merge patch that knows from the schema which lists merge by key, and that carries directives:
 *   $patch: replace | delete | merge         on a map, or as an element of a list that merges
 *   $retainKeys: [a, b]                      drops all other keys of the map first
 *   $deleteFromPrimitiveList/x: [a]          takes values out of the list x
 *   $setElementOrder/x: [...]                the order of the elements of x, those that others added keep their place
 * The target is never changed; what the patch does not change is shared with the result, down to the target itself when nothing changes.
 */
export function applyStrategicPatch(schema: ObjectSchema, target: JsonObject, patch: JsonObject): JsonObject {
  return mergeMap(schema, target, patch)
}

const DELETE_PRIMITIVES = '$deleteFromPrimitiveList/'
const ELEMENT_ORDER = '$setElementOrder/'

export function mergeMap(schema: Schema | undefined, target: JsonObject, patch: JsonObject): JsonObject {
  const directive = patch['$patch']
  if (directive === 'replace') return withoutDirectives(schema, omit(patch, '$patch'))
  if (directive === 'delete') return {}
  if (directive !== undefined && directive !== 'merge') throw badRequest(`unknown patch type ${jsonText(directive)} in $patch`)
  const base = retainKeys(target, patch)
  const merged: JsonObject = { ...base }
  let changed = base !== target
  for (const key of Object.keys(patch)) {
    if (key === '$patch' || key === '$retainKeys') continue
    const name = targetKey(key)
    // The order and the deletions of a list are applied together with its own patch, once.
    if (name !== key && firstOf(name, patch) !== key) continue
    const before = merged[name]
    const after = mergeField(schema, name, before, patch)
    if (after === before && (after !== undefined || !(name in merged))) continue
    changed = true
    if (after === undefined) delete merged[name]
    else merged[name] = after
  }
  return changed ? merged : target
}

function targetKey(key: string): string {
  if (!key.startsWith('$')) return key
  if (key.startsWith(DELETE_PRIMITIVES)) return key.slice(DELETE_PRIMITIVES.length)
  if (key.startsWith(ELEMENT_ORDER)) return key.slice(ELEMENT_ORDER.length)
  return key
}

/** The member of the patch that speaks for a field that has several. */
function firstOf(name: string, patch: JsonObject): string {
  if (Object.hasOwn(patch, name)) return name
  return Object.hasOwn(patch, DELETE_PRIMITIVES + name) ? DELETE_PRIMITIVES + name : ELEMENT_ORDER + name
}

function mergeField(schema: Schema | undefined, name: string, before: unknown, patch: JsonObject): unknown {
  const field = schema?.type === 'object' ? schema.fields.get(name) : undefined
  const inner = field?.schema ?? (schema?.type === 'map' ? schema.values : undefined)
  const deletions = patch[DELETE_PRIMITIVES + name]
  const order = patch[ELEMENT_ORDER + name]
  const start = deletions === undefined ? before : deletePrimitives(before, deletions, name)
  if (!Object.hasOwn(patch, name)) {
    return order === undefined || !isMerging(field) || start === undefined ? start : mergeList(inner, field, name, start, [], order)
  }
  return mergeValue(inner, field, name, start, patch[name], order)
}

function isMerging(field: Field | undefined): field is Field {
  return field?.merge === true
}

function mergeValue(
  schema: Schema | undefined,
  field: Field | undefined,
  name: string,
  before: unknown,
  patch: unknown,
  order: unknown
): unknown {
  if (patch === null) return undefined
  if (Array.isArray(patch)) {
    if (isMerging(field)) return mergeList(schema, field, name, before, patch, order)
    return sameJson(before, patch) ? before : patch
  }
  if (isObject(patch)) {
    const isMap = isObject(before)
    if (!isMap && patch['$patch'] === 'delete') return undefined
    return mergeMap(schema, isMap ? before : {}, patch)
  }
  return patch
}

/** $retainKeys lists all keys that may stay; a patch that sets another one contradicts itself. */
function retainKeys(target: JsonObject, patch: JsonObject): JsonObject {
  const retained = patch['$retainKeys']
  if (retained === undefined) return target
  if (!Array.isArray(retained)) throw badRequest('$retainKeys must be a list of field names')
  const names = new Set<unknown>(retained)
  for (const key in patch) {
    if (!key.startsWith('$') && patch[key] !== null && !names.has(key)) {
      throw badRequest(`the patch sets ${key}, which $retainKeys does not list`)
    }
  }
  const kept = Object.entries(target).filter(([key]) => names.has(key))
  return kept.length === Object.keys(target).length ? target : Object.fromEntries(kept)
}

/** A patch that becomes a value as it is: nulls and directives mean nothing more, but nested ones are carried out. */
export function withoutDirectives(schema: Schema | undefined, patch: JsonObject): JsonObject {
  return mergeMap(schema, {}, patch)
}

function omit(object: JsonObject, key: string): JsonObject {
  const { [key]: _, ...rest } = object
  return rest
}
