import { invalidValue, required, tooLong, tooMany } from '../../../objects/field-error.ts'
import { isLongerThan } from '../../../words/bytes.ts'
import type { Errors } from '../../field-checks.ts'
import { checkNotNegative } from '../../field-checks.ts'
import type { JobSpec, SuccessPolicyRule } from '../../generated/types.ts'
import { countIndexes } from './index-intervals.ts'

/** KEP-3998: when an indexed Job counts as done before all of its indexes are. */
const MAX_RULES = 20
const MAX_INDEXES_BYTES = 64 * 1024

export function checkSuccessPolicy(errors: Errors, path: string, { successPolicy, completions = 0 }: JobSpec): void {
  const rules = successPolicy?.rules ?? []
  const here = `${path}.rules`
  if (rules.length === 0) errors.push(required(here, 'at least one rules must be specified when the successPolicy is specified'))
  if (rules.length > MAX_RULES) errors.push(tooMany(here, rules.length, MAX_RULES))
  rules.forEach((rule, index) => checkRule(errors, `${here}[${index}]`, rule, completions))
}

function checkRule(errors: Errors, path: string, rule: SuccessPolicyRule, completions: number): void {
  const { succeededCount: count, succeededIndexes: indexes } = rule
  if (count === undefined && indexes === undefined) {
    errors.push(required(path, 'at least one of succeededCount or succeededIndexes must be specified'))
  }
  let total = 0
  if (indexes !== undefined) {
    const here = `${path}.succeededIndexes`
    if (isLongerThan(indexes, MAX_INDEXES_BYTES)) errors.push(tooLong(here, MAX_INDEXES_BYTES))
    const counted = countIndexes(indexes, completions)
    if (typeof counted === 'number') total = counted
    else errors.push(invalidValue(here, indexes, `error parsing succeededIndexes: ${counted}`))
  }
  if (count === undefined) return
  const here = `${path}.succeededCount`
  checkNotNegative(errors, here, '', count)
  if (count > completions) {
    errors.push(invalidValue(here, count, `must be less than or equal to ${completions} (the number of specified completions)`))
  }
  if (indexes !== undefined && count > total) {
    const detail = `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`
    errors.push(invalidValue(here, count, detail))
  }
}
