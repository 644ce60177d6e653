import { duplicate, forbiddenField, invalidValue, required, tooMany } from '../../../objects/field-error.ts'
import type { Errors } from '../../field-checks.ts'
import type {
  CustomResourceColumnDefinition, CustomResourceSubresources, JSONSchemaProps, SelectableField,
} from '../../generated/types.ts'
import { findField } from './field-path.ts'
import { malformedFields, saysOnly, unsupported } from './json-schema.ts'
import type { VersionFeatures } from './promoted-spec.ts'
import { defaultErrors } from './validate-defaults.ts'
import { schemaErrors } from './validate-schema.ts'
import type { PatternProblem } from './pattern-problems.ts'
import { structureErrors } from './validate-structure.ts'

const COLUMN_TYPES = ['boolean', 'date', 'integer', 'number', 'string']
const COLUMN_FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']
const SELECTABLE_TYPES = ['string', 'boolean', 'integer']
const MAX_SELECTABLE_FIELDS = 8
/** What a schema may say at its root where the status is a part of its own, in the words of upstream's message. */
const ROOT_FIELDS: Readonly<Record<string, string>> = {
  description: 'Description', type: 'Type', format: 'Format', title: 'Title', maximum: 'Maximum', exclusiveMaximum: 'ExclusiveMaximum',
  minimum: 'Minimum', exclusiveMinimum: 'ExclusiveMinimum', maxLength: 'MaxLength', minLength: 'MinLength', pattern: 'Pattern',
  maxItems: 'MaxItems', minItems: 'MinItems', uniqueItems: 'UniqueItems', multipleOf: 'MultipleOf', required: 'Required', items: 'Items',
  properties: 'Properties', externalDocs: 'ExternalDocs', example: 'Example',
  'x-kubernetes-preserve-unknown-fields': 'XPreserveUnknownFields', 'x-kubernetes-validations': 'XValidations',
}

/** Where the parts of a version stand: in the version, or in the spec where all versions have the same. */
export interface FeaturePaths {
  readonly schema: string
  readonly subresources: string
  readonly columns: string
  readonly selectableFields: string
}

export interface CheckedFeatures extends VersionFeatures {
  /** The status is a subresource, which the schema must allow for. */
  readonly hasStatus: boolean
  readonly patterns: PatternProblem
}

/** Each costs something for each object of each list that is shown. */
const MAX_COLUMNS = 100

export function checkFeatures(errors: Errors, paths: FeaturePaths, features: CheckedFeatures): void {
  const { schema, subresources, columns, selectableFields } = features
  if (schema !== undefined && features.hasStatus) checkRoot(errors, paths.schema, schema)
  if (schema !== undefined) checkSchema(errors, paths.schema, schema, features.patterns)
  if (subresources !== undefined) checkSubresources(errors, paths.subresources, subresources)
  if (columns.length > MAX_COLUMNS) errors.push(tooMany(paths.columns, columns.length, MAX_COLUMNS))
  else columns.forEach((column, index) => checkColumn(errors, `${paths.columns}[${index}]`, column))
  if (selectableFields.length > 0) checkSelectableFields(errors, paths.selectableFields, selectableFields, schema)
}

function checkSchema(errors: Errors, path: string, schema: JSONSchemaProps, patterns: PatternProblem): void {
  const malformed = malformedFields(path, schema)
  if (malformed.length > 0) return void errors.push(...malformed)
  if (schema.nullable === true) errors.push(forbiddenField(`${path}.nullable`, 'nullable cannot be true at the root'))
  const reason = unsupported(schema)
  const structure = reason === undefined ? structureErrors(path, schema, patterns) : []
  const defaults = reason === undefined && structure.length === 0 ? defaultErrors(path, schema) : []
  const others = schemaErrors(path, schema)
  errors.push(...structure, ...defaults, ...others)
  if (reason !== undefined && others.length === 0) errors.push(invalidValue(path, '', reason))
}

function checkRoot(errors: Errors, path: string, schema: JSONSchemaProps): void {
  const type = schema.type ?? ''
  if (type !== '' && type !== 'object') {
    const detail = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled'
    errors.push(invalidValue(`${path}.type`, type, detail))
  } else if (!saysOnly(schema, Object.keys(ROOT_FIELDS))) {
    const names = Object.values(ROOT_FIELDS).join(' ')
    const detail = `only [${names}] fields are allowed at the root of the schema if the status subresource is enabled`
    errors.push(invalidValue(path, schema, detail))
  }
}

function checkSubresources(errors: Errors, path: string, { scale }: CustomResourceSubresources): void {
  if (scale === undefined) return
  const check = (field: string, value: string, roots: readonly string[], detail: string): void => {
    const problem = simplePathProblem(value) ?? (roots.some((root) => value.startsWith(root)) ? undefined : detail)
    if (problem !== undefined) errors.push(invalidValue(`${path}.scale.${field}`, value, problem))
  }
  const { specReplicasPath = '', statusReplicasPath = '', labelSelectorPath = '' } = scale
  if (specReplicasPath === '') errors.push(required(`${path}.scale.specReplicasPath`))
  else check('specReplicasPath', specReplicasPath, ['.spec.'], 'should be a json path under .spec')
  if (statusReplicasPath === '') errors.push(required(`${path}.scale.statusReplicasPath`))
  else check('statusReplicasPath', statusReplicasPath, ['.status.'], 'should be a json path under .status')
  if (labelSelectorPath !== '') {
    check('labelSelectorPath', labelSelectorPath, ['.spec.', '.status.'], 'should be a json path under either .spec or .status')
  }
}

function simplePathProblem(path: string): string | undefined {
  return path.startsWith('.') ? undefined : 'must be a simple json path starting with .'
}

function checkColumn(
  errors: Errors, path: string, { name = '', type = '', format = '', jsonPath = '' }: CustomResourceColumnDefinition,
): void {
  if (name === '') errors.push(required(`${path}.name`))
  const types = `must be one of ${COLUMN_TYPES.join(',')}`
  if (type === '') errors.push(required(`${path}.type`, types))
  else if (!COLUMN_TYPES.includes(type)) errors.push(invalidValue(`${path}.type`, type, types))
  if (format !== '' && !COLUMN_FORMATS.includes(format)) {
    errors.push(invalidValue(`${path}.format`, format, `must be one of ${COLUMN_FORMATS.join(',')}`))
  }
  const problem = simplePathProblem(jsonPath)
  if (jsonPath === '') errors.push(required(`${path}.JSONPath`))
  else if (problem !== undefined) errors.push(invalidValue(`${path}.JSONPath`, jsonPath, problem))
}

function checkSelectableFields(
  errors: Errors, path: string, fields: readonly SelectableField[], schema: JSONSchemaProps | undefined,
): void {
  if (schema === undefined) {
    // Upstream has it the wrong way round for versions.
    const detail = path.startsWith('spec.versions')
      ? 'selectableFields may only be set when version.schema.openAPIV3Schema is not included'
      : 'selectableFields may only be set when validations.schema is included'
    errors.push(invalidValue(path, '', detail))
    return
  }
  const seen = new Set<string>()
  fields.forEach(({ jsonPath = '' }, index) => {
    const field = `${path}[${index}].jsonPath`
    if (jsonPath === '') return void errors.push(required(field))
    const found = findField(jsonPath, schema, 'dots-only')
    if ('error' in found) return void errors.push(invalidValue(field, jsonPath, `is an invalid path: ${found.error}`))
    if (found.steps[0] === 'metadata') errors.push(invalidValue(field, jsonPath, 'must not point to fields in metadata'))
    if (!SELECTABLE_TYPES.includes(found.schema.type ?? '')) {
      const detail = 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'
      errors.push(invalidValue(field, jsonPath, detail))
    }
    const steps = found.steps.join('.')
    if (seen.has(steps)) errors.push(duplicate(field, jsonPath))
    seen.add(steps)
  })
  if (seen.size > MAX_SELECTABLE_FIELDS) errors.push(tooMany(path, seen.size, MAX_SELECTABLE_FIELDS))
}
