import type { FieldError } from '../../../objects/field-error.ts'
import { forbiddenField, invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import type { Errors } from '../../field-checks.ts'
import type { JSONSchemaProps } from '../../generated/types.ts'
import type { Child } from './json-schema.ts'
import { childrenOf, itemsOf } from './json-schema.ts'
import { checkRules, checkTransitionRules } from './validate-rules.ts'

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']
const OWN_FIELDS = ['metadata', 'kind', 'apiVersion']
const MAP_TYPES = ['atomic', 'granular']
const LIST_TYPES = ['atomic', 'set', 'map']

/** What may be said at a place of the schema. */
interface Place {
  readonly position: 'root' | 'inside'
  /** Within the schema of an object's own metadata, kind or apiVersion. */
  readonly insideMetadata: boolean
  /** Why there may be no default; undefined where there may. */
  readonly noDefaults: string | undefined
  /** The outermost schema around it whose parts cannot be followed from one state of an object to the next. */
  readonly uncorrelatable: string | undefined
}

/** What is wrong with an OpenAPI schema beyond its structure: unsupported words, contradictions, lists without keys. */
export function schemaErrors(path: string, schema: JSONSchemaProps): FieldError[] {
  const errors: Errors = []
  checkSchema(errors, path, schema, { position: 'root', insideMetadata: false, noDefaults: undefined, uncorrelatable: undefined })
  return errors
}

function checkSchema(errors: Errors, path: string, schema: JSONSchemaProps, place: Place): void {
  const before = errors.length
  checkWords(errors, path, schema, place)
  if (schema.uniqueItems === true) {
    const detail = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'
    errors.push(forbiddenField(`${path}.uniqueItems`, detail))
  }
  const { additionalProperties } = schema
  if (additionalProperties !== undefined && additionalProperties !== true && Object.keys(schema.properties ?? {}).length > 0) {
    errors.push(forbiddenField(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'))
  }
  for (const child of childrenOf(path, schema)) {
    checkSchema(errors, child.path, child.schema, placeOf({ path, schema, place }, child))
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    errors.push(invalidValue(`${path}.x-kubernetes-preserve-unknown-fields`, false, 'must be true or undefined'))
  }
  checkMapType(errors, path, schema)
  checkListType(errors, path, schema)
  checkListKeys(errors, path, schema)
  checkKeyedItems(errors, path, schema)
  checkRules(errors, path, schema)
  if (errors.length === before) checkTransitionRules(errors, path, schema, place.uncorrelatable)
}

interface Parent {
  readonly path: string
  readonly schema: JSONSchemaProps
  readonly place: Place
}

function placeOf({ path: parentPath, schema: parent, place }: Parent, { path, field }: Child): Place {
  const uncorrelatable = place.uncorrelatable ?? (canFollow(parent, field) ? undefined : parentPath)
  const inside: Place = { ...place, position: 'inside', uncorrelatable }
  if (field === 'additionalProperties' && place.insideMetadata) {
    return { ...inside, noDefaults: 'inside additionalProperties applying to object metadata' }
  }
  const name = OWN_FIELDS.find((own) => field === 'properties' && path.endsWith(`.properties[${own}]`))
  if (name === undefined || (place.position !== 'root' && parent['x-kubernetes-embedded-resource'] !== true)) return inside
  return { ...inside, insideMetadata: true, noDefaults: place.position === 'root' ? `in top-level ${name}` : place.noDefaults }
}

/** An item of a list is the same as before where it has a key; a part of a map, where the map is not replaced as a whole. */
function canFollow(parent: JSONSchemaProps, field: string): boolean {
  if (field === 'items') return parent['x-kubernetes-list-type'] === 'map'
  return field !== 'properties' || parent['x-kubernetes-map-type'] !== 'atomic'
}

function checkWords(errors: Errors, path: string, schema: JSONSchemaProps, place: Place): void {
  const forbid = (field: string, detail = `${field} is not supported`): void => void errors.push(forbiddenField(`${path}.${field}`, detail))
  const type = schema.type ?? ''
  if (type !== '' && !TYPES.includes(type)) errors.push(notSupported(`${path}.type`, type, TYPES))
  if (schema.default !== undefined && place.noDefaults !== undefined) forbid('default', `must not be set ${place.noDefaults}`)
  if ((schema.id ?? '') !== '') forbid('id')
  if (schema.additionalItems !== undefined) forbid('additionalItems')
  if (Object.keys(schema.patternProperties ?? {}).length > 0) forbid('patternProperties')
  if (Object.keys(schema.definitions ?? {}).length > 0) forbid('definitions')
  if (schema.dependencies !== undefined) forbid('dependencies')
  if (schema.$ref !== undefined) forbid('$ref')
  if (type === 'null') forbid('type', 'type cannot be set to null, use nullable as an alternative')
  if (Array.isArray(schema.items) && schema.items.length > 0) forbid('items', 'items must be a schema object and not an array')
  if (place.insideMetadata && schema['x-kubernetes-embedded-resource'] === true) {
    forbid('x-kubernetes-embedded-resource', 'must not be used inside of resource meta')
  }
}

function checkMapType(errors: Errors, path: string, schema: JSONSchemaProps): void {
  const mapType = schema['x-kubernetes-map-type']
  if (mapType === undefined) return
  checkTypeIs(errors, path, schema, 'object', 'must be object if x-kubernetes-map-type is specified')
  if (!MAP_TYPES.includes(mapType)) errors.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, MAP_TYPES))
}

function checkTypeIs(errors: Errors, path: string, { type = '' }: JSONSchemaProps, wanted: string, detail: string): void {
  if (type === wanted) return
  errors.push(type === '' ? required(`${path}.type`, detail) : invalidValue(`${path}.type`, type, detail))
}

function checkListType(errors: Errors, path: string, schema: JSONSchemaProps): void {
  const listType = schema['x-kubernetes-list-type']
  if (listType === undefined) return
  checkTypeIs(errors, path, schema, 'array', 'must be array if x-kubernetes-list-type is specified')
  const items = itemsOf(schema)
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set'
  if (schema.type === 'array' && listType === 'set' && items !== undefined) {
    const inner = items['x-kubernetes-list-type']
    if (items.type === 'array' && inner !== undefined && inner !== 'atomic') {
      errors.push(invalidValue(`${path}.items.x-kubernetes-list-type`, inner, detail))
    }
    if (items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic') {
      // Upstream shows the type of the list.
      errors.push(invalidValue(`${path}.items.x-kubernetes-map-type`, items['x-kubernetes-list-type'] ?? null, detail))
    }
  }
  if (!LIST_TYPES.includes(listType)) errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, LIST_TYPES))
}

function checkListKeys(errors: Errors, path: string, schema: JSONSchemaProps): void {
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const listType = schema['x-kubernetes-list-type']
  const field = `${path}.x-kubernetes-list-type`
  const detail = 'must be map if x-kubernetes-list-map-keys is non-empty'
  if (keys.length > 0 && listType === undefined) errors.push(required(field, detail))
  else if (keys.length > 0 && listType !== 'map') errors.push(invalidValue(field, listType, detail))
  if (listType !== 'map') return
  if (keys.length === 0) {
    errors.push(required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'))
  }
  if (schema.items === undefined) errors.push(required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map'))
  const items = itemsOf(schema)
  if (schema.items !== undefined && items === undefined) {
    errors.push(invalidValue(`${path}.items`, schema.items, 'must only have a single schema if x-kubernetes-list-type is map'))
  } else if (items !== undefined && items.type !== 'object') {
    errors.push(invalidValue(`${path}.items.type`, items.type ?? '', "must be object if parent array's x-kubernetes-list-type is map"))
  } else if (items !== undefined) checkKeyNames(errors, path, keys, items)
}

function checkKeyNames(errors: Errors, path: string, keys: readonly string[], items: JSONSchemaProps): void {
  const field = `${path}.x-kubernetes-list-map-keys`
  const seen = new Set<string>()
  for (const key of keys) {
    const property = items.properties?.[key]
    if (property === undefined) errors.push(invalidValue(field, keys, 'entries must all be names of item properties'))
    else if (property.type === 'array' || property.type === 'object') {
      const detail = "must be a scalar type if parent array's x-kubernetes-list-type is map"
      errors.push(invalidValue(`${path}.items.properties[${key}].type`, items.type, detail))
    }
    if (seen.has(key)) errors.push(invalidValue(field, keys, 'must not contain duplicate entries'))
    seen.add(key)
  }
}

/** Items that are told apart by keys must have them. */
function checkKeyedItems(errors: Errors, path: string, schema: JSONSchemaProps): void {
  const items = itemsOf(schema)
  const listType = schema['x-kubernetes-list-type']
  if (items === undefined || (listType !== 'set' && listType !== 'map')) return
  if (items.nullable === true) {
    errors.push(forbiddenField(`${path}.items.nullable`, `cannot be nullable when x-kubernetes-list-type is ${listType}`))
  }
  if (listType !== 'map') return
  for (const key of schema['x-kubernetes-list-map-keys'] ?? []) {
    const property = items.properties?.[key]
    if (property === undefined) continue
    const field = `${path}.items.properties[${key}]`
    if (items.required?.includes(key) !== true && property.default === undefined) {
      const detail = 'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'
      errors.push(required(`${field}.default`, detail))
    }
    if (property.nullable === true) {
      errors.push(forbiddenField(`${field}.nullable`, 'this property is in x-kubernetes-list-map-keys, so it cannot be nullable'))
    }
  }
}
