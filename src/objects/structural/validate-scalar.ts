import type { Integer } from '../json.ts'
import type { FieldError } from '../field-error.ts'
import { invalidValue, tooLong } from '../field-error.ts'
import type { Structural } from './structural-schema.ts'
import { hasFormat } from './text-formats.ts'

/** Of doubles: the greatest below 2^63. */
const INTEGER_RANGES: Readonly<Record<string, readonly [number, number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [-(2 ** 63), 2 ** 63 - 2 ** 10],
}
const FLOAT_MAX = 3.4028234663852886e38

export function checkNumber(errors: FieldError[], schema: Structural, value: Integer, path: string): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema.limits
  const report = (what: string): void => void errors.push(invalidValue(path, value, `${path} in body ${what}`))
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    report(exclusiveMinimum ? `should be greater than ${shown(minimum)}` : `should be greater than or equal to ${shown(minimum)}`)
  }
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    report(exclusiveMaximum ? `should be less than ${shown(maximum)}` : `should be less than or equal to ${shown(maximum)}`)
  }
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) report(`should be a multiple of ${shown(multipleOf)}`)
  if (!fitsFormat(value, schema)) report(`must be of type ${schema.format}: ${JSON.stringify(String(value))}`)
}

/** All digits of what is compared with: 2^60 is 1152921504606846976, not the nearest number with fewer digits that a double has. */
function shown(limit: number): string {
  return Number.isInteger(limit) && Math.abs(limit) < 2 ** 63 ? String(BigInt(limit)) : String(limit)
}

/** In decimal fractions, as people mean them: 0.3 is a multiple of 0.1. */
function isMultiple(value: Integer, of: number): boolean {
  if (typeof value === 'bigint' && Number.isInteger(of) && of !== 0) return value % BigInt(of) === 0n
  const quotient = Number(value) / of
  return Math.abs(quotient - Math.round(quotient)) <= 1e-9 * Math.max(1, Math.abs(quotient))
}

function fitsFormat(value: Integer, { format }: Structural): boolean {
  if (format === 'float') return Math.abs(Number(value)) <= FLOAT_MAX
  const range = typeof value === 'bigint' && format === 'int64' ? undefined : INTEGER_RANGES[format]
  return range === undefined || (value >= range[0] && value <= range[1])
}

export function checkText(errors: FieldError[], schema: Structural, value: string, path: string): void {
  const { minLength, maxLength } = schema.limits
  const length = minLength === undefined && maxLength === undefined ? 0 : characters(value)
  const report = (what: string): void => void errors.push(invalidValue(path, value, `${path} in body ${what}`))
  if (minLength !== undefined && length < minLength) report(`should be at least ${minLength} chars long`)
  if (maxLength !== undefined && length > maxLength) errors.push(tooLong(path, maxLength))
  if (schema.pattern?.matches(value) === false) report(`should match '${schema.pattern.source}'`)
  const isPlain = schema.format === '' || schema.intOrString
  if (!isPlain && !hasFormat(value, schema.format)) report(`must be of type ${schema.format}: ${JSON.stringify(value)}`)
}

function characters(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}
