import type { Environment } from './environment.ts'
import { candidateNames } from './names.ts'
import {
  boolType, bytesType, doubleType, durationType, dynType, intType, listType, mapType, nullType, runtimeTypeName, stringType,
  timestampType, typeType, uintType, type Type,
} from './types.ts'
import { TypeValue, type Value } from './values.ts'

/** What a name in an expression can be. */
export type NamedThing =
  | { readonly kind: 'variable'; readonly name: string; readonly type: Type }
  | { readonly kind: 'type'; readonly name: string; readonly type: Type; readonly value: Value }
  | { readonly kind: 'constant'; readonly name: string; readonly type: Type; readonly value: Value }

const STANDARD_TYPES: ReadonlyMap<string, Type> = new Map([
  ['bool', boolType], ['int', intType], ['uint', uintType], ['double', doubleType], ['string', stringType], ['bytes', bytesType],
  ['null_type', nullType], ['list', listType(dynType)], ['map', mapType(dynType, dynType)], ['type', typeType()],
  ['google.protobuf.Timestamp', timestampType], ['google.protobuf.Duration', durationType],
])

/** A declared variable, a type, or a constant of the provider; names of the container come first. */
export function lookUpName(environment: Environment, name: string): NamedThing | undefined {
  for (const candidate of candidateNames(environment.container, environment.abbreviations, name)) {
    const thing = exactName(environment, candidate)
    if (thing !== undefined) return thing
  }
  return undefined
}

function exactName(environment: Environment, name: string): NamedThing | undefined {
  const variable = environment.variables.get(name)
  if (variable !== undefined) return { kind: 'variable', name, type: variable }
  const { types } = environment
  const type = STANDARD_TYPES.get(name) ?? environment.namedTypes.get(name) ?? types.namedType(name)
  if (type !== undefined) return namedType(name, type, runtimeTypeName(type))
  if (types.objectType(name) !== undefined) return namedType(name, { kind: 'object', name }, name)
  const constant = types.constant(name)
  return constant === undefined ? undefined : { kind: 'constant', name, ...constant }
}

function namedType(name: string, type: Type, runtimeName: string): NamedThing {
  return { kind: 'type', name, type: typeType(type), value: new TypeValue(runtimeName) }
}
