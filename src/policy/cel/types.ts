/** The types of CEL expressions, as the checker deduces and declarations say them. */
export type ScalarKind = 'bool' | 'int' | 'uint' | 'double' | 'string' | 'bytes'
export type PlainKind = ScalarKind | 'null' | 'timestamp' | 'duration' | 'dyn' | 'any' | 'error'

export interface PlainType {
  readonly kind: PlainKind
}

/** A scalar that may be null: google.protobuf.Int64Value and its kin, and nullable fields of schemas. */
export interface WrapperType {
  readonly kind: 'wrapper'
  readonly of: ScalarKind
}

export interface ListType {
  readonly kind: 'list'
  readonly element: Type
}

export interface MapType {
  readonly kind: 'map'
  readonly key: Type
  readonly value: Type
}

/** The type of types: type(int). */
export interface TypeType {
  readonly kind: 'type'
  readonly of: Type | undefined
}

/** A type that only its library knows: optional_type(T), kubernetes.Quantity. */
export interface OpaqueType {
  readonly kind: 'opaque'
  readonly name: string
  readonly parameters: readonly Type[]
}

/** An object with declared fields, by its name at the type provider. */
export interface NamedObjectType {
  readonly kind: 'object'
  readonly name: string
}

export interface TypeParameter {
  readonly kind: 'parameter'
  readonly name: string
}

export type Type = PlainType | WrapperType | ListType | MapType | TypeType | OpaqueType | NamedObjectType | TypeParameter

export const boolType: Type = { kind: 'bool' }
export const intType: Type = { kind: 'int' }
export const uintType: Type = { kind: 'uint' }
export const doubleType: Type = { kind: 'double' }
export const stringType: Type = { kind: 'string' }
export const bytesType: Type = { kind: 'bytes' }
export const nullType: Type = { kind: 'null' }
export const timestampType: Type = { kind: 'timestamp' }
export const durationType: Type = { kind: 'duration' }
export const dynType: Type = { kind: 'dyn' }
export const anyType: Type = { kind: 'any' }
export const errorType: Type = { kind: 'error' }

export function listType(element: Type): ListType {
  return { kind: 'list', element }
}

export function mapType(key: Type, value: Type): MapType {
  return { kind: 'map', key, value }
}

export function wrapperType(of: ScalarKind): WrapperType {
  return { kind: 'wrapper', of }
}

export function typeType(of?: Type): TypeType {
  return { kind: 'type', of }
}

export function opaqueType(name: string, ...parameters: readonly Type[]): OpaqueType {
  return { kind: 'opaque', name, parameters }
}

export function objectType(name: string): NamedObjectType {
  return { kind: 'object', name }
}

export function parameterType(name: string): TypeParameter {
  return { kind: 'parameter', name }
}

const OPTIONAL = 'optional_type'

export function optionalType(of: Type): OpaqueType {
  return opaqueType(OPTIONAL, of)
}

export function isOptional(type: Type): type is OpaqueType {
  return type.kind === 'opaque' && type.name === OPTIONAL
}

export function isDynamic(type: Type): boolean {
  return type.kind === 'dyn' || type.kind === 'error'
}

/** The types a type is made of: those of a list, a map, an opaque type, a type of types. */
export function parametersOf(type: Type): readonly Type[] {
  switch (type.kind) {
    case 'list': return [type.element]
    case 'map': return [type.key, type.value]
    case 'opaque': return type.parameters
    case 'type': return type.of === undefined ? [] : [type.of]
    default: return []
  }
}

/** map(string, int), optional_type(dyn), wrapper(int): as error messages and cel-go write types. */
export function formatType(type: Type): string {
  switch (type.kind) {
    case 'list': return `list(${formatType(type.element)})`
    case 'map': return `map(${formatType(type.key)}, ${formatType(type.value)})`
    case 'wrapper': return `wrapper(${type.of})`
    case 'type': return type.of === undefined ? 'type' : `type(${formatType(type.of)})`
    case 'opaque': return type.parameters.length === 0 ? type.name : `${type.name}(${type.parameters.map(formatType).join(', ')})`
    case 'object':
    case 'parameter': return type.name
    case 'error': return '!error!'
    default: return type.kind
  }
}

/** The name that type(x) shows: list, google.protobuf.Timestamp, null_type. */
export function runtimeTypeName(type: Type): string {
  switch (type.kind) {
    case 'null': return 'null_type'
    case 'timestamp': return 'google.protobuf.Timestamp'
    case 'duration': return 'google.protobuf.Duration'
    case 'wrapper': return type.of
    case 'opaque':
    case 'object':
    case 'parameter': return type.name
    default: return type.kind
  }
}

export function sameType(a: Type, b: Type): boolean {
  if (a === b) return true
  if (a.kind !== b.kind) return false
  switch (a.kind) {
    case 'wrapper': return b.kind === 'wrapper' && a.of === b.of
    case 'object':
    case 'parameter': return 'name' in b && a.name === b.name
    case 'opaque': return b.kind === 'opaque' && a.name === b.name && sameTypes(a.parameters, b.parameters)
    case 'list':
    case 'map':
    case 'type': return sameTypes(parametersOf(a), parametersOf(b))
    default: return true
  }
}

function sameTypes(a: readonly Type[], b: readonly Type[]): boolean {
  return a.length === b.length && a.every((type, index) => sameType(type, b[index] ?? errorType))
}
