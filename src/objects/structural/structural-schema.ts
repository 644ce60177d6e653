import { isObject, type JsonObject } from '../json.ts'
import { textPattern, type TextPattern } from './text-pattern.ts'

/**
 * The structural schema of custom resources (KEP-1979, apiextensions.k8s.io/v1): says what every field is, so that objects can be pruned,
 * given their defaults, validated, merged and documented. Read from a JSONSchemaProps that was found valid; what it cannot say is left out.
 */
export interface Structural {
  readonly type: StructuralType | undefined
  readonly nullable: boolean
  /** A number or a text. */
  readonly intOrString: boolean
  /** Fields that the schema does not name are kept, here and below. */
  readonly preservesUnknown: boolean
  /** A whole object, with apiVersion, kind and metadata that need not be named. */
  readonly isEmbedded: boolean
  readonly properties: ReadonlyMap<string, Structural>
  /** Of the values under names that properties do not have. */
  readonly additional: Structural | undefined
  readonly items: Structural | undefined
  /** The properties that have a default. */
  readonly defaulted: readonly string[]
  /** Undefined: none. */
  readonly default: unknown
  readonly required: readonly string[]
  readonly list: 'atomic' | 'set' | 'map'
  readonly listKeys: readonly string[]
  readonly isAtomicMap: boolean
  readonly limits: ValueLimits
  readonly enum: readonly unknown[] | undefined
  readonly format: string
  readonly pattern: TextPattern | undefined
  /** Schemas that say nothing about structure, only about values. */
  readonly allOf: readonly Structural[]
  readonly anyOf: readonly Structural[]
  readonly oneOf: readonly Structural[]
  readonly not: Structural | undefined
  readonly rules: readonly ValidationRule[]
}

export type StructuralType = 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'

export interface ValueLimits {
  readonly minimum: number | undefined
  readonly maximum: number | undefined
  readonly exclusiveMinimum: boolean
  readonly exclusiveMaximum: boolean
  readonly multipleOf: number | undefined
  readonly minLength: number | undefined
  readonly maxLength: number | undefined
  readonly minItems: number | undefined
  readonly maxItems: number | undefined
  readonly minProperties: number | undefined
  readonly maxProperties: number | undefined
}

/** x-kubernetes-validations: CEL, for who has the engine. */
export interface ValidationRule {
  readonly rule: string
  readonly message: string | undefined
  readonly messageExpression: string | undefined
  readonly reason: string | undefined
  readonly fieldPath: string | undefined
  readonly optionalOldSelf: boolean | undefined
}

const NO_PROPERTIES: ReadonlyMap<string, Structural> = new Map()
/** Values about which nothing is said: additionalProperties: true. */
const ANYTHING: JsonObject = { 'x-kubernetes-preserve-unknown-fields': true }

export function structuralOf(schema: unknown): Structural {
  const json = isObject(schema) ? schema : {}
  const properties = propertiesOf(json['properties'])
  return {
    type: typeOf(json['type']),
    nullable: json['nullable'] === true,
    intOrString: json['x-kubernetes-int-or-string'] === true || json['format'] === 'int-or-string',
    preservesUnknown: json['x-kubernetes-preserve-unknown-fields'] === true,
    isEmbedded: json['x-kubernetes-embedded-resource'] === true,
    properties,
    defaulted: [...properties].filter(([, property]) => property.default !== undefined).map(([name]) => name),
    additional: additionalOf(json['additionalProperties']),
    items: isObject(json['items']) ? structuralOf(json['items']) : undefined,
    default: json['default'],
    required: textsOf(json['required']),
    list: listOf(json['x-kubernetes-list-type']),
    listKeys: textsOf(json['x-kubernetes-list-map-keys']),
    isAtomicMap: json['x-kubernetes-map-type'] === 'atomic',
    limits: limitsOf(json),
    enum: Array.isArray(json['enum']) ? json['enum'] : undefined,
    format: textOf(json['format']) ?? '',
    pattern: typeof json['pattern'] === 'string' ? textPattern(json['pattern']) : undefined,
    allOf: schemasOf(json['allOf']),
    anyOf: schemasOf(json['anyOf']),
    oneOf: schemasOf(json['oneOf']),
    not: isObject(json['not']) ? structuralOf(json['not']) : undefined,
    rules: rulesOf(json['x-kubernetes-validations']),
  }
}

function typeOf(value: unknown): StructuralType | undefined {
  switch (value) {
    case 'object': case 'array': case 'string': case 'integer': case 'number': case 'boolean': return value
    default: return undefined
  }
}

function propertiesOf(value: unknown): ReadonlyMap<string, Structural> {
  if (!isObject(value)) return NO_PROPERTIES
  return new Map(Object.entries(value).map(([name, schema]) => [name, structuralOf(schema)]))
}

function additionalOf(value: unknown): Structural | undefined {
  if (value === true) return structuralOf(ANYTHING)
  return isObject(value) ? structuralOf(value) : undefined
}

function listOf(value: unknown): Structural['list'] {
  return value === 'set' || value === 'map' ? value : 'atomic'
}

function limitsOf(json: JsonObject): ValueLimits {
  const number = (name: string): number | undefined => numberOf(json[name])
  return {
    minimum: number('minimum'), maximum: number('maximum'), multipleOf: number('multipleOf'),
    exclusiveMinimum: json['exclusiveMinimum'] === true, exclusiveMaximum: json['exclusiveMaximum'] === true,
    minLength: number('minLength'), maxLength: number('maxLength'), minItems: number('minItems'), maxItems: number('maxItems'),
    minProperties: number('minProperties'), maxProperties: number('maxProperties'),
  }
}

/** Limits are doubles, whatever their text is. */
function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : undefined
}

function rulesOf(value: unknown): ValidationRule[] {
  if (!Array.isArray(value)) return []
  return value.filter(isObject).map((rule) => ({
    rule: textOf(rule['rule']) ?? '', message: textOf(rule['message']), messageExpression: textOf(rule['messageExpression']),
    reason: textOf(rule['reason']), fieldPath: textOf(rule['fieldPath']),
    optionalOldSelf: typeof rule['optionalOldSelf'] === 'boolean' ? rule['optionalOldSelf'] : undefined,
  }))
}

function schemasOf(value: unknown): readonly Structural[] {
  return Array.isArray(value) ? value.map(structuralOf) : []
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
