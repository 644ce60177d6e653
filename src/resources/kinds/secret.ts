import type { FieldError } from '../../objects/field-error.ts'
import { forbiddenField, invalidValue, required, tooLong } from '../../objects/field-error.ts'
import { parseJson } from '../../objects/json-text.ts'
import { isObject } from '../../objects/json.ts'
import { fromBase64, textOf, toBase64, utf8 } from '../../words/bytes.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkConfigKey, checkImmutable, sameValue } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { Secret } from '../generated/types.ts'
import { plainResource } from '../plain-resource.ts'
import { ageColumn, textColumn } from '../table.ts'
import { base64Length, IMMUTABLE_DATA, MAX_DATA_BYTES } from './config-map.ts'
import { tlsPairWarnings } from './tls-secret.ts'

const SERVICE_ACCOUNT_NAME_ANNOTATION = 'kubernetes.io/service-account.name'

/** stringData is write-only: it goes into data, and wins over what is there. */
function defaults(draft: Secret): void {
  draft.type ||= 'Opaque'
  if (draft.stringData === undefined) return
  const data = { ...draft.data }
  for (const key in draft.stringData) data[key] = toBase64(utf8(draft.stringData[key] ?? ''))
  if (Object.keys(data).length > 0) draft.data = data
  delete draft.stringData
}

function validate(secret: Secret): FieldError[] {
  const errors: Errors = []
  let bytes = 0
  for (const key in secret.data) {
    checkConfigKey(errors, 'data', `[${key}]`, key)
    bytes += base64Length(secret.data[key] ?? '')
  }
  if (bytes > MAX_DATA_BYTES) errors.push(tooLong('data', MAX_DATA_BYTES))
  checkType(errors, secret)
  return errors
}

/** What each well-known type promises to its readers. */
function checkType(errors: Errors, secret: Secret): void {
  const data = secret.data ?? {}
  const needs = (key: string): void => {
    if (data[key] === undefined) errors.push(required(`data[${key}]`))
  }
  switch (secret.type) {
    case 'kubernetes.io/service-account-token':
      if ((secret.metadata.annotations?.[SERVICE_ACCOUNT_NAME_ANNOTATION] ?? '') === '') {
        errors.push(required(`metadata.annotations[${SERVICE_ACCOUNT_NAME_ANNOTATION}]`))
      }
      break
    case 'kubernetes.io/dockercfg':
      checkDockerConfig(errors, data, '.dockercfg')
      break
    case 'kubernetes.io/dockerconfigjson':
      checkDockerConfig(errors, data, '.dockerconfigjson')
      break
    case 'kubernetes.io/basic-auth':
      if (data['username'] === undefined && data['password'] === undefined) {
        needs('username')
        needs('password')
      }
      break
    case 'kubernetes.io/ssh-auth':
      if ((data['ssh-privatekey'] ?? '') === '') errors.push(required('data[ssh-privatekey]'))
      break
    case 'kubernetes.io/tls':
      needs('tls.crt')
      needs('tls.key')
      break
  }
}

function checkDockerConfig(errors: Errors, data: Readonly<Record<string, string>>, key: string): void {
  const value = data[key]
  if (value === undefined) {
    errors.push(required(`data[${key}]`))
    return
  }
  const problem = jsonObjectProblem(value)
  if (problem !== undefined) errors.push(invalidValue(`data[${key}]`, '<secret contents redacted>', problem))
}

/** In the words of upstream's decoder where they are simple, as users look for them; they show no more of the secret than one character. */
function jsonObjectProblem(base64: string): string | undefined {
  const bytes = fromBase64(base64)
  const text = bytes === undefined ? '' : textOf(bytes).trim()
  if (text === '') return 'unexpected end of JSON input'
  if (!/^[{["\-0-9tfn]/.test(text)) return `invalid character '${text.slice(0, 1)}' looking for beginning of value`
  try {
    const value: unknown = parseJson(text)
    if (value === null || isObject(value)) return undefined
    const type = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
    return `json: cannot unmarshal ${type} into Go value of type map[string]interface {}`
  } catch {
    return 'must be a JSON object'
  }
}

function validateUpdate(secret: Secret, old: Secret): FieldError[] {
  const errors: Errors = []
  checkImmutable(errors, 'type', secret.type, old.type)
  if (old.immutable === true) {
    if (secret.immutable !== true) errors.push(forbiddenField('immutable', IMMUTABLE_DATA))
    if (!sameValue(secret.data ?? {}, old.data ?? {})) errors.push(forbiddenField('data', IMMUTABLE_DATA))
  }
  errors.push(...validate(secret))
  return errors
}

export const secrets: ResourceDefinition<Secret> = {
  ...plainResource,
  kind: kinds.Secret,
  defaults,
  prepareForUpdate(draft, old) {
    // A writer that leaves the type out means the one that stands.
    if (draft.type === undefined || draft.type === '') draft.type = old.type ?? 'Opaque'
  },
  validateCreate: validate,
  validateUpdate,
  warnings: tlsPairWarnings,
  columns: [
    textColumn('Type', 'What its data is for.', (secret) => secret.type ?? ''),
    textColumn('Data', 'Number of its keys.', (secret) => Object.keys(secret.data ?? {}).length),
    ageColumn,
  ],
  selectableFields: { type: (secret) => secret.type ?? '' },
}
