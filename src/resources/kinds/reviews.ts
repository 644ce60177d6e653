import type { FieldError } from '../../objects/field-error.ts'
import { forbiddenField, invalidValue, required } from '../../objects/field-error.ts'
import { isObject } from '../../objects/json.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkLabelValue, checkQualifiedName } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type {
  FieldSelectorAttributes, FieldSelectorRequirement, LocalSubjectAccessReview, NonResourceAttributes,
  ResourceAttributes, SelfSubjectAccessReview, SelfSubjectReview,
  SelfSubjectRulesReview, SubjectAccessReview, SubjectAccessReviewSpec, TokenRequest, TokenReview,
} from '../generated/types.ts'
import { virtualResource } from '../plain-resource.ts'

/** The questions of authentication.k8s.io and authorization.k8s.io: answered at once, stored nowhere. */
interface Asked {
  readonly resourceAttributes?: ResourceAttributes
  readonly nonResourceAttributes?: NonResourceAttributes
}

function checkAsked(errors: Errors, { resourceAttributes, nonResourceAttributes }: Asked): void {
  const both = 'exactly one of nonResourceAttributes or resourceAttributes must be specified'
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    errors.push(
      invalidValue('spec.nonResourceAttributes', nonResourceAttributes, 'cannot be specified in combination with resourceAttributes')
    )
  }
  if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    errors.push(invalidValue('spec.resourceAttributes', nonResourceAttributes ?? null, both))
  }
  checkSelector(errors, 'fieldSelector', resourceAttributes?.fieldSelector)
  checkSelector(errors, 'labelSelector', resourceAttributes?.labelSelector)
}

type SelectorField = 'fieldSelector' | 'labelSelector'

/** Of which objects alone the question is: as a text or as requirements. An operator of a later version is for the answer to ignore. */
function checkSelector(errors: Errors, name: SelectorField, selector: FieldSelectorAttributes | undefined): void {
  if (selector === undefined) return
  const path = `spec.resourceAttributes.${name}`
  const { rawSelector = '', requirements = [] } = selector
  if (rawSelector !== '' && requirements.length > 0) {
    errors.push(invalidValue(`${path}.rawSelector`, rawSelector, 'may not specified at the same time as requirements'))
  }
  if (rawSelector === '' && requirements.length === 0) {
    errors.push(required(`${path}.requirements`, `when ${path} is specified, requirements or rawSelector is required`))
  }
  requirements.forEach((requirement, index) => checkRequirement(errors, `${path}.requirements[${index}]`, name, requirement))
}

function checkRequirement(
  errors: Errors, path: string, name: SelectorField, { key = '', operator, values = [] }: FieldSelectorRequirement,
): void {
  if (name === 'fieldSelector' && key === '') errors.push(required(`${path}.key`, 'must be specified'))
  if ((operator === 'In' || operator === 'NotIn') && values.length === 0) {
    errors.push(required(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"))
  }
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0) {
    errors.push(forbiddenField(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
  }
  if (name === 'fieldSelector') return
  checkQualifiedName(errors, path, 'key', key)
  values.forEach((value, index) => checkLabelValue(errors, path, `values[${index}]`, value))
}

function checkSubject(errors: Errors, { user = '', groups = [] }: SubjectAccessReviewSpec): void {
  if (user === '' && groups.length === 0) errors.push(invalidValue('spec.user', user, 'at least one of user or group must be specified'))
}

/** A question is no object: it has no name. */
function checkMetadata(errors: Errors, review: { metadata?: object }, detail = 'must be empty'): void {
  const { creationTimestamp: _, namespace: __, managedFields: ___, ...rest } = isObject(review.metadata) ? review.metadata : {}
  if (Object.keys(rest).length > 0) errors.push(invalidValue('metadata', rest, detail))
}

function validateSubjectAccess(review: SubjectAccessReview): FieldError[] {
  const errors: Errors = []
  checkAsked(errors, review.spec ?? {})
  checkSubject(errors, review.spec ?? {})
  checkMetadata(errors, review)
  return errors
}

function validateLocalSubjectAccess(review: LocalSubjectAccessReview): FieldError[] {
  const errors: Errors = []
  const { resourceAttributes, nonResourceAttributes } = review.spec ?? {}
  checkAsked(errors, review.spec ?? {})
  checkSubject(errors, review.spec ?? {})
  checkMetadata(errors, review, 'must be empty except for namespace')
  const namespace = review.metadata.namespace ?? ''
  if (resourceAttributes !== undefined && (resourceAttributes.namespace ?? '') !== namespace) {
    errors.push(invalidValue('spec.resourceAttributes.namespace', resourceAttributes.namespace ?? '', 'must match metadata.namespace'))
  }
  if (nonResourceAttributes !== undefined) {
    errors.push(invalidValue('spec.nonResourceAttributes', nonResourceAttributes, 'disallowed on this kind of request'))
  }
  return errors
}

function validateSelfAccess(review: SelfSubjectAccessReview): FieldError[] {
  const errors: Errors = []
  checkAsked(errors, review.spec ?? {})
  checkMetadata(errors, review)
  return errors
}

export const subjectAccessReviews: ResourceDefinition<SubjectAccessReview> = {
  ...virtualResource, kind: kinds.SubjectAccessReview, validateCreate: validateSubjectAccess,
}
export const localSubjectAccessReviews: ResourceDefinition<LocalSubjectAccessReview> = {
  ...virtualResource, kind: kinds.LocalSubjectAccessReview, validateCreate: validateLocalSubjectAccess,
}
export const selfSubjectAccessReviews: ResourceDefinition<SelfSubjectAccessReview> = {
  ...virtualResource, kind: kinds.SelfSubjectAccessReview, validateCreate: validateSelfAccess,
}
/** That a namespace and a token are needed is said by those who answer: as bad requests, not as invalid objects. */
export const selfSubjectRulesReviews: ResourceDefinition<SelfSubjectRulesReview> = {
  ...virtualResource, kind: kinds.SelfSubjectRulesReview,
}
export const tokenReviews: ResourceDefinition<TokenReview> = { ...virtualResource, kind: kinds.TokenReview }
export const selfSubjectReviews: ResourceDefinition<SelfSubjectReview> = { ...virtualResource, kind: kinds.SelfSubjectReview }

export const MIN_TOKEN_SECONDS = 600
export const MAX_TOKEN_SECONDS = 2 ** 32
const DEFAULT_TOKEN_SECONDS = 3600

/** For the subresource serviceaccounts/token, whose body is no resource of its own. */
export function defaultTokenRequest(draft: TokenRequest): void {
  if (draft.spec !== undefined) draft.spec.expirationSeconds ??= DEFAULT_TOKEN_SECONDS
}

export function validateTokenRequest(request: TokenRequest): FieldError[] {
  const seconds = request.spec?.expirationSeconds ?? DEFAULT_TOKEN_SECONDS
  const field = 'spec.expirationSeconds'
  if (seconds < MIN_TOKEN_SECONDS) return [invalidValue(field, seconds, 'may not specify a duration less than 10 minutes')]
  if (seconds > MAX_TOKEN_SECONDS) return [invalidValue(field, seconds, 'may not specify a duration larger than 2^32 seconds')]
  return []
}
