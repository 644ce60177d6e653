import type { FieldError } from '../../../objects/field-error.ts'
import { duplicate, invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import { isLongerThan } from '../../../words/bytes.ts'
import { checkConditions } from '../../condition-checks.ts'
import type { ResourceDefinition } from '../../definition.ts'
import type { Expression } from '../../expression.ts'
import type { Errors } from '../../field-checks.ts'
import { checkQualifiedName } from '../../field-checks.ts'
import { kinds } from '../../generated/kinds.ts'
import type { AuditAnnotation, ValidatingAdmissionPolicy, ValidatingAdmissionPolicySpec, Validation } from '../../generated/types.ts'
import { keepAllButStatus, keepStatus, plainResource } from '../../plain-resource.ts'
import { ageColumn, numberColumn, textColumn } from '../../table.ts'
import { defaultMatchResources } from './match-rules.ts'
import { checkPolicy, paramKindText, policyExpressions } from './policy-checks.ts'

const REASONS = ['Forbidden', 'Invalid', 'RequestEntityTooLarge']
const MAX_ANNOTATIONS = 20
const MAX_VALUE_EXPRESSION_BYTES = 5 * 1024
const NOTHING_TO_DO = 'validations or auditAnnotations must contain at least one item'

function validate({ metadata, spec = {} }: ValidatingAdmissionPolicy): FieldError[] {
  const errors: Errors = []
  checkPolicy(errors, spec)
  const { validations = [], auditAnnotations = [] } = spec
  if (validations.length === 0 && auditAnnotations.length === 0) {
    errors.push(required('spec.validations', NOTHING_TO_DO), required('spec.auditAnnotations', NOTHING_TO_DO))
  }
  validations.forEach((validation, index) => checkValidation(errors, `spec.validations[${index}]`, validation))
  checkAnnotations(errors, metadata.name ?? '', auditAnnotations)
  return errors
}

function checkValidation(
  errors: Errors, path: string, { expression = '', message = '', messageExpression = '', reason }: Validation,
): void {
  if (expression.trim() === '') errors.push(required(`${path}.expression`, 'expression is not specified'))
  if (messageExpression !== '' && messageExpression.trim() === '') {
    errors.push(invalidValue(`${path}.messageExpression`, messageExpression, 'must be non-empty if specified'))
  }
  if (message !== '' && message.trim() === '') {
    errors.push(invalidValue(`${path}.message`, message, 'message must be non-empty if specified'))
  } else if (/[\n\r]/.test(message.trim())) errors.push(invalidValue(`${path}.message`, message, 'message must not contain line breaks'))
  if (reason !== undefined && !REASONS.includes(reason)) errors.push(notSupported(`${path}.reason`, reason, REASONS))
}

function checkAnnotations(errors: Errors, policyName: string, annotations: readonly AuditAnnotation[]): void {
  if (annotations.length > MAX_ANNOTATIONS) {
    errors.push(invalidValue('spec.auditAnnotations', annotations, `must not have more than ${MAX_ANNOTATIONS} auditAnnotations`))
  }
  const keys = new Set<string>()
  annotations.forEach(({ key = '', valueExpression = '' }, index) => {
    const path = `spec.auditAnnotations[${index}]`
    if (policyName === '') errors.push(invalidValue(`${path}.key`, key, 'requires metadata.name be non-empty'))
    else checkQualifiedName(errors, path, 'key', `${policyName}/${key}`)
    const expression = valueExpression.trim()
    if (expression === '') errors.push(required(`${path}.valueExpression`, 'valueExpression is not specified'))
    else if (isLongerThan(expression, MAX_VALUE_EXPRESSION_BYTES)) {
      errors.push(required(`${path}.valueExpression`, `must not exceed ${MAX_VALUE_EXPRESSION_BYTES} bytes in length`))
    }
    if (keys.has(key)) errors.push(duplicate(`${path}.key`, key))
    keys.add(key)
  })
}

function expressionsOf({ spec = {} }: ValidatingAdmissionPolicy): Expression[] {
  return [...policyExpressions(spec), ...validationExpressions(spec)]
}

function validationExpressions({ validations = [], auditAnnotations = [], paramKind }: ValidatingAdmissionPolicySpec): Expression[] {
  const common = { name: '', hasParams: paramKind !== undefined }
  const found: Expression[] = []
  validations.forEach(({ expression, messageExpression = '' }, index) => {
    const path = `spec.validations[${index}]`
    found.push({ ...common, use: 'validation', path: `${path}.expression`, text: expression })
    if (messageExpression !== '') found.push({ ...common, use: 'message', path: `${path}.messageExpression`, text: messageExpression })
  })
  auditAnnotations.forEach(({ valueExpression }, index) => {
    found.push({
      ...common, use: 'audit-annotation', path: `spec.auditAnnotations[${index}].valueExpression`, text: valueExpression.trim(),
    })
  })
  return found
}

function validateStatus({ status }: ValidatingAdmissionPolicy): FieldError[] {
  const errors: Errors = []
  status?.typeChecking?.expressionWarnings?.forEach(({ warning = '', fieldRef = '' }, index) => {
    const path = `status.typeChecking.expressionWarnings[${index}]`
    if (warning === '') errors.push(required(`${path}.warning`))
    if (fieldRef.trim() === '') errors.push(required(`${path}.fieldRef`))
  })
  checkConditions(errors, 'status.conditions', status?.conditions)
  return errors
}

export const validatingAdmissionPolicies: ResourceDefinition<ValidatingAdmissionPolicy> = {
  ...plainResource,
  kind: kinds.ValidatingAdmissionPolicy,
  finalizerRule: 'qualified',
  needsRevision: true,
  defaults({ spec }) {
    if (spec === undefined) return
    spec.failurePolicy ??= 'Fail'
    defaultMatchResources(spec.matchConstraints)
  },
  prepareForCreate(draft) {
    draft.status = {}
  },
  prepareForUpdate: keepStatus,
  validateCreate: validate,
  validateUpdate: validate,
  expressionsOf,
  generationOf: 'spec',
  columns: [
    numberColumn('Validations', 'Number of its validations.', ({ spec }) => spec?.validations?.length ?? 0),
    textColumn('ParamKind', 'Kind of its parameters.', ({ spec }) => paramKindText(spec?.paramKind)),
    ageColumn,
  ],
  status: { prepareForUpdate: keepAllButStatus, validateUpdate: validateStatus },
}
