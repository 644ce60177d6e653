import { escapeField } from './field-escape.ts'
import { noTypes, type ObjectField, type ObjectType, type TypeProvider } from './object-type.ts'
import type { ListSemantics } from './list-semantics.ts'
import type { OpenApiSchema } from './openapi-schema.ts'
import {
  boolType, bytesType, doubleType, durationType, dynType, intType, listType, mapType, objectType, stringType, timestampType,
  type Type,
} from './types.ts'
import { parseTimestamp } from './time-text.ts'
import type { Value, Wrap } from './values.ts'
import { wrapDyn, wrapListOf, wrapMapOf, wrapObjectOf, wrapOf } from './wrap.ts'

/** A schema as CEL sees it: its type, and where the fields of its objects are found. */
export interface DeclaredSchema {
  readonly type: Type
  readonly provider: TypeProvider
}

/**
 * Declares the types of a structural schema. Objects are named by their place: Root, Root.spec, Root.spec.ports.@idx.
 * Undefined where the schema says too little to be used in expressions (x-kubernetes-preserve-unknown-fields without a type).
 */
export function declareSchema(schema: OpenApiSchema, name: string): DeclaredSchema | undefined {
  return declareWith(escapeField, schema, name)
}

/** The same for a type that Kubernetes itself declares: its fields go by their own names, request.namespace too. */
export function declareNativeSchema(schema: OpenApiSchema, name: string): DeclaredSchema | undefined {
  return declareWith((property) => property, schema, name)
}

type FieldNaming = (property: string) => string | undefined

function declareWith(fieldName: FieldNaming, schema: OpenApiSchema, name: string): DeclaredSchema | undefined {
  const builder = new SchemaBuilder(fieldName)
  const root = builder.declare(schema, name, schema['x-kubernetes-embedded-resource'] === true)
  if (root === undefined) return undefined
  return {
    type: root.type,
    provider: { objectType: (wanted) => builder.objects.get(wanted), namedType: () => undefined, constant: () => undefined },
  }
}

interface Declared {
  readonly type: Type
  readonly wrap: Wrap
}

/** Metadata that every embedded resource has in expressions, whatever its schema says. */
const METADATA: OpenApiSchema = { type: 'object', properties: { name: { type: 'string' }, generateName: { type: 'string' } } }

class SchemaBuilder {
  readonly objects = new Map<string, ObjectType>()
  readonly #fieldName: FieldNaming

  constructor(fieldName: FieldNaming) {
    this.#fieldName = fieldName
  }

  declare(schema: OpenApiSchema, name: string, isResource: boolean): Declared | undefined {
    if (schema['x-kubernetes-int-or-string'] === true) return plain(dynType)
    switch (schema.type) {
      case 'boolean': return plain(boolType)
      case 'integer': return plain(intType)
      case 'number': return plain(doubleType)
      case 'string': return schema.format === 'date' ? { type: timestampType, wrap: wrapDate } : plain(stringTypeOf(schema.format))
      case 'array': return this.#list(schema, name)
      case 'object': return this.#object(schema, name, isResource)
      default: return undefined
    }
  }

  #list(schema: OpenApiSchema, name: string): Declared | undefined {
    const items = schema.items
    const element = items === undefined ? undefined : this.declare(items, `${name}.@idx`, items['x-kubernetes-embedded-resource'] === true)
    if (element === undefined) return undefined
    return { type: listType(element.type), wrap: wrapListOf(element.wrap, semanticsOf(schema)) }
  }

  #object(schema: OpenApiSchema, name: string, isResource: boolean): Declared | undefined {
    const values = schema.additionalProperties
    if (typeof values === 'object') {
      const value = this.declare(values, `${name}.@elem`, values['x-kubernetes-embedded-resource'] === true)
      return value === undefined ? undefined : { type: mapType(stringType, value.type), wrap: wrapMapOf(value.wrap) }
    }
    const properties = isResource ? resourceProperties(schema) : schema.properties ?? {}
    const fields = new Map<string, ObjectField>()
    for (const [property, inner] of Object.entries(properties)) {
      const escaped = this.#fieldName(property)
      if (escaped === undefined) continue
      const field = this.declare(inner, `${name}.${escaped}`, inner['x-kubernetes-embedded-resource'] === true)
      if (field !== undefined) fields.set(escaped, jsonField(property, field.type, field.wrap))
    }
    const type = jsonObjectType(name, fields, new Set(Object.keys(properties)))
    this.objects.set(name, type)
    return { type: objectType(name), wrap: wrapObjectOf(type) }
  }
}

function plain(type: Type): Declared {
  return { type, wrap: wrapOf(type, noTypes) }
}

/** A date is its first moment in UTC. */
function wrapDate(raw: unknown): Value {
  return typeof raw === 'string' ? parseTimestamp(`${raw}T00:00:00Z`) : wrapDyn(raw)
}

function stringTypeOf(format: string | undefined): Type {
  switch (format) {
    case 'byte': return bytesType
    case 'duration': return durationType
    case 'date-time': return timestampType
    default: return stringType
  }
}

function resourceProperties(schema: OpenApiSchema): Readonly<Record<string, OpenApiSchema>> {
  const { metadata = {}, ...others } = schema.properties ?? {}
  const named = { ...METADATA, properties: { ...metadata.properties, ...METADATA.properties } }
  return { ...others, apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: named }
}

function semanticsOf(schema: OpenApiSchema): ListSemantics | undefined {
  if (schema['x-kubernetes-list-type'] === 'set') return { kind: 'set' }
  return schema['x-kubernetes-list-type'] === 'map' ? { kind: 'map', keys: schema['x-kubernetes-list-map-keys'] ?? [] } : undefined
}

/** A field of a JSON object. An absent one is an error to read: has() asks first. Null is as good as absent, as in Kubernetes. */
export function jsonField(property: string, type: Type, wrap: Wrap): ObjectField {
  const rawOf = reader(property)
  return {
    type,
    read: (source) => {
      const raw = rawOf(source)
      return raw === undefined || raw === null ? undefined : wrap(raw)
    },
    isSet: (source) => {
      const raw = rawOf(source)
      return raw !== undefined && raw !== null
    },
  }
}

/** A property named like one that every JavaScript object has (constructor) is looked at with care. */
function reader(property: string): (source: unknown) => unknown {
  const plainly = (source: unknown): unknown => (source as Readonly<Record<string, unknown>>)[property]
  return property in Object.prototype ? (source) => (Object.hasOwn(source as object, property) ? plainly(source) : undefined) : plainly
}

/** An object type over JSON objects. */
export function jsonObjectType(name: string, fields: ReadonlyMap<string, ObjectField>, properties: ReadonlySet<string>): ObjectType {
  return {
    name,
    field: (field) => fields.get(field),
    setFields: (source) => [...fields.keys()].filter((field) => fields.get(field)?.isSet(source) === true),
    undeclared: (source) => Object.keys(source as object).filter((property) => !properties.has(property)),
    create: undefined,
    isJson: true,
  }
}
