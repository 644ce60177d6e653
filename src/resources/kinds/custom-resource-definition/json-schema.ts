import type { FieldError } from '../../../objects/field-error.ts'
import { invalidValue } from '../../../objects/field-error.ts'
import type { JsonObject } from '../../../objects/json.ts'
import { isObject } from '../../../objects/json.ts'
import type { JSONSchemaProps } from '../../generated/types.ts'

/** Reading the OpenAPI schemas of a CustomResourceDefinition: the places where one schema stands in another. */
type FieldType = 'text' | 'number' | 'boolean' | 'texts' | 'list' | 'schema' | 'schemas' | 'schema-map' | 'map'

/** items and additionalProperties may be more than a schema, so that decoding leaves what is in them to these checks. */
const TYPES: Readonly<Record<string, FieldType>> = {
  type: 'text', format: 'text', pattern: 'text', title: 'text', description: 'text', id: 'text', $ref: 'text', $schema: 'text',
  'x-kubernetes-list-type': 'text', 'x-kubernetes-map-type': 'text',
  maximum: 'number', minimum: 'number', maxLength: 'number', minLength: 'number', maxItems: 'number',
  minItems: 'number', multipleOf: 'number',
  maxProperties: 'number', minProperties: 'number',
  exclusiveMaximum: 'boolean', exclusiveMinimum: 'boolean', uniqueItems: 'boolean', nullable: 'boolean',
  'x-kubernetes-embedded-resource': 'boolean', 'x-kubernetes-int-or-string': 'boolean', 'x-kubernetes-preserve-unknown-fields': 'boolean',
  required: 'texts', 'x-kubernetes-list-map-keys': 'texts', enum: 'list', 'x-kubernetes-validations': 'list',
  not: 'schema', allOf: 'schemas', anyOf: 'schemas', oneOf: 'schemas', properties: 'schema-map', patternProperties: 'schema-map',
  definitions: 'schema-map', dependencies: 'map',
}

const IS_TYPE: Readonly<Record<FieldType, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  texts: (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  list: Array.isArray,
  map: isObject,
  schema: isObject,
  schemas: (value) => Array.isArray(value) && value.every(isObject),
  'schema-map': (value) => isObject(value) && Object.values(value).every(isObject),
}

const SHOULD_BE: Readonly<Record<FieldType, string>> = {
  text: 'a string', number: 'a number', boolean: 'a boolean', texts: 'a list of strings', list: 'a list',
  map: 'an object', schema: 'a schema',
  schemas: 'a list of schemas', 'schema-map': 'an object with schemas',
}

/** Fields of a schema, or of one within it, that are of another type than schemas have there. */
export function malformedFields(path: string, schema: JSONSchemaProps): FieldError[] {
  const errors: FieldError[] = []
  visitRaw(path, schema, errors)
  return errors
}

function visitRaw(path: string, schema: object, errors: FieldError[]): void {
  const before = errors.length
  for (const [field, value] of Object.entries(schema)) {
    const type = TYPES[field]
    if (type !== undefined && !IS_TYPE[type](value)) errors.push(invalidValue(`${path}.${field}`, value, `must be ${SHOULD_BE[type]}`))
    else if (field === 'items' && !isObject(value) && !IS_TYPE.schemas(value)) {
      errors.push(invalidValue(`${path}.items`, value, 'must be a schema'))
    } else if (field === 'additionalProperties' && !isObject(value) && typeof value !== 'boolean') {
      errors.push(invalidValue(`${path}.additionalProperties`, value, 'must be a schema or a boolean'))
    }
  }
  if (errors.length > before) return
  for (const child of childrenOf(path, schema)) visitRaw(child.path, child.schema, errors)
}

export interface Child {
  readonly path: string
  readonly schema: JSONSchemaProps
  /** The field of the parent that it stands in. */
  readonly field: string
}

/** All schemas that stand directly in a schema, which may be malformed. */
export function childrenOf(path: string, schema: JSONSchemaProps): Child[] {
  const children: Child[] = []
  const add = (field: string, value: unknown, here = `${path}.${field}`): void => {
    if (isObject(value)) children.push({ path: here, schema: value, field })
  }
  const addMap = (field: string, map: unknown): void => {
    if (isObject(map)) for (const [key, value] of Object.entries(map)) add(field, value, `${path}.${field}[${key}]`)
  }
  const addList = (field: string, list: unknown): void => {
    if (Array.isArray(list)) list.forEach((item, index) => add(field, item, `${path}.${field}[${index}]`))
  }
  add('additionalProperties', schema.additionalProperties)
  addMap('properties', schema.properties)
  addMap('patternProperties', schema.patternProperties)
  add('additionalItems', schema.additionalItems)
  add('not', schema.not)
  for (const field of ['allOf', 'oneOf', 'anyOf'] as const) addList(field, schema[field])
  addMap('definitions', schema.definitions)
  add('items', schema.items)
  addList('items', schema.items)
  addMap('dependencies', schema.dependencies)
  return children
}

/** Fields that are null are no fields: within items and additionalProperties decoding has left them. The schema is the caller's to change. */
export function dropNulls(schema: JSONSchemaProps): void {
  for (const [field, value] of Object.entries(schema)) if (value === null) Reflect.deleteProperty(schema, field)
  for (const child of childrenOf('', schema)) dropNulls(child.schema)
}

/** The one schema of all items of a list. */
export function itemsOf({ items }: JSONSchemaProps): JSONSchemaProps | undefined {
  return isObject(items) ? items : undefined
}

/** The schema of the values of a map; undefined also where additionalProperties is a boolean. */
export function additionalOf({ additionalProperties }: JSONSchemaProps): JSONSchemaProps | undefined {
  return isObject(additionalProperties) ? additionalProperties : undefined
}

/** Whether a schema or one within it is such. */
export function someSchema(schema: JSONSchemaProps, holds: (schema: JSONSchemaProps) => boolean): boolean {
  return holds(schema) || childrenOf('', schema).some((child) => someSchema(child.schema, holds))
}

const NO_FIELDS: JsonObject = {}

/** Whether nothing is said in any field but those. */
export function saysOnly(schema: JSONSchemaProps, fields: readonly string[]): boolean {
  return Object.entries(schema ?? NO_FIELDS).every(([field, value]) => fields.includes(field) || isNothing(value))
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return true
  if (Array.isArray(value)) return value.length === 0
  return isObject(value) && Object.keys(value).length === 0
}

const UNSUPPORTED = ['id', '$schema', '$ref', 'patternProperties', 'dependencies', 'additionalItems', 'definitions'] as const

/** Why a schema cannot be read as a structural one at all. */
export function unsupported(schema: JSONSchemaProps): string | undefined {
  for (const field of UNSUPPORTED) {
    if (!isNothing(schema[field]) || (field === 'additionalItems' && schema[field] !== undefined)) {
      return `OpenAPIV3Schema '${field === '$schema' ? 'schema' : field}' is not supported`
    }
  }
  if (Array.isArray(schema.items) && schema.items.length > 0) return "OpenAPIV3Schema 'items' must be a schema, but is an array"
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    return "internal error: 'x-kubernetes-preserve-unknown-fields' must be true or undefined"
  }
  for (const child of childrenOf('', schema)) {
    const reason = unsupported(child.schema)
    if (reason !== undefined) return reason
  }
  return undefined
}
