import { duplicate, invalidValue } from '../../objects/field-error.ts'
import { labelValueErrors } from '../../objects/names.ts'
import type { Errors } from '../field-checks.ts'
import { checkQualifiedName } from '../field-checks.ts'
import type { Taint } from '../generated/types.ts'
import { checkTaintEffect } from './pod/scheduling-checks.ts'

/** field: where the list stands. */
export function checkTaints(errors: Errors, field: string, taints: readonly Taint[]): void {
  const seen = new Set<string>()
  taints.forEach((taint, index) => {
    const path = `${field}[${index}]`
    checkQualifiedName(errors, path, 'key', taint.key ?? '')
    const problems = labelValueErrors(taint.value ?? '')
    if (problems.length > 0) errors.push(invalidValue(`${path}.value`, taint.value, problems.join(';')))
    checkTaintEffect(errors, `${path}.effect`, taint.effect)
    const pair = `${taint.effect}/${taint.key}`
    if (seen.has(pair)) {
      const error = duplicate(path, taint)
      errors.push({ ...error, message: `${error.message}: taints must be unique by key and effect pair` })
    }
    seen.add(pair)
  })
}
