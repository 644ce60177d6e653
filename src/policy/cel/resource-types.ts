import type { ObjectSchema, ScalarType, Schema, SchemaLookup } from '../../objects/schema.ts'
import { escapeField } from './field-escape.ts'
import type { ObjectField, ObjectType, TypeProvider } from './object-type.ts'
import { jsonField, jsonObjectType } from './openapi-types.ts'
import {
  boolType, bytesType, doubleType, dynType, intType, listType, mapType, objectType, stringType, timestampType, type Type,
} from './types.ts'
import { wrapOf } from './wrap.ts'

/** The types of the built-in kinds, by the names of their definitions: core.v1.Pod. Compiled on first use. */
export function resourceTypes(lookup: SchemaLookup): TypeProvider {
  const known = new Map<string, ObjectType>()
  const provider: TypeProvider = {
    objectType: (name) => {
      const type = known.get(name)
      if (type !== undefined) return type
      // Definitions have dotted names; what has none may be the name of something else, of an object's method even.
      const schema = name.includes('.') ? lookup(name) : undefined
      if (schema === undefined) return undefined
      const compiled = compileType(schema, provider)
      known.set(name, compiled)
      return compiled
    },
    namedType: () => undefined,
    constant: () => undefined,
  }
  return provider
}

function compileType(schema: ObjectSchema, provider: TypeProvider): ObjectType {
  let fields: ReadonlyMap<string, ObjectField> | undefined
  const all = (): ReadonlyMap<string, ObjectField> => (fields ??= new Map([...schema.fields].flatMap(([name, field]) => {
    const escaped = escapeField(name)
    const type = typeOfSchema(field.schema)
    // Definitions refer to each other and to themselves: how a field is wrapped is found out when it is first read.
    return escaped === undefined ? [] : [[escaped, lazyField(name, type, provider)]]
  })))
  const base = jsonObjectType(schema.name, new Map(), new Set())
  return {
    ...base,
    undeclared: (source) => Object.keys(source as object).filter((property) => !schema.fields.has(property)),
    field: (name) => all().get(name),
    setFields: (source) => [...all()].filter(([, field]) => field.isSet(source)).map(([name]) => name),
  }
}

function lazyField(property: string, type: Type, provider: TypeProvider): ObjectField {
  let field: ObjectField | undefined
  const resolved = (): ObjectField => (field ??= jsonField(property, type, wrapOf(type, provider)))
  return { type, read: (source) => resolved().read(source), isSet: (source) => resolved().isSet(source) }
}

const SCALARS: Readonly<Record<ScalarType, Type>> = {
  string: stringType,
  boolean: boolType,
  int32: intType,
  int64: intType,
  double: doubleType,
  quantity: dynType,
  'int-or-string': dynType,
  time: timestampType,
  'micro-time': timestampType,
  bytes: bytesType,
}

/** The CEL type of a schema of the tables. */
function typeOfSchema(schema: Schema): Type {
  switch (schema.type) {
    case 'object': return objectType(schema.name)
    case 'map': return mapType(stringType, typeOfSchema(schema.values))
    case 'list': return listType(typeOfSchema(schema.items))
    case 'any': return dynType
    default: return SCALARS[schema.type]
  }
}
