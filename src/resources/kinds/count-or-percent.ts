import { invalidValue } from '../../objects/field-error.ts'
import type { Errors } from '../field-checks.ts'
import { checkNotNegative } from '../field-checks.ts'

/** A number of pods, or a share of them: 2 or 25%. */
export type CountOrPercent = number | string

const PERCENT = /^[0-9]+%$/

export function checkCountOrPercent(errors: Errors, path: string, value: CountOrPercent): void {
  if (typeof value === 'number') checkNotNegative(errors, path, '', value)
  else if (!PERCENT.test(value)) {
    const detail = "a valid percent string must be a numeric string followed by an ending '%' " +
      "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
    errors.push(invalidValue(path, value, detail))
  }
}

export function checkAtMostAll(errors: Errors, path: string, value: CountOrPercent): void {
  const isTooMuch = typeof value === 'string' && PERCENT.test(value) && amountOf(value) > 100
  if (isTooMuch) errors.push(invalidValue(path, value, 'must not be greater than 100%'))
}

const INTEGER = /^[-+]?[0-9]+$/

/** 2 -> 2, 25% -> 25; the text 2, which is refused, is 2 too, and any other 0. */
export function amountOf(value: CountOrPercent): number {
  if (typeof value === 'number') return value
  if (PERCENT.test(value)) return Number(value.slice(0, -1))
  return INTEGER.test(value) ? Number(value) : 0
}
