import type { AdmissionEnvironments } from '../../policy/admission-policy/admission-environment.ts'
import { CompiledPolicy } from '../../policy/admission-policy/compiled-policy.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../../resources/generated/types.ts'
import { oncePer } from '../../words/once-per.ts'
import { StatusError, type StatusReason } from '../../words/status-error.ts'
import type { AdmissionRequest, Authorizer, ObjectReader, Validator, Verdict } from '../access.ts'
import { forbiddenRequest } from '../forbidden-request.ts'
import type { WebhookMetrics } from '../webhooks/webhook-metrics.ts'
import { PolicyAnnotations } from './policy-annotations.ts'
import { Decisions } from './decisions.ts'
import { invocationsOf, isOfBinding, policiesMayMean, type Invocation, type SelectionParts } from './invocations.ts'
import { policyInput } from './policy-input.ts'
import { errorTypeOf, type EnforcementAction, type ErrorType, type PolicyMetrics } from './policy-metrics.ts'

export interface PolicyParts extends SelectionParts {
  readonly environments: AdmissionEnvironments
  readonly authorizer: Authorizer
  readonly metrics: PolicyMetrics
  readonly conditionMetrics: WebhookMetrics
}

type Spoken = Invocation<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>

/** What an invocation comes to. Looking at it again gives the same: what is done about it comes later. */
interface Findings {
  readonly spoken: Spoken
  readonly conditions?: { readonly outcome: 'matches' | 'differs' | 'error'; readonly elapsedMs: number }
  readonly decisions: readonly Decision[]
  readonly annotations: readonly { readonly key: string; readonly value: string }[]
}

/** A validation that does not hold, or could not be evaluated. */
interface Decision {
  /** Which of the validations. */
  readonly index: number
  readonly message: string
  readonly reason: StatusReason
  readonly errorType: ErrorType
  readonly elapsedMs: number
  /** Denied whatever the binding's actions are: the binding, or an annotation, is at fault. */
  readonly isUnconditional: boolean
}

/** ValidatingAdmissionPolicy: CEL instead of a webhook (KEP-3488). A policy speaks through its bindings. */
export function validatingPolicies(parts: PolicyParts): Validator {
  // Compiled when a policy first speaks, for as long as its object lives.
  const compiledOf = oncePer(
    ({ spec }: ValidatingAdmissionPolicy) => new CompiledPolicy({ ...spec, hasParams: spec?.paramKind !== undefined }, parts.environments),
  )
  return {
    name: 'ValidatingAdmissionPolicy',
    matches: policiesMayMean,
    review(request, reader) {
      const bindings = reader.list(kinds.ValidatingAdmissionPolicyBinding)
      if (bindings.length === 0) return ALLOWED
      const spoken = invocationsOf(parts, { policies: reader.list(kinds.ValidatingAdmissionPolicy), bindings }, request, reader)
      const reviewAll = (all: readonly Spoken[]): Verdict | Promise<Verdict> => (
        all.length === 0 ? ALLOWED : review({ ...parts, compiledOf, reader, request }, all)
      )
      return spoken instanceof Promise ? spoken.then(reviewAll) : reviewAll(spoken)
    },
  }
}

const ALLOWED: Verdict = { allowed: true, warnings: [] }

interface Reviewing extends PolicyParts {
  readonly reader: ObjectReader
  readonly request: AdmissionRequest
  compiledOf(policy: ValidatingAdmissionPolicy): CompiledPolicy
}

function review(reviewing: Reviewing, spoken: readonly Spoken[]): Verdict | Promise<Verdict> {
  const decisions = new Decisions(reviewing.authorizer, reviewing.request.user)
  const found = decisions.settle(() => spoken.map((each) => findingsOf(reviewing, decisions, each)))
  return found instanceof Promise ? found.then((later) => verdictOn(reviewing, later)) : verdictOn(reviewing, found)
}

function findingsOf({ compiledOf, metrics, reader, request }: Reviewing, decisions: Decisions, spoken: Spoken): Findings {
  const silent: Findings = { spoken, decisions: [], annotations: [] }
  const counts = spoken.policy.spec?.failurePolicy !== 'Ignore'
  if (spoken.outcome === 'misconfigured') return { ...silent, decisions: counts ? [unconditional(spoken.message)] : [] }
  const compiled = compiledOf(spoken.policy)
  const input = policyInput(request, spoken.of, spoken.params, reader, decisions)
  const startedAt = metrics.now()
  const held = compiled.conditions(input)
  const conditions = { outcome: held.outcome, elapsedMs: metrics.now() - startedAt }
  if (held.outcome === 'differs') return { ...silent, conditions }
  if (held.outcome === 'error') {
    return { ...silent, conditions, decisions: [failed({ index: 0, message: held.message, elapsedMs: conditions.elapsedMs })] }
  }
  const found = compiled.validate(input, metrics.now).flatMap((finding, index): Decision[] => {
    const { outcome, elapsedMs } = finding
    if (outcome === 'holds') return []
    if (outcome === 'error') return [failed({ index, message: finding.message, elapsedMs })]
    return [{
      index, message: finding.message, reason: finding.reason as StatusReason, errorType: 'no_error', elapsedMs, isUnconditional: false,
    }]
  })
  const notes = compiled.annotations(input)
  const wrong = notes.flatMap((note) => (note.outcome === 'error' && counts ? [unconditional(note.message)] : []))
  return { spoken, conditions, decisions: [...found, ...wrong], annotations: notes.filter((note) => note.outcome === 'value') }
}

function failed({ index, message, elapsedMs }: Pick<Decision, 'index' | 'message' | 'elapsedMs'>): Decision {
  return { index, message, reason: 'Invalid', errorType: errorTypeOf(message), elapsedMs, isUnconditional: false }
}

function unconditional(message: string): Decision {
  return { ...failed({ index: 0, message, elapsedMs: 0 }), isUnconditional: true }
}

function verdictOn(reviewing: Reviewing, findings: readonly Findings[]): Verdict {
  const { request, conditionMetrics } = reviewing
  const annotations = new PolicyAnnotations(request.audit)
  let denied: { readonly spoken: Spoken; readonly decision: Decision } | undefined
  for (const { spoken, conditions, decisions, annotations: notes } of findings) {
    const name = spoken.policy.metadata.name ?? ''
    if (conditions !== undefined && (spoken.policy.spec?.matchConditions?.length ?? 0) > 0) {
      conditionMetrics.conditions(
        { name, kind: 'policy', type: 'validate', operation: request.operation }, conditions.elapsedMs, conditions.outcome,
      )
    }
    for (const note of notes) annotations.add(name, note)
    for (const decision of decisions) if (enforce(reviewing, spoken, decision)) denied ??= { spoken, decision }
  }
  annotations.publish()
  if (denied !== undefined) throw denial(request, denied.spoken, denied.decision)
  return ALLOWED
}

const ACTIONS: Readonly<Record<string, EnforcementAction>> = { Deny: 'deny', Audit: 'audit', Warn: 'warn' }

/** Does what the binding says is to be done; whether the request is denied. */
function enforce({ request, metrics }: Reviewing, spoken: Spoken, decision: Decision): boolean {
  const { policy, binding } = spoken
  const labels = { policy: policy.metadata.name ?? '', binding: binding.metadata.name ?? '' }
  const count = (action: EnforcementAction): void => metrics.checked(labels, decision.elapsedMs, action, decision.errorType)
  if (decision.errorType !== 'no_error' && policy.spec?.failurePolicy === 'Ignore') {
    count('allow')
    return false
  }
  if (decision.isUnconditional) {
    count('deny')
    return true
  }
  const actions = binding.spec?.validationActions ?? []
  for (const action of actions) {
    count(ACTIONS[action] ?? 'deny')
    if (action === 'Warn') request.warn?.(`Validation failed for ${subject(spoken)}: ${decision.message}`)
    if (action === 'Audit') noteFailure(request, spoken, decision)
  }
  return actions.includes('Deny')
}

function subject(spoken: Spoken): string {
  const { policy, binding } = spoken
  const ofBinding = isOfBinding(spoken) ? ` with binding '${binding.metadata.name ?? ''}'` : ''
  return `ValidatingAdmissionPolicy '${policy.metadata.name ?? ''}'${ofBinding}`
}

const CODES: Readonly<Record<string, number>> = { Unauthorized: 401, Forbidden: 403, Invalid: 422, RequestEntityTooLarge: 413 }

function denial(request: AdmissionRequest, spoken: Spoken, decision: Decision): StatusError {
  const message = `${subject(spoken)} denied request: ${decision.message}`
  const refusal = forbiddenRequest(request, message)
  const causes = [{ reason: '', message }]
  return new StatusError(CODES[decision.reason] ?? 422, decision.reason, refusal.message, { ...refusal.details, causes })
}

function noteFailure({ audit }: AdmissionRequest, { policy, binding }: Spoken, { index, message }: Decision): void {
  if (audit === undefined) return
  const validationActions = binding.spec?.validationActions ?? []
  const note = { message, policy: policy.metadata.name, binding: binding.metadata.name, expressionIndex: index, validationActions }
  audit.annotate('validation.policy.admission.k8s.io/validation_failure', JSON.stringify([note]))
}
