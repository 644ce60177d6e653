import type { AdmissionEnvironments } from '../../policy/admission-policy/admission-environment.ts'
import { CompiledPolicy } from '../../policy/admission-policy/compiled-policy.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { MatchResources, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../../resources/generated/types.ts'
import { forbidden, StatusError } from '../../words/status-error.ts'
import type { AdmissionRequest, Authorizer, ObjectReader, Validator, Verdict } from '../access.ts'
import type { ReviewedObjects } from '../webhooks/admission-review.ts'
import { isExempt, reviewedUnder, type Equivalents, type MatchCriteria } from '../webhooks/webhooks.ts'
import { policyInput } from './policy-input.ts'
import { findParams } from './policy-params.ts'

export interface PolicyParts {
  readonly environments: AdmissionEnvironments
  readonly authorizer: Authorizer
  readonly equivalents: Equivalents
  served(): readonly ResourceDefinition[]
}

const CODES: Readonly<Record<string, number>> = { Unauthorized: 401, Forbidden: 403, Invalid: 422, RequestEntityTooLarge: 413 }

interface Speaking {
  readonly policy: ValidatingAdmissionPolicy
  readonly binding: ValidatingAdmissionPolicyBinding
}

interface Failure extends Speaking {
  readonly message: string
  readonly reason: string
  /** It could not be told: the policy's failurePolicy has decided that it counts. */
  readonly isError: boolean
}

/** ValidatingAdmissionPolicy: CEL instead of a webhook (KEP-3488). A policy speaks through its bindings. */
export function validatingPolicies(parts: PolicyParts): Validator {
  // Compiled when a policy first speaks, for as long as its object lives.
  const compiled = new WeakMap<ValidatingAdmissionPolicy, CompiledPolicy>()
  const compiledOf = (policy: ValidatingAdmissionPolicy): CompiledPolicy => {
    let known = compiled.get(policy)
    if (known === undefined) compiled.set(policy, (known = new CompiledPolicy({ ...policy.spec, hasParams: policy.spec?.paramKind !== undefined }, parts.environments)))
    return known
  }
  return {
    name: 'ValidatingAdmissionPolicy',
    matches: (request) => !isExempt(request),
    review(request, reader) {
      const bindings = reader.list(kinds.ValidatingAdmissionPolicyBinding)
      return bindings.length === 0 ? ALLOWED : review(parts, compiledOf, bindings, request, reader)
    },
  }
}

const ALLOWED: Verdict = { allowed: true, warnings: [] }

function review(
  parts: PolicyParts, compiledOf: (policy: ValidatingAdmissionPolicy) => CompiledPolicy, bindings: readonly ValidatingAdmissionPolicyBinding[],
  request: AdmissionRequest, reader: ObjectReader,
): Verdict {
  const failures = bindings.flatMap((binding) => {
    const policy = reader.get(kinds.ValidatingAdmissionPolicy, { namespace: '', name: binding.spec?.policyName ?? '' })
    return policy === undefined ? [] : failuresOf(parts, compiledOf(policy), { policy, binding }, request, reader)
  })
  const denied = failures.find((failure) => failure.isError || actionsOf(failure.binding).includes('Deny'))
  if (denied !== undefined) throw denial(request, denied)
  for (const failure of failures) if (actionsOf(failure.binding).includes('Audit')) noteForAudit(request, failure)
  return { allowed: true, warnings: failures.filter(({ binding }) => actionsOf(binding).includes('Warn')).map(warning) }
}

function actionsOf({ spec }: ValidatingAdmissionPolicyBinding): readonly string[] {
  return spec?.validationActions ?? []
}

function failuresOf(parts: PolicyParts, compiled: CompiledPolicy, speaking: Speaking, request: AdmissionRequest, reader: ObjectReader): Failure[] {
  const { policy, binding } = speaking
  const of = reviewedUnder(criteriaOf(policy.spec?.matchConstraints), request, reader, parts.equivalents)
  const isBound = binding.spec?.matchResources === undefined
    || reviewedUnder(criteriaOf(binding.spec.matchResources), request, reader, parts.equivalents) !== undefined
  if (of === undefined || !isBound) return []
  const counts = policy.spec?.failurePolicy !== 'Ignore'
  const failed = (message: string): Failure[] => (counts ? [{ ...speaking, message, reason: 'Invalid', isError: true }] : [])
  const found = findParams(policy.spec?.paramKind, binding.spec?.paramRef, request, reader, parts.served())
  if (found.outcome === 'error') return failed(`failed to configure binding: ${found.message}`)
  if (found.outcome === 'none') return []
  return found.params.flatMap((params) => evaluated(compiled, { speaking, request, of, failed }, policyInput(request, of, params, reader, parts.authorizer)))
}

interface Evaluating {
  readonly speaking: Speaking
  readonly request: AdmissionRequest
  readonly of: ReviewedObjects
  failed(message: string): Failure[]
}

function evaluated(compiled: CompiledPolicy, { speaking, request, failed }: Evaluating, input: ReturnType<typeof policyInput>): Failure[] {
  const conditions = compiled.conditions(input)
  if (conditions.outcome === 'differs') return []
  if (conditions.outcome === 'error') return failed(conditions.message)
  for (const { key, value } of compiled.annotations(input)) request.annotate?.(`${speaking.policy.metadata.name ?? ''}/${key}`, value)
  return compiled.validate(input).flatMap((finding): Failure[] => {
    if (finding.outcome === 'holds') return []
    if (finding.outcome === 'error') return failed(finding.message)
    return [{ ...speaking, message: finding.message, reason: finding.reason, isError: false }]
  })
}

const ANYTHING: MatchCriteria['rules'] = [{ apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'], operations: ['*'] }]

/** Without rules everything is meant. */
function criteriaOf({ resourceRules = [], excludeResourceRules = [], ...rest }: MatchResources = {}): MatchCriteria {
  return { ...rest, rules: resourceRules.length === 0 ? ANYTHING : resourceRules, excluded: excludeResourceRules }
}

function subject({ policy, binding }: Speaking): string {
  return `ValidatingAdmissionPolicy '${policy.metadata.name ?? ''}' with binding '${binding.metadata.name ?? ''}'`
}

function denial({ kind, key }: AdmissionRequest, failure: Failure): StatusError {
  const message = `${subject(failure)} denied request: ${failure.message}`
  const refusal = forbidden({ group: kind.group, resource: kind.plural }, key.name, message)
  const causes = [{ reason: '', field: '', message }]
  return new StatusError(CODES[failure.reason] ?? 422, failure.reason === 'Forbidden' ? 'Forbidden' : 'Invalid', refusal.message, { ...refusal.details, causes })
}

function warning(failure: Failure): string {
  return `Validation failed for ${subject(failure)}: ${failure.message}`
}

function noteForAudit(request: AdmissionRequest, { policy, binding, message }: Failure): void {
  const note = { message, policy: policy.metadata.name, binding: binding.metadata.name, validationActions: actionsOf(binding) }
  request.annotate?.('validation.policy.admission.k8s.io/validation_failure', JSON.stringify([note]))
}
