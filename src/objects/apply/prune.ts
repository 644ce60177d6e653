import { isObject, type JsonObject } from '../json.ts'
import type { ListSchema, Schema } from '../schema.ts'
import { isEmpty, isMember, leaf, type FieldSet } from './field-set.ts'
import { schemaOf } from './ownership.ts'
import { itemElement } from './path-element.ts'

/**
 * Takes out of the value what an applier owned (last) and nobody owns now (held: all managers, with the applier's new fields).
 * The field of a struct stays while anything in it is held; the key of a map and the element of a list stay only while they are
 * held themselves. What goes, goes with all that is in it.
 */
export function pruneUnowned(schema: Schema, value: unknown, last: FieldSet, held: FieldSet | undefined): unknown {
  if (schema.type === 'list') return Array.isArray(value) ? pruneList(schema, value, last, held) : value
  return isObject(value) ? pruneMembers(schema, value, last, held) : value
}

function pruneMembers(schema: Schema, value: JsonObject, last: FieldSet, held: FieldSet | undefined): JsonObject {
  let pruned: JsonObject | undefined
  for (const element in last) {
    const name = element.slice(2)
    const inner = value[name]
    if (!element.startsWith('f:') || inner === undefined) continue
    const isStructField = schema.type === 'object' && schema.fields.has(name)
    const kept = pruneChild(schemaOf(schema, name), inner, last[element] ?? leaf, held?.[element], isStructField ? 'field' : 'entry')
    if (kept === inner) continue
    pruned ??= { ...value }
    if (kept === undefined || isEmptied(kept)) delete pruned[name]
    else pruned[name] = kept
  }
  return pruned ?? value
}

function pruneList(schema: ListSchema, list: readonly unknown[], last: FieldSet, held: FieldSet | undefined): readonly unknown[] {
  let changed = false
  const kept: unknown[] = []
  for (const item of list) {
    const element = itemElement(schema, item)
    const before = element === undefined ? undefined : last[element]
    const after = element === undefined || before === undefined ? item : pruneChild(schema.items, item, before, held?.[element], 'entry')
    if (after !== item) changed = true
    if (after !== undefined) kept.push(after)
  }
  return changed ? kept : list
}

/** Undefined when the child goes. */
function pruneChild(schema: Schema, value: unknown, last: FieldSet, held: FieldSet | undefined, role: 'field' | 'entry'): unknown {
  const wasOwned = role === 'field' || isMember(last)
  const isHeld = role === 'field' ? held !== undefined : held !== undefined && isMember(held)
  if (wasOwned && !isHeld) return undefined
  return isEmpty(last) ? value : pruneUnowned(schema, value, last, held)
}

function isEmptied(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  return isObject(value) && isEmpty(value as FieldSet)
}
