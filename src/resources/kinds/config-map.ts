import type { FieldError } from '../../objects/field-error.ts'
import { forbiddenField, invalidValue, tooLong } from '../../objects/field-error.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkConfigKey, sameValue } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { ConfigMap } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { ageColumn, textColumn } from '../table.ts'

/** Of all values of a ConfigMap or Secret together. */
export const MAX_DATA_BYTES = 1024 * 1024
export const IMMUTABLE_DATA = 'field is immutable when `immutable` is set'

/** Bytes of a text in UTF-8, without encoding it. */
export function utf8Length(text: string): number {
  let length = text.length
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code > 0x7f) length += code < 0x800 || (code >= 0xd800 && code < 0xe000) ? 1 : 2
  }
  return length
}

/** Bytes that a base64 text with padding stands for. */
export function base64Length(text: string): number {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return (text.length / 4) * 3 - padding
}

function validate(configMap: ConfigMap): FieldError[] {
  const errors: Errors = []
  const { data, binaryData } = configMap
  let bytes = 0
  for (const key in data) {
    checkConfigKey(errors, 'data', `[${key}]`, key)
    if (binaryData !== undefined && Object.hasOwn(binaryData, key)) {
      errors.push(invalidValue(`data[${key}]`, key, 'duplicate of key present in binaryData'))
    }
    const value = data[key] ?? ''
    // Only near the limit does it matter that some characters take up to three bytes.
    bytes += value.length * 3 > MAX_DATA_BYTES ? utf8Length(value) : value.length
  }
  for (const key in binaryData) {
    checkConfigKey(errors, 'binaryData', `[${key}]`, key)
    bytes += base64Length(binaryData[key] ?? '')
  }
  if (bytes > MAX_DATA_BYTES) errors.push(tooLong('[]', MAX_DATA_BYTES))
  return errors
}

function validateUpdate(configMap: ConfigMap, old: ConfigMap): FieldError[] {
  const errors: Errors = []
  if (old.immutable === true) {
    if (configMap.immutable !== true) errors.push(forbiddenField('immutable', IMMUTABLE_DATA))
    if (!sameValue(configMap.data ?? {}, old.data ?? {})) errors.push(forbiddenField('data', IMMUTABLE_DATA))
    if (!sameValue(configMap.binaryData ?? {}, old.binaryData ?? {})) errors.push(forbiddenField('binaryData', IMMUTABLE_DATA))
  }
  errors.push(...validate(configMap))
  return errors
}

export const configMaps: ResourceDefinition<ConfigMap> = {
  ...plainResource,
  kind: kinds.ConfigMap,
  validateCreate: validate,
  validateUpdate,
  columns: [
    textColumn(
      'Data',
      'Number of its keys.',
      ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length
    ),
    ageColumn,
  ],
}
