import type { ListSemantics } from './list-semantics.ts'
import type { ObjectType } from './object-type.ts'

/**
 * The values of CEL at run time. Scalars are those of JavaScript: int is bigint, double is number; uint, timestamps and the like are
 * small classes with a kind, so that raw JSON (a number, an array, a plain object) is never taken for a CEL value.
 */
export type Value =
  | null | boolean | bigint | number | string | Uint8Array
  | Uint | Timestamp | Duration | ListValue | MapValue | ObjectValue | TypeValue | OptionalValue | OpaqueValue | CelError

/** Makes a CEL value of a raw one: of JSON by its schema, of a message's field. */
export type Wrap = (raw: unknown) => Value

export class Uint {
  readonly kind = 'uint'
  readonly value: bigint

  constructor(value: bigint) {
    this.value = value
  }
}

/** Nanoseconds since 1970-01-01T00:00:00Z. */
export class Timestamp {
  readonly kind = 'timestamp'
  readonly nanos: bigint

  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

export class Duration {
  readonly kind = 'duration'
  readonly nanos: bigint

  constructor(nanos: bigint) {
    this.nanos = nanos
  }
}

/** A list over CEL values, or over raw items that are wrapped as they are read. */
export class ListValue {
  readonly kind = 'list'
  readonly items: readonly unknown[]
  readonly wrap: Wrap | undefined
  /** Of a field that is a set or a map: the order does not count, and + merges. */
  readonly semantics: ListSemantics | undefined

  private constructor(items: readonly unknown[], wrap: Wrap | undefined, semantics: ListSemantics | undefined) {
    this.items = items
    this.wrap = wrap
    this.semantics = semantics
  }

  static of(items: readonly Value[]): ListValue {
    return new ListValue(items, undefined, undefined)
  }

  static wrapping(items: readonly unknown[], wrap: Wrap, semantics?: ListSemantics): ListValue {
    return new ListValue(items, wrap, semantics)
  }

  get size(): number {
    return this.items.length
  }

  at(index: number): Value {
    const item = this.items[index]
    return this.wrap === undefined ? (item as Value) : this.wrap(item)
  }

  values(): readonly Value[] {
    return this.wrap === undefined ? (this.items as readonly Value[]) : this.items.map(this.wrap)
  }
}

/** Keys of one number are one key, whatever their types: 1, 1u and 1.0. */
export interface MapValue {
  readonly kind: 'map'
  readonly size: number
  get(key: Value): Value | undefined
  keys(): readonly Value[]
}

type NormalKey = string | bigint | boolean

/** Undefined for what is equal to no key: 1.5. */
export function normalKey(key: Value): NormalKey | undefined {
  if (typeof key === 'string' || typeof key === 'bigint' || typeof key === 'boolean') return key
  if (typeof key === 'number') return Number.isInteger(key) ? BigInt(key) : undefined
  return key instanceof Uint ? key.value : undefined
}

export class EntryMap implements MapValue {
  readonly kind = 'map'
  readonly #entries: Map<NormalKey, readonly [Value, Value]>

  constructor() {
    this.#entries = new Map()
  }

  static of(entries: Iterable<readonly [Value, Value]>): EntryMap {
    const map = new EntryMap()
    for (const [key, value] of entries) map.add(key, value)
    return map
  }

  /** Only while the map is being made. False when the key is there already. */
  add(key: Value, value: Value): boolean {
    const normal = normalKey(key)
    if (normal === undefined || this.#entries.has(normal)) return false
    this.#entries.set(normal, [key, value])
    return true
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: Value): Value | undefined {
    const normal = normalKey(key)
    return normal === undefined ? undefined : this.#entries.get(normal)?.[1]
  }

  keys(): readonly Value[] {
    return Array.from(this.#entries.values(), ([key]) => key)
  }
}

/** A map over a JSON object: keys are strings, values are wrapped as they are read. */
export class JsonMap implements MapValue {
  readonly kind = 'map'
  readonly source: Readonly<Record<string, unknown>>
  readonly wrap: Wrap

  constructor(source: Readonly<Record<string, unknown>>, wrap: Wrap) {
    this.source = source
    this.wrap = wrap
  }

  get size(): number {
    return this.keys().length
  }

  get(key: Value): Value | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.source, key)) return undefined
    const raw = this.source[key]
    return raw === undefined ? undefined : this.wrap(raw)
  }

  keys(): readonly string[] {
    return Object.keys(this.source).filter((key) => this.source[key] !== undefined)
  }
}

/** An object with declared fields: a part of a resource, a message. */
export class ObjectValue {
  readonly kind = 'object'
  readonly type: ObjectType
  readonly source: unknown

  constructor(type: ObjectType, source: unknown) {
    this.type = type
    this.source = source
  }
}

export class TypeValue {
  readonly kind = 'type'
  readonly name: string

  constructor(name: string) {
    this.name = name
  }
}

export class OptionalValue {
  readonly kind = 'optional'
  readonly value: Value | undefined

  constructor(value: Value | undefined) {
    this.value = value
  }
}

export const none = new OptionalValue(undefined)

/** A value of a library's own type. */
export interface OpaqueValue {
  readonly kind: 'opaque'
  readonly typeName: string
  /** For costs: how many bytes it has; 1 when not said. */
  readonly size?: number
  equals(other: OpaqueValue): boolean
}

/** What evaluation came to when it could not go on. A value, because || and && may not need it. */
export class CelError {
  readonly kind = 'error'
  readonly message: string
  /** Offset in the expression; undefined until the call that failed is known. */
  readonly at: number | undefined

  constructor(message: string, at?: number) {
    this.message = message
    this.at = at
  }
}

export function noSuchOverload(): CelError {
  return new CelError('no such overload')
}

export function isError(value: Value): value is CelError {
  return value instanceof CelError
}

export const INT_MIN = -(2n ** 63n)
const INT_MAX = 2n ** 63n - 1n
export const UINT_MAX = 2n ** 64n - 1n

export function isInt(value: bigint): boolean {
  return value >= INT_MIN && value <= INT_MAX
}

export function isUint(value: bigint): boolean {
  return value >= 0n && value <= UINT_MAX
}

/** The name that type(value) gives. */
export function typeNameOf(value: Value): string {
  switch (typeof value) {
    case 'boolean': return 'bool'
    case 'bigint': return 'int'
    case 'number': return 'double'
    case 'string': return 'string'
  }
  if (value === null) return 'null_type'
  if (value instanceof Uint8Array) return 'bytes'
  switch (value.kind) {
    case 'timestamp': return 'google.protobuf.Timestamp'
    case 'duration': return 'google.protobuf.Duration'
    case 'optional': return 'optional_type'
    case 'object': return value.type.name
    case 'opaque': return value.typeName
    default: return value.kind
  }
}
