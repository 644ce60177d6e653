import type { FieldError } from '../field-error.ts'
import { duplicate, invalidValue, notSupported, required, tooMany } from '../field-error.ts'
import { childPath, indexPath } from '../field-path.ts'
import { isObject, sameJson, type JsonObject } from '../json.ts'
import { jsonText } from '../json-text.ts'
import type { Structural, StructuralType } from './structural-schema.ts'
import { checkNumber, checkText } from './validate-scalar.ts'

/** Reports more than a person reads are not worth making. */
const MAX_ERRORS = 100

/**
 * What is wrong with a value, in upstream's words (OpenAPI v3 as apiextensions.k8s.io/v1 understands it).
 * Of a whole object neither apiVersion, kind nor metadata is looked at, beyond what the schema says of metadata.name.
 */
export function validateValue(schema: Structural, value: unknown, path: string): FieldError[] {
  const errors: FieldError[] = []
  check(errors, schema, value, path)
  return errors.slice(0, MAX_ERRORS)
}

/**
 * The same for a whole object, or its status, that replaces another: a part that has not changed is let be (KEP-4008, ratcheting), so
 * that a stricter schema does not stop every other change. Items of lists that are maps are compared with those of the same keys, other
 * lists as a whole.
 */
export function validateChange(schema: Structural, value: unknown, old: unknown, path = ''): FieldError[] {
  const errors: FieldError[] = []
  check(errors, schema, value, path, old)
  // Whether lists hold what they must not hold twice is asked of objects as a whole: of one that did before it is not asked.
  const isTwice = errors.some(isDuplicate) && validateValue(schema, old, '').some(isDuplicate)
  return (isTwice ? errors.filter((error) => !isDuplicate(error)) : errors).slice(0, MAX_ERRORS)
}

function isDuplicate({ reason }: FieldError): boolean {
  return reason === 'FieldValueDuplicate'
}

/** old: what stood there before, undefined where nothing corresponds. */
function check(errors: FieldError[], schema: Structural, value: unknown, path: string, old?: unknown): void {
  if (errors.length > MAX_ERRORS || (value === null && schema.nullable) || (old !== undefined && sameJson(value, old))) return
  const actual = typeNameOf(value)
  if (!hasType(schema, value, actual)) {
    const wanted = schema.intOrString ? 'integer,string' : schema.type
    errors.push({ ...bodyError(path, actual, `must be of type ${wanted}: ${JSON.stringify(actual)}`), reason: 'FieldValueTypeInvalid' })
    return
  }
  checkEnum(errors, schema, value, path)
  if (typeof value === 'number' || typeof value === 'bigint') checkNumber(errors, schema, value, path)
  else if (typeof value === 'string') checkText(errors, schema, value, path)
  else if (Array.isArray(value)) checkList(errors, schema, value, path, old)
  else if (isObject(value)) checkObject(errors, schema, value, path, old)
  checkJunctions(errors, schema, value, path, old)
}

function bodyError(path: string, value: unknown, what: string): FieldError {
  return invalidValue(shown(path), value, `${path} in body ${what}`)
}

/** Where an error has no path of its own, upstream writes this. */
function shown(path: string): string {
  return path === '' ? '<nil>' : path
}

function typeNameOf(value: unknown): StructuralType | 'null' {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  // A double beyond 2^53 is no integer, as upstream has it: only what was written as one in 64 bits is.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'number'
  if (typeof value === 'bigint') return 'integer'
  return typeof value === 'object' ? 'object' : typeof value === 'string' ? 'string' : 'boolean'
}

function hasType({ type, intOrString, preservesUnknown }: Structural, value: unknown, actual: StructuralType | 'null'): boolean {
  if (intOrString) return actual === 'integer' || actual === 'string'
  if (type === undefined) return actual !== 'null' || preservesUnknown || value === undefined
  return actual === type || (type === 'number' && actual === 'integer')
}

function checkEnum(errors: FieldError[], schema: Structural, value: unknown, path: string): void {
  if (schema.enum === undefined || schema.enum.some((allowed) => sameJson(allowed, value))) return
  const supported = schema.enum.map((allowed) => (typeof allowed === 'string' ? allowed : jsonText(allowed)))
  errors.push(notSupported(shown(path), value, supported))
}

function checkList(errors: FieldError[], schema: Structural, list: readonly unknown[], path: string, old: unknown): void {
  const { minItems, maxItems } = schema.limits
  if (minItems !== undefined && list.length < minItems) errors.push(bodyError(path, list.length, `should have at least ${minItems} items`))
  if (maxItems !== undefined && list.length > maxItems) errors.push(tooMany(shown(path), list.length, maxItems))
  checkUnique(errors, schema, list, path)
  const { items } = schema
  if (items === undefined) return
  const before = schema.list === 'map' && Array.isArray(old) ? itemsByKeys(schema, old) : undefined
  for (const [index, item] of list.entries()) {
    check(errors, items, item, indexPath(path, index), before?.get(canonicalText(identityOf(schema, item))))
  }
}

function itemsByKeys(schema: Structural, list: readonly unknown[]): ReadonlyMap<string, unknown> {
  return new Map(list.map((item) => [canonicalText(identityOf(schema, item)), item]))
}

/** Sets have each value once, maps each set of keys; a key that is missing is one of its own. */
function checkUnique(errors: FieldError[], schema: Structural, list: readonly unknown[], path: string): void {
  if (schema.list === 'atomic') return
  const seen = new Set<string>()
  for (const [index, item] of list.entries()) {
    const identity = identityOf(schema, item)
    const text = canonicalText(identity)
    if (seen.has(text)) errors.push(duplicate(indexPath(path, index), identity))
    seen.add(text)
  }
}

function identityOf(schema: Structural, item: unknown): unknown {
  return schema.list === 'set' || !isObject(item) ? item : Object.fromEntries(schema.listKeys.map((key) => [key, item[key]]))
}

/** Equal values have equal texts, whatever the order of their fields. */
function canonicalText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  if (!isObject(value)) return jsonText(value) ?? 'undefined'
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonicalText(value[key])}`).join(',')}}`
}

function checkObject(errors: FieldError[], schema: Structural, object: JsonObject, path: string, old: unknown): void {
  const { minProperties, maxProperties } = schema.limits
  const count = Object.keys(object).length
  if (minProperties !== undefined && count < minProperties) {
    errors.push(bodyError(path, count, `should have at least ${minProperties} properties`))
  }
  if (maxProperties !== undefined && count > maxProperties) errors.push(tooMany(shown(path), count, maxProperties))
  for (const name of schema.required) if (object[name] === undefined) errors.push(required(childPath(path, name)))
  for (const key in object) {
    const part = schema.properties.get(key) ?? schema.additional
    if (part !== undefined) check(errors, part, object[key], childPath(path, key), isObject(old) ? old[key] : undefined)
  }
}

/** What was wrong before may stay wrong under the parts of a junction too, but for not: there it would come out as right. */
function checkJunctions(errors: FieldError[], schema: Structural, value: unknown, path: string, old: unknown): void {
  const { allOf, anyOf, oneOf, not } = schema
  const found = (schemas: readonly Structural[]): FieldError[][] => schemas.map((part) => {
    const partErrors: FieldError[] = []
    check(partErrors, part, value, path, old)
    return partErrors
  })
  if (allOf.length > 0) checkAll(errors, found(allOf), path)
  if (anyOf.length > 0) checkAny(errors, found(anyOf), path)
  if (oneOf.length > 0) checkOne(errors, found(oneOf), path)
  if (not === undefined || validateValue(not, value, path).length > 0) return
  errors.push(junctionError(path, 'must not validate the schema (not)'))
}

function checkAll(errors: FieldError[], found: readonly FieldError[][], path: string): void {
  if (found.every((each) => each.length === 0)) return
  const none = found.every((each) => each.length > 0) ? '. None validated' : ''
  errors.push(junctionError(path, `must validate all the schemas (allOf)${none}`), ...found.flat())
}

function checkAny(errors: FieldError[], found: readonly FieldError[][], path: string): void {
  if (found.some((each) => each.length === 0)) return
  errors.push(junctionError(path, 'must validate at least one schema (anyOf)'), ...fewest(found))
}

function checkOne(errors: FieldError[], found: readonly FieldError[][], path: string): void {
  const valid = found.filter((each) => each.length === 0).length
  if (valid === 1) return
  if (valid > 1) errors.push(junctionError(path, `must validate one and only one schema (oneOf). Found ${valid} valid alternatives`))
  else errors.push(junctionError(path, 'must validate one and only one schema (oneOf). Found none valid'), ...fewest(found))
}

/** The errors of the alternative that is nearest to being right. */
function fewest(found: readonly FieldError[][]): FieldError[] {
  return found.reduce((best, each) => (each.length < best.length ? each : best))
}

function junctionError(path: string, what: string): FieldError {
  return invalidValue(shown(path), '', `${JSON.stringify(path)} ${what}`)
}
