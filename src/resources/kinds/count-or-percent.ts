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
  if (typeof value === 'string' && amountOf(value) > 100) errors.push(invalidValue(path, value, 'must not be greater than 100%'))
}

/** 2 -> 2, 25% -> 25; 0 for what is malformed. */
export function amountOf(value: CountOrPercent): number {
  return typeof value === 'number' ? value : PERCENT.test(value) ? Number(value.slice(0, -1)) : 0
}
