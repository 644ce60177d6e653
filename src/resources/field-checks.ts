import type { FieldError } from '../objects/field-error.ts'
import { duplicate, forbiddenField, invalidValue, notSupported, required, tooMany } from '../objects/field-error.ts'
import { isObject, type Integer } from '../objects/json.ts'
import { MAX_REQUIREMENTS } from '../objects/label-requirement.ts'
import { validateAnnotations, validateLabels } from '../objects/metadata.ts'
import {
  configKeyErrors, dnsLabelErrors, dnsSubdomainErrors, labelValueErrors, qualifiedNameErrors,
} from '../objects/names.ts'
import { ipErrors, parseSloppyIp, portNameErrors, portNumberErrors } from '../objects/ports-and-addresses.ts'

/**
 * The checks that many kinds share. Each adds what is wrong to errors. The object's path and the field's name come apart,
 * so that a full path is only written where there is something to report.
 */
export type Errors = FieldError[]
type Problems = (value: string) => readonly string[]

export const IMMUTABLE = 'field is immutable'
export const NOT_NEGATIVE = 'must be greater than or equal to 0'
export const NOT_POSITIVE = 'must be greater than zero'

/** A value that is absent is judged as the empty text that the API takes it for. */
function report(errors: Errors, path: string, field: string, value: string | undefined, problems: Problems): void {
  for (const problem of problems(value ?? '')) errors.push(invalidValue(at(path, field), value ?? '', problem))
}

/** at('spec', 'replicas') -> spec.replicas; at('data', '[key]') -> data[key]; at('', 'type') -> type */
export function at(path: string, field: string): string {
  if (field === '') return path
  return path === '' || field.startsWith('[') ? path + field : `${path}.${field}`
}

export function checkPresent(errors: Errors, path: string, field: string, value: string | undefined): void {
  if (value === undefined || value === '') errors.push(required(at(path, field)))
}

export function checkDnsLabel(errors: Errors, path: string, field: string, value: string | undefined): void {
  report(errors, path, field, value, dnsLabelErrors)
}

export function checkDnsSubdomain(errors: Errors, path: string, field: string, value: string | undefined): void {
  report(errors, path, field, value, dnsSubdomainErrors)
}

export function checkQualifiedName(errors: Errors, path: string, field: string, value: string | undefined): void {
  report(errors, path, field, value, qualifiedNameErrors)
}

export function checkLabelValue(errors: Errors, path: string, field: string, value: string | undefined): void {
  report(errors, path, field, value, labelValueErrors)
}

export function checkConfigKey(errors: Errors, path: string, field: string, value: string | undefined): void {
  report(errors, path, field, value, configKeyErrors)
}

export function checkIp(errors: Errors, path: string, field: string, value: string | undefined): void {
  report(errors, path, field, value, ipErrors)
}

export function checkNames(errors: Errors, path: string, field: string, value: string | undefined, problems: Problems): void {
  report(errors, path, field, value, problems)
}

export function checkNotNegative(errors: Errors, path: string, field: string, value: Integer | undefined): void {
  if (value !== undefined && value < 0) errors.push(invalidValue(at(path, field), value, NOT_NEGATIVE))
}

export function checkPortNumber(errors: Errors, path: string, field: string, value: number | undefined): void {
  for (const problem of portNumberErrors(value ?? 0)) errors.push(invalidValue(at(path, field), value ?? 0, problem))
}

export function checkPortName(errors: Errors, path: string, field: string, value: string | undefined): void {
  report(errors, path, field, value, portNameErrors)
}

/** A number from 1 to 65535 or the name of a port. */
export function checkPort(errors: Errors, path: string, field: string, value: number | string | undefined): void {
  if (typeof value === 'string') checkPortName(errors, path, field, value)
  else checkPortNumber(errors, path, field, value ?? 0)
}

/** A field that must be one of the words; required when it is empty. */
export function checkOneOf(errors: Errors, path: string, field: string, value: string | undefined, words: readonly string[]): void {
  if (value === undefined || value === '') errors.push(required(at(path, field)))
  else if (!words.includes(value)) errors.push(notSupported(at(path, field), value, words))
}

/** A field that must be one of the words where it is set. */
export function checkOneOfIfSet(errors: Errors, path: string, field: string, value: string | undefined, words: readonly string[]): void {
  if (value !== undefined && !words.includes(value)) errors.push(notSupported(at(path, field), value, words))
}

/** Equality of API values: an empty list is the same as none. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a) || Array.isArray(b)) {
    const [left, right]: unknown[] = [a ?? [], b ?? []]
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false
    return left.every((item, index) => sameValue(item, right[index]))
  }
  if (!isObject(a) || !isObject(b)) return false
  for (const key in a) if (!sameValue(a[key], b[key])) return false
  for (const key in b) if (!(key in a) && !sameValue(undefined, b[key])) return false
  return true
}

export function checkImmutable(errors: Errors, path: string, value: unknown, old: unknown): void {
  if (!sameValue(value, old)) errors.push(invalidValue(path, value, IMMUTABLE))
}

/** Reports the second and later uses of a name. */
export function checkUnique(errors: Errors, path: string, field: string, value: string, seen: Set<string>): void {
  if (seen.has(value)) errors.push(duplicate(at(path, field), value))
  else seen.add(value)
}

type Strings = Readonly<Record<string, string>>

export function checkLabels(errors: Errors, path: string, labels: Strings | undefined): void {
  if (labels !== undefined) for (const error of validateLabels(labels, path)) errors.push(error)
}

export function checkAnnotations(errors: Errors, path: string, annotations: Strings | undefined): void {
  if (annotations !== undefined) for (const error of validateAnnotations(annotations, path)) errors.push(error)
}

interface Selector {
  readonly matchLabels?: Strings
  readonly matchExpressions?: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[]
}

export function checkLabelSelector(errors: Errors, path: string, selector: Selector | undefined): void {
  if (selector === undefined) return
  // Whoever reads the selector later relies on this bound (objects/label-selector.ts).
  const requirements = Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions?.length ?? 0)
  if (requirements > MAX_REQUIREMENTS) return void errors.push(tooMany(path, requirements, MAX_REQUIREMENTS))
  if (selector.matchLabels !== undefined) checkLabels(errors, `${path}.matchLabels`, selector.matchLabels)
  selector.matchExpressions?.forEach((requirement, index) => {
    const here = `${path}.matchExpressions[${index}]`
    const values = requirement.values ?? []
    if (requirement.operator === 'In' || requirement.operator === 'NotIn') {
      if (values.length === 0) errors.push(required(`${here}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
    } else if (requirement.operator === 'Exists' || requirement.operator === 'DoesNotExist') {
      if (values.length > 0) {
        errors.push(forbiddenField(`${here}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
      }
    } else errors.push(invalidValue(`${here}.operator`, requirement.operator, 'not a valid selector operator'))
    checkQualifiedName(errors, here, 'key', requirement.key)
    values.forEach((value, at) => checkLabelValue(errors, here, `values[${at}]`, value))
  })
}

/** Addresses that can be no endpoint and no external address (RFC 6890, RFC 4291). */
export function checkNotSpecialIp(errors: Errors, path: string, field: string, value: string | undefined): void {
  const reason = specialIpReason(value ?? '')
  if (reason !== undefined) errors.push(invalidValue(at(path, field), value, reason))
}

function specialIpReason(text: string): string | undefined {
  const ip = parseSloppyIp(text)
  if (ip === undefined) return 'must be a valid IP address'
  if (ip.value === 0n) return `may not be unspecified (${text})`
  const four = ip.family === 4
  if (four ? ip.value >> 24n === 127n : ip.value === 1n) return 'may not be in the loopback range (127.0.0.0/8, ::1/128)'
  if (four ? ip.value >> 16n === 0xa9fen : ip.value >> 118n === 0x3fan) {
    return 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'
  }
  if (four ? ip.value >> 8n === 0xe00000n : (ip.value >> 112n & 0xff0fn) === 0xff02n) {
    return 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'
  }
  return undefined
}

/** One address of each family, in any order. */
export function isDualStack(addresses: readonly string[]): boolean {
  const families = new Set(addresses.map((address) => parseSloppyIp(address)?.family))
  return families.has(4) && families.has(6)
}

export const PROTOCOLS = ['SCTP', 'TCP', 'UDP'] as const
