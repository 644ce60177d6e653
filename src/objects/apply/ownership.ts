import { isObject, sameItems, sameJson, type JsonObject } from '../json.ts'
import type { ListSchema, ObjectSchema, Schema } from '../schema.ts'
import { asMember, emptySet, isEmpty, leaf, type FieldSet } from './field-set.ts'
import { itemElement } from './path-element.ts'

/**
 * Which fields an object has, and which a write changed. Objects, maps and lists that are not atomic are descended into; everything
 * else is one field. Subtrees that both objects share are told apart by identity alone: a write costs what it changed.
 */

/** The metadata that the server itself keeps belongs to nobody. */
export const UNOWNED_METADATA: ReadonlySet<string> = new Set([
  'name', 'namespace', 'creationTimestamp', 'selfLink', 'uid', 'generation', 'managedFields', 'resourceVersion',
])

type Node = FieldSet | undefined
type MutableSet = { [element: string]: FieldSet }

/** What an applier owns: the fields of its configuration, elements of lists, but not the maps and lists around them. */
export function appliedFields(schema: ObjectSchema, config: object): FieldSet {
  return rootFields(schema, undefined, config, (inner, _old, value) => ownedNode(inner, value))
}

function ownedNode(schema: Schema, value: unknown): Node {
  if (!isDescended(schema, value)) return leaf
  const set: MutableSet = {}
  if (schema.type === 'list' && Array.isArray(value)) {
    for (const item of value) {
      const element = itemElement(schema, item)
      if (element !== undefined) set[element] = asMember(ownedNode(schema.items, item) ?? leaf)
    }
    // An empty list says nothing about elements that others put there.
    return isEmpty(set) ? undefined : set
  }
  if (!isObject(value)) return leaf
  for (const key in value) {
    const node = ownedNode(schemaOf(schema, key), value[key])
    // The key of a map is owned itself, the field of a struct only through what is in it.
    if (node !== undefined) set[`f:${key}`] = schema.type === 'map' ? asMember(node) : node
  }
  return set
}

/** The fields that were added or have another value now. old is undefined for a new object. */
export function changedFields(schema: ObjectSchema, old: object | undefined, now: object): FieldSet {
  return rootFields(schema, old, now, changedNode)
}

/** The fields that are there no more. */
export function removedFields(schema: ObjectSchema, old: object | undefined, now: object): FieldSet {
  return old === undefined ? emptySet : rootFields(schema, now, old, (inner, present, value) => removedNode(inner, value, present))
}

type NodeRule = (schema: Schema, other: unknown, value: unknown) => Node

/** Goes over the fields of value; other is the object that the rule compares with. */
function rootFields(schema: ObjectSchema, other: object | undefined, value: object, rule: NodeRule): FieldSet {
  const set: MutableSet = {}
  const others = (other ?? {}) as JsonObject
  const members = value as JsonObject
  for (const key in members) {
    if (key === 'apiVersion' || key === 'kind') continue
    const earlier = others[key]
    const member = members[key]
    if (earlier !== undefined && earlier === member) continue
    const inner = schemaOf(schema, key)
    const node = key === 'metadata' ? metadataFields(inner, earlier, member, rule) : rule(inner, earlier, member)
    if (node !== undefined) set[`f:${key}`] = node
  }
  return set
}

function metadataFields(schema: Schema, other: unknown, value: unknown, rule: NodeRule): Node {
  if (!isObject(value) || value === other) return undefined
  const others = isObject(other) ? other : {}
  const set: MutableSet = {}
  for (const key in value) {
    const earlier = others[key]
    const member = value[key]
    if ((earlier !== undefined && earlier === member) || UNOWNED_METADATA.has(key)) continue
    const node = rule(schemaOf(schema, key), earlier, member)
    if (node !== undefined) set[`f:${key}`] = node
  }
  return isEmpty(set) ? undefined : set
}

function changedNode(schema: Schema, old: unknown, now: unknown): Node {
  if (old === now || now === undefined) return undefined
  if (!isDescended(schema, now)) return old !== undefined && sameJson(old, now) ? undefined : leaf
  if (Array.isArray(now)) return schema.type === 'list' ? changedList(schema, old, now) : leaf
  if (!isObject(now)) return leaf
  if (!isObject(old)) return addedMember(schema, now)
  let set: MutableSet | undefined
  for (const key in now) {
    const before = old[key]
    const value = now[key]
    if (before === value) continue
    const node = changedNode(schemaOf(schema, key), before, value)
    if (node !== undefined) (set ??= {})[`f:${key}`] = node
  }
  return set
}

function changedList(schema: ListSchema, old: unknown, now: readonly unknown[]): Node {
  if (!Array.isArray(old)) return addedMember(schema, now)
  if (sameItems(old, now)) return undefined
  const before = indexItems(schema, old)
  let set: MutableSet | undefined
  for (const item of now) {
    const element = itemElement(schema, item)
    if (element === undefined) continue
    const node = before.has(element) ? changedNode(schema.items, before.get(element), item) : addTo({ '.': leaf }, schema.items, item)
    if (node !== undefined) (set ??= {})[element] = node
  }
  return set
}

/** Maps, lists and their elements that came with an addition are owned themselves ("."), structs only through what is in them. */
function addedMember(schema: Schema, value: unknown): FieldSet {
  return schema.type === 'object' ? addedNode(schema, value) : addTo({ '.': leaf }, schema, value)
}

function addedNode(schema: Schema, value: unknown): FieldSet {
  return addTo({}, schema, value)
}

/** All of a value that was not there before. */
function addTo(set: MutableSet, schema: Schema, value: unknown): FieldSet {
  if (!isDescended(schema, value)) return leaf
  if (schema.type === 'object') {
    const { fields } = schema
    const members = value as JsonObject
    for (const key in members) {
      const field = fields.get(key)
      if (field === undefined) set[`f:${key}`] = leaf
      else set[`f:${key}`] = field.required ? addedNode(field.schema, members[key]) : addedMember(field.schema, members[key])
    }
  } else if (schema.type === 'map') {
    const members = value as JsonObject
    for (const key in members) set[`f:${key}`] = addedNode(schema.values, members[key])
  } else if (schema.type === 'list') {
    for (const item of value as unknown[]) {
      const element = itemElement(schema, item)
      if (element !== undefined) set[element] = addTo({ '.': leaf }, schema.items, item)
    }
  }
  return set
}

function removedNode(schema: Schema, old: unknown, now: unknown): Node {
  if (old === now || old === undefined) return undefined
  if (now === undefined) return addTo({ '.': leaf }, schema, old)
  if (!isDescended(schema, old)) return undefined
  let set: MutableSet | undefined
  if (schema.type === 'list' && Array.isArray(old)) {
    const present = indexItems(schema, Array.isArray(now) ? now : [])
    for (const item of old) {
      const element = itemElement(schema, item)
      if (element === undefined) continue
      const node = removedNode(schema.items, item, present.get(element))
      if (node !== undefined) (set ??= {})[element] = node
    }
  } else if (isObject(old)) {
    const present = isObject(now) ? now : {}
    for (const key in old) {
      const node = removedNode(schemaOf(schema, key), old[key], present[key])
      if (node !== undefined) (set ??= {})[`f:${key}`] = node
    }
  }
  return set
}

export const anyValue: Schema = { type: 'any' }

export function schemaOf(schema: Schema, key: string): Schema {
  if (schema.type === 'object') return schema.fields.get(key)?.schema ?? anyValue
  return schema.type === 'map' ? schema.values : anyValue
}

/** Whether the value's members are fields of their own. */
export function isDescended(schema: Schema, value: unknown): boolean {
  switch (schema.type) {
    case 'object': case 'map': return !schema.atomic && isObject(value)
    case 'list': return schema.list !== 'atomic' && Array.isArray(value)
    default: return false
  }
}

/** Elements by their names; of equal names the first counts. */
export function indexItems(schema: ListSchema, items: readonly unknown[]): Map<string, unknown> {
  const index = new Map<string, unknown>()
  for (const item of items) {
    const element = itemElement(schema, item)
    if (element !== undefined && !index.has(element)) index.set(element, item)
  }
  return index
}
