import { badRequest } from '../words/status-error.ts'
import { isObject, type JsonObject } from './json.ts'
import { canonicalScalar } from './schema-scalar.ts'
import { typeMismatch } from './schema-mismatch.ts'
import type { Field, ListSchema, MapSchema, ObjectSchema, Schema } from './schema.ts'

/** How messages name what is being decoded: Pod in version "v1". */
export interface Subject {
  readonly kind: string
  readonly version: string
}

export interface Walked {
  /** The draft itself, changed in place, or a new object where members had to be dropped. */
  readonly object: JsonObject
  /** Paths of fields that the schema does not know; at most 100. */
  readonly unknownFields: readonly string[]
}

const MAX_UNKNOWN = 100

export interface Walk {
  readonly root: ObjectSchema
  readonly subject: Subject
  /** Where the walk is: names of fields, keys of maps, indexes of lists. */
  readonly path: (string | number)[]
  readonly unknownFields: string[]
}

/**
 * One pass over a decoded object, which belongs to the caller: checks types (StatusError 400 in upstream's words), drops nulls, unknown
 * fields and empty values that say nothing, and brings quantities, times and base64 into the form in which they are stored.
 * What the draft shares with old was checked when that was written: it is neither looked at nor changed.
 */
export function normalizeObject(schema: ObjectSchema, draft: unknown, subject: Subject, old?: unknown): Walked {
  const walk: Walk = { root: schema, subject, path: [], unknownFields: [] }
  if (!isObject(draft)) throw badRequest(typeMismatch(walk, undefined, schema, draft))
  const object = walkObject(walk, schema, draft, old)
  return { object, unknownFields: walk.unknownFields }
}

function walkObject(walk: Walk, schema: ObjectSchema, object: JsonObject, old: unknown): JsonObject {
  const { fields } = schema
  const before = isObject(old) ? old : undefined
  let dropped = false
  for (const key in object) {
    const value = object[key]
    const earlier = before?.[key]
    if (earlier !== undefined && value === earlier) continue
    const field = fields.get(key)
    if (field === undefined) {
      noteUnknown(walk, key)
      dropped = true
    } else if (value === null) {
      dropped = true
    } else {
      const clean = walkValue(walk, field.schema, value, key, earlier)
      if (clean !== value) object[key] = clean
      if (field.omitsEmpty && isEmpty(clean)) dropped = true
    }
  }
  return dropped ? rebuild(fields, object) : object
}

/** Deleting members would leave an object that is slow to read for the rest of its life. */
function rebuild(fields: ReadonlyMap<string, Field>, object: JsonObject): JsonObject {
  const kept: JsonObject = {}
  for (const key in object) {
    const field = fields.get(key)
    if (field === undefined) continue
    const value = object[key]
    if (value !== null) {
      if (!field.omitsEmpty || !isEmpty(value)) kept[key] = value
    }
    // Go's clients write a list or map that has no elements as null; readers may rely on required ones.
    else if (field.required && field.schema.type === 'list') kept[key] = []
    else if (field.required && field.schema.type === 'map') kept[key] = {}
  }
  return kept
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === false || value === 0 || value === ''
  if (Array.isArray(value)) return value.length === 0
  for (const _ in value) return false
  return true
}

function walkValue(walk: Walk, schema: Schema, value: unknown, key: string | number, old: unknown): unknown {
  switch (schema.type) {
    case 'string':
      if (typeof value === 'string') return value
      break
    case 'boolean':
      if (typeof value === 'boolean') return value
      break
    case 'any':
      return schema.objects === undefined ? value : walkMixed(walk, schema.objects, value, key, old)
    case 'object': {
      if (!isObject(value)) break
      walk.path.push(key)
      const clean = walkObject(walk, schema, value, old)
      walk.path.pop()
      return clean
    }
    case 'list': {
      if (!Array.isArray(value)) break
      walk.path.push(key)
      walkList(walk, schema, value, old)
      walk.path.pop()
      return value
    }
    case 'map': {
      if (!isObject(value)) break
      walk.path.push(key)
      walkMap(walk, schema, value, old)
      walk.path.pop()
      return value
    }
    default: {
      const canonical = canonicalScalar(schema.type, value)
      if (canonical !== undefined) return canonical
    }
  }
  throw badRequest(typeMismatch(walk, key, schema, value))
}

/** Objects, alone or in a list, where something else may stand too. */
function walkMixed(walk: Walk, schema: ObjectSchema, value: unknown, key: string | number, old: unknown): unknown {
  if (isObject(value)) return walkValue(walk, schema, value, key, old)
  if (!Array.isArray(value)) return value
  walk.path.push(key)
  value.forEach((item: unknown, index) => {
    if (isObject(item)) value[index] = walkValue(walk, schema, item, index, undefined)
  })
  walk.path.pop()
  return value
}

function walkList(walk: Walk, schema: ListSchema, list: unknown[], old: unknown): void {
  const { items } = schema
  const before: readonly unknown[] | undefined = Array.isArray(old) ? old : undefined
  let moved: ReadonlySet<unknown> | undefined
  for (let index = 0; index < list.length; index++) {
    const value = list[index] ?? emptyValue(items)
    if (value === null) continue
    const earlier = before?.[index]
    if (before !== undefined && (value === earlier || (typeof value === 'object' && (moved ??= new Set(before)).has(value)))) continue
    const clean = walkValue(walk, items, value, index, earlier)
    if (clean !== list[index]) list[index] = clean
  }
}

function walkMap(walk: Walk, schema: MapSchema, map: JsonObject, old: unknown): void {
  const { values } = schema
  const before = isObject(old) ? old : undefined
  for (const key in map) {
    const value = map[key] ?? emptyValue(values)
    if (value === null) continue
    const earlier = before?.[key]
    if (earlier !== undefined && value === earlier) continue
    const clean = walkValue(walk, values, value, key, earlier)
    if (clean !== map[key]) map[key] = clean
  }
}

/** What a null element of a list or map stands for: the empty value of its type. That of a time is null itself. */
function emptyValue(schema: Schema): unknown {
  switch (schema.type) {
    case 'string': case 'bytes': return ''
    case 'boolean': return false
    case 'object': case 'map': return {}
    case 'list': return []
    case 'any': case 'time': case 'micro-time': return null
    default: return 0
  }
}

function noteUnknown(walk: Walk, key: string): void {
  if (walk.unknownFields.length < MAX_UNKNOWN) walk.unknownFields.push(pathOf(walk.path, key))
}

function pathOf(path: readonly (string | number)[], key: string): string {
  let text = ''
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`
  return text === '' ? key : `${text}.${key}`
}
