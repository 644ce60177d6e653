import type { FieldError } from '../../../objects/field-error.ts'
import { invalidValue } from '../../../objects/field-error.ts'
import type { JsonObject } from '../../../objects/json.ts'
import { isObject } from '../../../objects/json.ts'
import type { JSONSchemaProps } from '../../generated/types.ts'

/** The fields where something else than a schema may stand, so that decoding takes whatever it finds. */
const MIXED: Readonly<Record<string, { accepts(value: unknown): boolean; readonly shouldBe: string }>> = {
  items: { accepts: (value) => isObject(value) || (Array.isArray(value) && value.every(isObject)), shouldBe: 'a schema' },
  additionalProperties: { accepts: (value) => isObject(value) || typeof value === 'boolean', shouldBe: 'a schema or a boolean' },
  additionalItems: { accepts: (value) => isObject(value) || typeof value === 'boolean', shouldBe: 'a schema or a boolean' },
}

/** Fields of a schema, or of one within it, that are of another type than schemas have there. */
export function malformedFields(path: string, schema: JSONSchemaProps): FieldError[] {
  const errors: FieldError[] = []
  for (const [field, { accepts, shouldBe }] of Object.entries(MIXED)) {
    const value: unknown = Reflect.get(schema, field)
    if (value !== undefined && !accepts(value)) errors.push(invalidValue(`${path}.${field}`, value, `must be ${shouldBe}`))
  }
  if (errors.length > 0) return errors
  return childrenOf(path, schema).flatMap((child) => malformedFields(child.path, child.schema))
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
