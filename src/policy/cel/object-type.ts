import type { Type } from './types.ts'
import type { Value } from './values.ts'

/** One declared field of an object. */
export interface ObjectField {
  readonly type: Type
  /** The value, or the default of one that is not set; undefined where there is neither (an error to read). */
  read(source: unknown): Value | undefined
  /** What has() says. */
  isSet(source: unknown): boolean
}

/** A type with declared fields. */
export interface ObjectType {
  readonly name: string
  field(name: string): ObjectField | undefined
  /** Names of the fields that are set: for costs, equality and output. */
  setFields(source: unknown): readonly string[]
  /** Of JSON sources: properties that are no fields. They count for equality. */
  undeclared?(source: unknown): readonly string[]
  /** The value of Name{field: value}; an error value when a value does not fit. Undefined where literals are not supported. */
  create: ((fields: ReadonlyMap<string, Value>) => Value) | undefined
  /** Sources are JSON: equal when their JSON is the same, compared field by field when it is not. */
  readonly isJson: boolean
}

/** A named constant of a provider: an enum value. */
export interface NamedConstant {
  readonly type: Type
  readonly value: Value
}

/** Port: where types with fields come from. In production OpenAPI and the schema tables, in the conformance tests protobuf messages. */
export interface TypeProvider {
  /** By full name: Object.spec, acme.v1.Widget. */
  objectType(name: string): ObjectType | undefined
  /** The CEL type that a name stands for, where it is not the object type itself: wrappers, well-known types. */
  namedType(name: string): Type | undefined
  constant(name: string): NamedConstant | undefined
}

export const noTypes: TypeProvider = {
  objectType: () => undefined,
  namedType: () => undefined,
  constant: () => undefined,
}

/** Asks each in turn. */
export function firstProvider(providers: readonly TypeProvider[]): TypeProvider {
  if (providers.length === 1 && providers[0] !== undefined) return providers[0]
  const first = <T>(ask: (provider: TypeProvider) => T | undefined): T | undefined => {
    for (const provider of providers) {
      const answer = ask(provider)
      if (answer !== undefined) return answer
    }
    return undefined
  }
  return {
    objectType: (name) => first((provider) => provider.objectType(name)),
    namedType: (name) => first((provider) => provider.namedType(name)),
    constant: (name) => first((provider) => provider.constant(name)),
  }
}
