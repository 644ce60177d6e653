import type { FieldError } from '../../../objects/field-error.ts'
import { invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import type { ResourceDefinition } from '../../definition.ts'
import type { Expression } from '../../expression.ts'
import type { Errors } from '../../field-checks.ts'
import { checkOneOf } from '../../field-checks.ts'
import { kinds } from '../../generated/kinds.ts'
import type { MatchResources, MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, Mutation } from '../../generated/types.ts'
import { plainResource } from '../../plain-resource.ts'
import { ageColumn, numberColumn, textColumn } from '../../table.ts'
import { defaultMatchResources, REINVOCATION_POLICIES } from './match-rules.ts'
import { checkPolicy, checkPolicyBinding, paramKindText, paramRefText, policyExpressions } from './policy-checks.ts'

const PATCH_TYPES = ['ApplyConfiguration', 'JSONPatch']
const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'UPDATE']

function validate({ spec = {} }: MutatingAdmissionPolicy): FieldError[] {
  const errors: Errors = []
  checkPolicy(errors, spec)
  checkOperations(errors, 'spec.matchConstraints', spec.matchConstraints)
  const mutations = spec.mutations ?? []
  if (mutations.length === 0) errors.push(required('spec.mutations', 'mutations must contain at least one item'))
  mutations.forEach((mutation, index) => checkMutation(errors, `spec.mutations[${index}]`, mutation))
  checkOneOf(errors, 'spec', 'reinvocationPolicy', spec.reinvocationPolicy, REINVOCATION_POLICIES)
  return errors
}

/** A deletion leaves nothing to mutate. */
function checkOperations(errors: Errors, path: string, match: MatchResources | undefined): void {
  for (const { operations = [] } of match?.resourceRules ?? []) {
    for (const operation of operations) {
      if (!OPERATIONS.includes(operation)) errors.push(notSupported(`${path}.resourceRules.operations`, operation, OPERATIONS))
    }
  }
}

function checkMutation(errors: Errors, path: string, { patchType = '', applyConfiguration, jsonPatch }: Mutation): void {
  if (patchType === '') errors.push(required(`${path}.patchType`))
  else if (!PATCH_TYPES.includes(patchType)) errors.push(notSupported(`${path}.patchType`, patchType, PATCH_TYPES))
  else {
    const given = { applyConfiguration, jsonPatch }
    const wanted = patchType === 'JSONPatch' ? 'jsonPatch' : 'applyConfiguration'
    const other = patchType === 'JSONPatch' ? 'applyConfiguration' : 'jsonPatch'
    const patch = given[wanted]
    if (patch === undefined) errors.push(required(`${path}.${wanted}`, `must be specified when patchType is ${patchType}`))
    else if ((patch.expression ?? '').trim() === '') errors.push(required(`${path}.${wanted}.expression`))
    if (given[other] !== undefined) {
      errors.push(invalidValue(`${path}.${other}`, `{${other}}`, `must not be specified when patchType is ${patchType}`))
    }
  }
}

function expressionsOf({ spec = {} }: MutatingAdmissionPolicy): Expression[] {
  const common = { name: '', hasParams: spec.paramKind !== undefined }
  const mutations = (spec.mutations ?? []).map(({ applyConfiguration, jsonPatch }, index): Expression => {
    const path = `spec.mutations[${index}]`
    if (applyConfiguration === undefined) {
      return { ...common, use: 'json-patch', path: `${path}.jsonPatch.expression`, text: jsonPatch?.expression ?? '' }
    }
    return {
      ...common, use: 'apply-configuration', path: `${path}.applyConfiguration.expression`, text: applyConfiguration.expression ?? '',
    }
  })
  return [...policyExpressions(spec), ...mutations]
}

export const mutatingAdmissionPolicies: ResourceDefinition<MutatingAdmissionPolicy> = {
  ...plainResource,
  kind: kinds.MutatingAdmissionPolicy,
  finalizerRule: 'qualified',
  needsRevision: true,
  defaults({ spec }) {
    if (spec === undefined) return
    spec.failurePolicy ??= 'Fail'
    defaultMatchResources(spec.matchConstraints)
  },
  validateCreate: validate,
  validateUpdate: validate,
  expressionsOf,
  generationOf: 'spec',
  columns: [
    numberColumn('Mutations', 'Number of its mutations.', ({ spec }) => spec?.mutations?.length ?? 0),
    textColumn('ParamKind', 'Kind of its parameters.', ({ spec }) => paramKindText(spec?.paramKind)),
    ageColumn,
  ],
}

function validateBinding({ spec = {} }: MutatingAdmissionPolicyBinding): FieldError[] {
  const errors: Errors = []
  checkPolicyBinding(errors, spec)
  checkOperations(errors, 'spec.matchResources', spec.matchResources)
  return errors
}

export const mutatingAdmissionPolicyBindings: ResourceDefinition<MutatingAdmissionPolicyBinding> = {
  ...plainResource,
  kind: kinds.MutatingAdmissionPolicyBinding,
  finalizerRule: 'qualified',
  needsRevision: true,
  defaults({ spec }) {
    defaultMatchResources(spec?.matchResources)
    if (spec?.paramRef !== undefined) spec.paramRef.parameterNotFoundAction ??= 'Deny'
  },
  validateCreate: validateBinding,
  validateUpdate: validateBinding,
  generationOf: 'spec',
  columns: [
    textColumn('PolicyName', 'The policy that it puts in force.', ({ spec }) => spec?.policyName ?? ''),
    textColumn('ParamRef', 'The parameters that it gives it.', ({ spec }) => paramRefText(spec?.paramRef)),
    ageColumn,
  ],
}
