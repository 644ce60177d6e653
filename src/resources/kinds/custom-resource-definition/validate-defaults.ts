import type { FieldError } from '../../../objects/field-error.ts'
import { invalidValue } from '../../../objects/field-error.ts'
import { copyJson } from '../../../objects/json.ts'
import { pruneUnknown } from '../../../objects/structural/prune.ts'
import { structuralOf } from '../../../objects/structural/structural-schema.ts'
import { validateValue } from '../../../objects/structural/validate-value.ts'
import type { Errors } from '../../field-checks.ts'
import type { JSONSchemaProps } from '../../generated/types.ts'
import { itemsOf } from './json-schema.ts'

/** A default must be a value that the schema allows, and have no fields that would be dropped. Only for schemas that are structural. */
export function defaultErrors(path: string, schema: JSONSchemaProps): FieldError[] {
  const errors: Errors = []
  visit(errors, path, schema)
  return errors
}

function visit(errors: Errors, path: string, schema: JSONSchemaProps): void {
  if (schema.default !== undefined) checkDefault(errors, `${path}.default`, schema)
  const items = itemsOf(schema)
  if (items !== undefined) visit(errors, `${path}.items`, items)
  for (const [name, property] of Object.entries(schema.properties ?? {})) visit(errors, `${path}.properties[${name}]`, property)
}

function checkDefault(errors: Errors, field: string, schema: JSONSchemaProps): void {
  const dropped = pruneUnknown(structuralOf({ type: 'object', properties: { value: schema } }), { value: copyJson(schema.default) })
  if (dropped.length > 0) errors.push(invalidValue(field, schema.default, 'must not have unknown fields'))
  errors.push(...validateValue(structuralOf(schema), schema.default, field))
}
