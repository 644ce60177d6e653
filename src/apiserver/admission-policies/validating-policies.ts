import type { AdmissionEnvironments } from '../../policy/admission-policy/admission-environment.ts'
import { CompiledPolicy, type PolicyInput } from '../../policy/admission-policy/compiled-policy.ts'
import type { ResourceDefinition } from '../../resources/definition.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { MatchResources, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../../resources/generated/types.ts'
import { forbidden, StatusError } from '../../words/status-error.ts'
import type { AdmissionRequest, Authorizer, ObjectReader, Validator, Verdict } from '../access.ts'
import { isExempt, reviewedUnder, type Equivalents, type MatchCriteria } from '../webhooks/webhooks.ts'
import { Decisions } from './decisions.ts'
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

/** What a binding comes to. */
interface Findings {
  readonly failures: readonly Failure[]
  readonly annotations: readonly { readonly key: string; readonly value: string }[]
}

const SILENT: Findings = { failures: [], annotations: [] }

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
): Verdict | Promise<Verdict> {
  const decisions = new Decisions(parts.authorizer, request.user)
  const found = decisions.settle(() => bindings.map((binding) => {
    const policy = reader.get(kinds.ValidatingAdmissionPolicy, { namespace: '', name: binding.spec?.policyName ?? '' })
    return policy === undefined ? SILENT : findingsOf({ ...parts, decisions, reader }, compiledOf(policy), { policy, binding }, request)
  }))
  return found instanceof Promise ? found.then((later) => verdictOn(request, later)) : verdictOn(request, found)
}

function verdictOn(request: AdmissionRequest, findings: readonly Findings[]): Verdict {
  for (const { annotations } of findings) for (const { key, value } of annotations) request.audit?.annotate(key, value)
  const failures = findings.flatMap((each) => each.failures)
  const denied = failures.find((failure) => failure.isError || actionsOf(failure.binding).includes('Deny'))
  if (denied !== undefined) throw denial(request, denied)
  for (const failure of failures) if (actionsOf(failure.binding).includes('Audit')) noteForAudit(request, failure)
  return { allowed: true, warnings: failures.filter(({ binding }) => actionsOf(binding).includes('Warn')).map(warning) }
}

function actionsOf({ spec }: ValidatingAdmissionPolicyBinding): readonly string[] {
  return spec?.validationActions ?? []
}

interface Evaluating extends PolicyParts {
  readonly decisions: Decisions
  readonly reader: ObjectReader
}

/** Looks only: it may be asked again when the authorizer has answered. */
function findingsOf(parts: Evaluating, compiled: CompiledPolicy, speaking: Speaking, request: AdmissionRequest): Findings {
  const { policy, binding } = speaking
  const { reader, equivalents } = parts
  const of = reviewedUnder(criteriaOf(policy.spec?.matchConstraints), request, reader, equivalents)
  const isBound = binding.spec?.matchResources === undefined
    || reviewedUnder(criteriaOf(binding.spec.matchResources), request, reader, equivalents) !== undefined
  if (of === undefined || !isBound) return SILENT
  const counts = policy.spec?.failurePolicy !== 'Ignore'
  const failed = (message: string): Failure[] => (counts ? [{ ...speaking, message, reason: 'Invalid', isError: true }] : [])
  const found = findParams(policy.spec?.paramKind, binding.spec?.paramRef, request, reader, parts.served())
  if (found.outcome === 'error') return { ...SILENT, failures: failed(`failed to configure binding: ${found.message}`) }
  if (found.outcome === 'none') return SILENT
  const each = found.params.map((params) => evaluated(compiled, speaking, policyInput(request, of, params, reader, parts.decisions), failed))
  return { failures: each.flatMap(({ failures }) => failures), annotations: each.flatMap(({ annotations }) => annotations) }
}

function evaluated(compiled: CompiledPolicy, speaking: Speaking, input: PolicyInput, failed: (message: string) => Failure[]): Findings {
  const conditions = compiled.conditions(input)
  if (conditions.outcome === 'differs') return SILENT
  if (conditions.outcome === 'error') return { ...SILENT, failures: failed(conditions.message) }
  const name = speaking.policy.metadata.name ?? ''
  const failures = compiled.validate(input).flatMap((finding): Failure[] => {
    if (finding.outcome === 'holds') return []
    if (finding.outcome === 'error') return failed(finding.message)
    return [{ ...speaking, message: finding.message, reason: finding.reason, isError: false }]
  })
  return { failures, annotations: compiled.annotations(input).map(({ key, value }) => ({ key: `${name}/${key}`, value })) }
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
  request.audit?.annotate('validation.policy.admission.k8s.io/validation_failure', JSON.stringify([note]))
}
