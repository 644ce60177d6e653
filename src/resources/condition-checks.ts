import { duplicate, invalidValue, notSupported, required, tooLong } from '../objects/field-error.ts'
import { isLongerThan } from '../words/bytes.ts'
import type { Errors } from './field-checks.ts'
import { checkQualifiedName } from './field-checks.ts'
import type { Condition } from './generated/types.ts'

const STATUSES = ['False', 'True', 'Unknown']
const REASON = /^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/
const MAX_REASON_BYTES = 1024
const MAX_MESSAGE_BYTES = 32 * 1024

/** metav1.Condition, which newer kinds have in their status. */
export function checkConditions(errors: Errors, path: string, conditions: readonly Condition[] | undefined): void {
  const seen = new Set<string>()
  conditions?.forEach((condition, index) => {
    const here = `${path}[${index}]`
    checkCondition(errors, here, condition)
    if (seen.has(condition.type)) errors.push(duplicate(`${here}.type`, condition.type))
    seen.add(condition.type)
  })
}

function checkCondition(errors: Errors, path: string, condition: Condition): void {
  const { reason = '', message = '', observedGeneration = 0 } = condition
  checkQualifiedName(errors, path, 'type', condition.type)
  if (!STATUSES.includes(condition.status)) errors.push(notSupported(`${path}.status`, condition.status ?? '', STATUSES))
  if (observedGeneration < 0) {
    errors.push(invalidValue(`${path}.observedGeneration`, observedGeneration, 'must be greater than or equal to zero'))
  }
  if (condition.lastTransitionTime === undefined) errors.push(required(`${path}.lastTransitionTime`, 'must be set'))
  if (reason === '') errors.push(required(`${path}.reason`, 'must be set'))
  else if (!REASON.test(reason)) {
    const detail = 'a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters ' +
      "or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  " +
      `or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '${REASON.source.slice(1, -1)}')`
    errors.push(invalidValue(`${path}.reason`, reason, detail))
  }
  if (isLongerThan(reason, MAX_REASON_BYTES)) errors.push(tooLong(`${path}.reason`, MAX_REASON_BYTES))
  if (isLongerThan(message, MAX_MESSAGE_BYTES)) errors.push(tooLong(`${path}.message`, MAX_MESSAGE_BYTES))
}
