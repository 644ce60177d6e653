import { isObject, type JsonObject } from '../json.ts'
import type { ListSchema, ObjectSchema, Schema } from '../schema.ts'
import type { FieldSet } from './field-set.ts'
import { changedFields, isDescended, schemaOf, UNOWNED_METADATA } from './ownership.ts'
import { keyDefault } from './path-element.ts'

/** Beyond these the pool begins anew: what differs in every object must not fill the memory. */
const MAX_STEPS = 10_000
const MAX_CHARACTERS = 2_000_000

const OPEN = Symbol('open')
const CLOSE = Symbol('close')

/** Where a walk over an object has come: objects whose walks end in the same place have the same fields. */
interface Step {
  readonly token: unknown
  /** The one that came first; nearly all steps have only that. */
  next: Step | undefined
  others: Map<unknown, Step> | undefined
  set: FieldSet | undefined
}

/**
 * The field sets of an API, each kept once, with its JSON. A thousand pods of one template have the same fields: their set is found
 * instead of built, shared instead of kept a thousand times, and never serialised again.
 */
export class FieldSetPool {
  #roots = new Map<ObjectSchema, Step>()
  #steps = 0
  #byText = new Map<string, FieldSet>()
  #characters = 0
  readonly #texts = new WeakMap<FieldSet, string>()

  /** The fields of a new object. */
  added(schema: ObjectSchema, object: object): FieldSet {
    const end = this.#walkRoot(schema, object as JsonObject)
    return (end.set ??= this.shared(changedFields(schema, undefined, object)))
  }

  /** The one set that stands for all that are equal to this. */
  shared(set: FieldSet): FieldSet {
    if (this.#texts.has(set)) return set
    const text = JSON.stringify(set)
    const known = this.#byText.get(text)
    if (known !== undefined) return known
    if (this.#characters >= MAX_CHARACTERS) {
      this.#byText = new Map()
      this.#characters = 0
    }
    this.#characters += text.length
    this.#byText.set(text, set)
    this.#texts.set(set, text)
    return set
  }

  /** The JSON of a set, at no cost where the pool knows it. */
  textOf(set: FieldSet): string {
    return this.#texts.get(set) ?? JSON.stringify(set)
  }

  #walkRoot(schema: ObjectSchema, object: JsonObject): Step {
    if (this.#steps >= MAX_STEPS) {
      this.#roots = new Map()
      this.#steps = 0
    }
    let at = this.#roots.get(schema)
    if (at === undefined) this.#roots.set(schema, (at = newStep(schema)))
    for (const key in object) {
      if (key === 'apiVersion' || key === 'kind') continue
      const inner = schemaOf(schema, key)
      at = this.#step(at, key)
      at = key === 'metadata' ? this.#walkMetadata(at, inner, object[key]) : this.#walk(at, inner, object[key])
    }
    return at
  }

  #walkMetadata(from: Step, schema: Schema, metadata: unknown): Step {
    if (!isObject(metadata)) return from
    let at = this.#step(from, OPEN)
    for (const key in metadata) {
      if (!UNOWNED_METADATA.has(key)) at = this.#walk(this.#step(at, key), schemaOf(schema, key), metadata[key])
    }
    return this.#step(at, CLOSE)
  }

  /** Tells apart whatever changedFields tells apart in a new object: names of members and elements, and what is descended into. */
  #walk(from: Step, schema: Schema, value: unknown): Step {
    if (!isDescended(schema, value)) return value === undefined ? this.#step(from, undefined) : from
    let at = this.#step(from, OPEN)
    if (schema.type === 'list') for (const item of value as readonly unknown[]) at = this.#walkItem(at, schema, item)
    else {
      const members = value as JsonObject
      for (const key in members) at = this.#walk(this.#step(at, key), schemaOf(schema, key), members[key])
    }
    return this.#step(at, CLOSE)
  }

  /** An item is named by its keys, or is its own name in a set. */
  #walkItem(from: Step, schema: ListSchema, item: unknown): Step {
    if (schema.list === 'set') return this.#step(from, nameOf(item))
    if (!isObject(item)) return this.#step(from, undefined)
    let at = from
    const alone = schema.keys.length === 1
    for (const key of schema.keys) at = this.#step(at, nameOf(item[key] ?? (alone ? undefined : keyDefault(key))))
    return this.#walk(at, schema.items, item)
  }

  #step(at: Step, token: unknown): Step {
    const { next } = at
    if (next !== undefined && next.token === token) return next
    return (next === undefined ? undefined : at.others?.get(token)) ?? this.#newStep(at, token)
  }

  #newStep(at: Step, token: unknown): Step {
    const step = newStep(token)
    this.#steps++
    if (at.next === undefined) at.next = step
    else (at.others ??= new Map()).set(token, step)
    return step
  }
}

function newStep(token: unknown): Step {
  return { token, next: undefined, others: undefined, set: undefined }
}

/** What cannot name an item is all the same. */
function nameOf(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? undefined : value
}
