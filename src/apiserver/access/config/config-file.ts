import { readConfigDocument } from '../../../objects/config-document.ts'
import type { FieldError } from '../../../objects/field-error.ts'
import { isObject } from '../../../objects/json.ts'
import { parseDuration } from '../../../policy/cel/time-text.ts'
import { Duration } from '../../../policy/cel/values.ts'

/** What a field of a configuration file may be. */
export type Shape =
  | 'any' | 'string' | 'boolean' | 'number' | { readonly list: Shape } | { readonly fields: Readonly<Record<string, Shape>> }

export interface ConfigKind {
  /** For errors: authentication configuration. */
  readonly what: string
  readonly kind: string
  readonly apiVersions: readonly string[]
  readonly fields: Readonly<Record<string, Shape>>
}

/** A file's content with nothing in it that its kind does not have. Throws an Error that names the file and the field. */
export function readConfigFile<T>(file: string, content: Uint8Array, expected: ConfigKind): T {
  const fail = (why: string): Error => new Error(`${expected.what} file ${JSON.stringify(file)}: ${why}`)
  const document = readConfigDocument(content, { ...expected, notObject: 'it is empty or no object', fail })
  const problems: string[] = []
  checkShape({ fields: { ...expected.fields, kind: 'string', apiVersion: 'string' } }, document, '', problems)
  if (problems.length > 0) throw fail(`strict decoding error: ${problems.join(', ')}`)
  return document as T
}

/** The same of an object inside such a file; one that is not there is as good as an empty one. */
export function readConfigPart<T>(path: string, part: unknown, expected: ConfigKind): T {
  const fail = (why: string): Error => new Error(`${expected.what}: ${path}: ${why}`)
  if (part === undefined || part === null) return {} as T
  if (!isObject(part)) throw fail('must be an object')
  const { kind, apiVersion, ...fields } = part
  if (kind !== expected.kind || typeof apiVersion !== 'string' || !expected.apiVersions.includes(apiVersion)) {
    throw fail(`must be a ${expected.kind} of ${expected.apiVersions.join(', ')}`)
  }
  const problems: string[] = []
  checkShape({ fields: expected.fields }, fields, '', problems)
  if (problems.length > 0) throw fail(`strict decoding error: ${problems.join(', ')}`)
  return part as T
}

export function configFailure(what: string, file: string, errors: readonly FieldError[]): Error {
  const lines = errors.map(({ field, message }) => `${field}: ${message}`)
  return new Error(`${what} file ${JSON.stringify(file)}: ${lines.length === 1 ? (lines[0] ?? '') : `[${lines.join(', ')}]`}`)
}

/** Null is as good as absent. */
function checkShape(shape: Shape, value: unknown, path: string, problems: string[]): void {
  if (value === undefined || value === null) return
  if (shape === 'any') return
  if (typeof shape === 'string') {
    if (typeof value !== shape) problems.push(`${path} must be a ${shape}`)
    return
  }
  if ('list' in shape) {
    if (Array.isArray(value)) value.forEach((item, index) => checkItem(shape.list, item, `${path}[${index}]`, problems))
    else problems.push(`${path} must be a list`)
    return
  }
  if (!isObject(value)) return void problems.push(`${path} must be an object`)
  for (const [name, inner] of Object.entries(value)) {
    const field = path === '' ? name : `${path}.${name}`
    const known = Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined
    if (known === undefined) problems.push(`unknown field ${JSON.stringify(field)}`)
    else checkShape(known, inner, field, problems)
  }
}

function checkItem(shape: Shape, value: unknown, path: string, problems: string[]): void {
  if (value === null) problems.push(`${path} must not be null`)
  else checkShape(shape, value, path, problems)
}

/** 5m30s in milliseconds; undefined where it is no duration. */
export function durationMs(text: string): number | undefined {
  const parsed = parseDuration(text)
  return parsed instanceof Duration ? Number(parsed.nanos / 1_000_000n) : undefined
}
