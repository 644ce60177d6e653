import type { FieldError } from '../../../objects/field-error.ts'
import { forbiddenField, invalidValue, required } from '../../../objects/field-error.ts'
import { sameJson } from '../../../objects/json.ts'
import type { Errors } from '../../field-checks.ts'
import type { JSONSchemaProps } from '../../generated/types.ts'
import { additionalOf, itemsOf, saysOnly } from './json-schema.ts'
import type { PatternProblem } from './pattern-problems.ts'

/** Where a schema stands: at the root of an object, as the items of a list, or as a field or value. */
type Level = 'root' | 'item' | 'field'

const INT_OR_STRING: readonly unknown[] = [{ type: 'integer' }, { type: 'string' }]
const TYPE_MISSING: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root', item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}
const EMBEDDED_TYPE = 'must be object if x-kubernetes-embedded-resource is true'

/** What keeps a schema from being structural (KEP-1979), in alphabetical order. */
export function structureErrors(path: string, schema: JSONSchemaProps, patterns: PatternProblem): FieldError[] {
  const errors: Errors = []
  checkNode(errors, patterns, path, schema, 'root')
  checkCompleteness(errors, schema, schema, path, path)
  const text = ({ field, message }: FieldError): string => `${field}: ${message}`
  return errors.sort((a, b) => (text(a) < text(b) ? -1 : 1))
}

function checkNode(errors: Errors, patterns: PatternProblem, path: string, schema: JSONSchemaProps, level: Level): void {
  const items = itemsOf(schema)
  if (schema.type === 'array' && items === undefined) errors.push(required(`${path}.items`, 'must be specified'))
  if (items !== undefined) checkNode(errors, patterns, `${path}.items`, items, 'item')
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    checkNode(errors, patterns, `${path}.properties[${name}]`, property, 'field')
  }
  if (schema.additionalProperties !== undefined) {
    if (level === 'root') errors.push(forbiddenField(`${path}.additionalProperties`, 'must not be used at the root'))
    const values = additionalOf(schema)
    if (values !== undefined) checkNode(errors, patterns, `${path}.additionalProperties`, values, 'field')
  }
  checkExtensions(errors, path, schema)
  const first = schema.allOf?.[0]
  checkValues(errors, patterns, path, schema, {
    anyOf: isIntOrString(schema.anyOf), firstAllOf: first !== undefined && isIntOrString(first.anyOf),
  })
  checkType(errors, path, schema, level)
  checkOwnFields(errors, path, schema, level)
}

function isIntOrString(anyOf: readonly JSONSchemaProps[] | undefined): boolean {
  return anyOf?.length === 2 && sameJson(anyOf, INT_OR_STRING)
}

function checkExtensions(errors: Errors, path: string, schema: JSONSchemaProps): void {
  if (schema['x-kubernetes-int-or-string'] !== true) return
  for (const field of ['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-embedded-resource'] as const) {
    if (schema[field] === true) errors.push(invalidValue(`${path}.${field}`, true, 'must be false if x-kubernetes-int-or-string is true'))
  }
}

function checkType(errors: Errors, path: string, schema: JSONSchemaProps, level: Level): void {
  const type = schema.type ?? ''
  const field = `${path}.type`
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true
  if (isEmbedded && type !== 'object') errors.push(type === '' ? required(field, EMBEDDED_TYPE) : invalidValue(field, type, EMBEDDED_TYPE))
  else if (type === '' && schema['x-kubernetes-int-or-string'] !== true && schema['x-kubernetes-preserve-unknown-fields'] !== true) {
    errors.push(required(field, TYPE_MISSING[level]))
  }
  if (isEmbedded && schema.additionalProperties !== undefined) {
    errors.push(forbiddenField(`${path}.additionalProperties`, 'must not be used if x-kubernetes-embedded-resource is set'))
  }
  if (level === 'root' && type !== '' && type !== 'object') errors.push(invalidValue(field, type, 'must be object at the root'))
}

/** The fields that every object has: a schema can say little about them. */
function checkOwnFields(errors: Errors, path: string, schema: JSONSchemaProps, level: Level): void {
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true
  const isWhole = level === 'root' || isEmbedded
  for (const name of ['kind', 'apiVersion']) {
    const own = schema.properties?.[name]
    if (isWhole && own !== undefined && own.type !== 'string') {
      errors.push(invalidValue(`${path}.properties[${name}].type`, own.type ?? '', 'must be string'))
    }
  }
  const metadata = schema.properties?.['metadata']
  if (metadata !== undefined) {
    const field = `${path}.properties[metadata]`
    if (isWhole && metadata.type !== 'object') errors.push(invalidValue(`${field}.type`, metadata.type ?? '', 'must be object'))
    if (level === 'root' && !limitsNamesOnly(metadata)) {
      errors.push(forbiddenField(field, 'must not specify anything other than name and generateName, but metadata is implicitly specified'))
    }
  }
  if (isEmbedded && schema['x-kubernetes-preserve-unknown-fields'] !== true && Object.keys(schema.properties ?? {}).length === 0) {
    const detail = 'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields'
    errors.push(required(`${path}.properties`, detail))
  }
}

function limitsNamesOnly(metadata: JSONSchemaProps): boolean {
  const named = Object.keys(metadata.properties ?? {}).every((name) => name === 'name' || name === 'generateName')
  return named && saysOnly(metadata, ['type', 'default', 'properties', 'externalDocs', 'example'])
}

interface Skip {
  /** The one anyOf that may name types: integer or string. */
  readonly anyOf: boolean
  readonly firstAllOf: boolean
}

const SKIP_NOTHING: Skip = { anyOf: false, firstAllOf: false }

/** Under anyOf, allOf, oneOf and not, schemas limit values: what the structure is has been said outside. */
function checkValues(errors: Errors, patterns: PatternProblem, path: string, schema: JSONSchemaProps, skip: Skip): void {
  if (!skip.anyOf) schema.anyOf?.forEach((part, index) => checkNested(errors, patterns, `${path}.anyOf[${index}]`, part, SKIP_NOTHING))
  schema.allOf?.forEach((part, index) => {
    checkNested(errors, patterns, `${path}.allOf[${index}]`, part, { anyOf: skip.firstAllOf && index === 0, firstAllOf: false })
  })
  schema.oneOf?.forEach((part, index) => checkNested(errors, patterns, `${path}.oneOf[${index}]`, part, SKIP_NOTHING))
  if (schema.not !== undefined) checkNested(errors, patterns, `${path}.not`, schema.not, SKIP_NOTHING)
  const problem = patterns(schema.pattern ?? '')
  if (problem !== undefined) {
    errors.push(invalidValue(`${path}.pattern`, schema.pattern, `must be a valid regular expression, but isn't: ${problem}`))
  }
}

function checkNested(errors: Errors, patterns: PatternProblem, path: string, schema: JSONSchemaProps, skip: Skip): void {
  checkValues(errors, patterns, path, schema, skip)
  const items = itemsOf(schema)
  if (items !== undefined) checkNested(errors, patterns, `${path}.items`, items, SKIP_NOTHING)
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    checkNested(errors, patterns, `${path}.properties[${name}]`, property, SKIP_NOTHING)
  }
  for (const [field, detail] of NOT_NESTED) {
    const isSet = detail === 'must be undefined' ? schema[field] !== undefined : !saysOnly({ [field]: schema[field] }, [])
    if (isSet) errors.push(forbiddenField(`${path}.${field}`, `${detail} to be structural`))
  }
  if (schema.properties?.['metadata'] !== undefined) {
    errors.push(forbiddenField(`${path}.properties[metadata]`, 'must not be specified in a nested context'))
  }
}

const NOT_NESTED = [
  ['type', 'must be empty'], ['additionalProperties', 'must be undefined'], ['default', 'must be undefined'], ['title', 'must be empty'],
  ['description', 'must be empty'], ['nullable', 'must be false'], ['x-kubernetes-preserve-unknown-fields', 'must be false'],
  ['x-kubernetes-embedded-resource', 'must be false'], ['x-kubernetes-int-or-string', 'must be false'],
  ['x-kubernetes-list-map-keys', 'must be empty'], ['x-kubernetes-list-type', 'must be undefined'],
  ['x-kubernetes-map-type', 'must be undefined'], ['x-kubernetes-validations', 'must be empty'],
] as const

/** Every field and item that a limit is about must have been described outside of the limits. */
function checkCompleteness(errors: Errors, limits: JSONSchemaProps, described: JSONSchemaProps, path: string, limitPath: string): void {
  const parts = [
    ...(limits.not === undefined ? [] : [{ part: limits.not, at: `${limitPath}.not` }]),
    ...(['allOf', 'anyOf', 'oneOf'] as const).flatMap((field) => (
      (limits[field] ?? []).map((part, index) => ({ part, at: `${limitPath}.${field}[${index}]` })))),
  ]
  for (const { part, at } of parts) checkDescribed(errors, part, described, path, at)
}

function checkDescribed(
  errors: Errors, limits: JSONSchemaProps, described: JSONSchemaProps | undefined, path: string, limitPath: string,
): void {
  if (described === undefined) return void errors.push(required(path, `because it is defined in ${limitPath}`))
  checkCompleteness(errors, limits, described, path, limitPath)
  const items = itemsOf(limits)
  if (items !== undefined) checkDescribed(errors, items, itemsOf(described), `${path}.items`, `${limitPath}.items`)
  for (const [name, property] of Object.entries(limits.properties ?? {})) {
    checkDescribed(errors, property, described.properties?.[name], `${path}.properties[${name}]`, `${limitPath}.properties[${name}]`)
  }
}
