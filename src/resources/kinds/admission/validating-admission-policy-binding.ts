import type { FieldError } from '../../../objects/field-error.ts'
import { duplicate, invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import type { ResourceDefinition } from '../../definition.ts'
import type { Errors } from '../../field-checks.ts'
import { kinds } from '../../generated/kinds.ts'
import type { ValidatingAdmissionPolicyBinding } from '../../generated/types.ts'
import { plainResource } from '../../plain-resource.ts'
import { ageColumn, textColumn } from '../../table.ts'
import { defaultMatchResources } from './match-rules.ts'
import { checkPolicyBinding, paramRefText } from './policy-checks.ts'

const ACTIONS = ['Audit', 'Deny', 'Warn']
const DENY_AND_WARN =
  'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers'
  + ' serves no purpose)'

function validate({ spec = {} }: ValidatingAdmissionPolicyBinding): FieldError[] {
  const errors: Errors = []
  checkPolicyBinding(errors, spec)
  checkActions(errors, 'spec.validationActions', spec.validationActions ?? [])
  return errors
}

function checkActions(errors: Errors, path: string, actions: readonly string[]): void {
  const seen = new Set<string>()
  actions.forEach((action, index) => {
    if (!ACTIONS.includes(action)) errors.push(notSupported(`${path}[${index}]`, action, ACTIONS))
    if (seen.has(action)) errors.push(duplicate(`${path}[${index}]`, action))
    seen.add(action)
  })
  if (seen.has('Deny') && seen.has('Warn')) errors.push(invalidValue(path, actions, DENY_AND_WARN))
  if (seen.size === 0) errors.push(required(path, 'at least one validation action is required'))
}

export const validatingAdmissionPolicyBindings: ResourceDefinition<ValidatingAdmissionPolicyBinding> = {
  ...plainResource,
  kind: kinds.ValidatingAdmissionPolicyBinding,
  finalizerRule: 'qualified',
  needsRevision: true,
  defaults({ spec }) {
    defaultMatchResources(spec?.matchResources)
  },
  validateCreate: validate,
  validateUpdate: validate,
  generationOf: 'spec',
  columns: [
    textColumn('PolicyName', 'The policy that it puts in force.', ({ spec }) => spec?.policyName ?? ''),
    textColumn('ParamRef', 'The parameters that it gives it.', ({ spec }) => paramRefText(spec?.paramRef)),
    ageColumn,
  ],
}
