import { isObject, type JsonObject } from './json.ts'
import { jsonText } from './json-text.ts'
import type { StatusCause } from '../words/status-error.ts'

/**
 * What is wrong with a field, in the words that users of Kubernetes know
 * (k8s.io/apimachinery field.Error): the path, the kind of error, the value, what would be right.
 */
export type FieldError = StatusCause & { readonly field: string }

export function required(field: string, detail = ''): FieldError {
  return { reason: 'FieldValueRequired', field, message: `Required value${suffix(detail)}` }
}

export function invalidValue(field: string, value: unknown, detail: string): FieldError {
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: ${show(value)}${suffix(detail)}` }
}

/** Bytes as upstream shows them: []byte{0x68, 0x69}. */
export function invalidBytes(field: string, value: Uint8Array, detail: string): FieldError {
  const shown = [...value.subarray(0, MAX_SHOWN_BYTES)].map((byte) => `0x${byte.toString(16)}`).join(', ')
  const more = value.length > MAX_SHOWN_BYTES ? ', ...' : ''
  return { reason: 'FieldValueInvalid', field, message: `Invalid value: []byte{${shown}${more}}${suffix(detail)}` }
}

export function notSupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const list = supported.map((item) => JSON.stringify(item)).join(', ')
  return {
    reason: 'FieldValueNotSupported',
    field,
    message: `Unsupported value: ${show(value)}${suffix(list === '' ? '' : `supported values: ${list}`)}`,
  }
}

export function duplicate(field: string, value: unknown): FieldError {
  return { reason: 'FieldValueDuplicate', field, message: `Duplicate value: ${show(value)}` }
}

export function forbiddenField(field: string, detail: string): FieldError {
  return { reason: 'FieldValueForbidden', field, message: `Forbidden${suffix(detail)}` }
}

export function notFoundValue(field: string, value: unknown): FieldError {
  return { reason: 'FieldValueNotFound', field, message: `Not found: ${show(value)}` }
}

export function tooLong(field: string, maxLength: number): FieldError {
  return { reason: 'FieldValueTooLong', field, message: `Too long: may not be more than ${maxLength} bytes` }
}

export function tooMany(field: string, actual: number, max: number): FieldError {
  return { reason: 'FieldValueTooMany', field, message: `Too many: ${actual}: must have at most ${max} items` }
}

function suffix(detail: string): string {
  return detail === '' ? '' : `: ${detail}`
}

const MAX_SHOWN_CHARACTERS = 256
const MAX_SHOWN_BYTES = 8192

function show(value: unknown): string {
  const text = jsonText(beginningOf(value, { left: MAX_SHOWN_CHARACTERS })) ?? 'null'
  return text.length <= MAX_SHOWN_CHARACTERS ? text : `${text.slice(0, MAX_SHOWN_CHARACTERS)}...`
}

/**
 * As much of the value as will be shown: each of its parts takes a character or more. A list of thirty thousand wrong elements may be
 * shown once for each of them.
 */
function beginningOf(value: unknown, parts: { left: number }): unknown {
  if (typeof value === 'string') return value.length > MAX_SHOWN_CHARACTERS ? value.slice(0, MAX_SHOWN_CHARACTERS) : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    const begin: unknown[] = []
    for (const item of value) {
      if (--parts.left < 0) break
      begin.push(beginningOf(item, parts))
    }
    return begin
  }
  if (!isObject(value)) return value
  const begin: JsonObject = {}
  for (const key in value) {
    if (--parts.left < 0) break
    begin[key] = beginningOf(value[key], parts)
  }
  return begin
}
