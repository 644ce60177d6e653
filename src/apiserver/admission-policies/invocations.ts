import type { KubeObject } from '../../objects/kube-object.ts'
import type { MatchResources, ParamKind, ParamRef } from '../../resources/generated/types.ts'
import type { AdmissionRequest, ObjectReader } from '../access.ts'
import type { ReviewedObjects } from '../webhooks/admission-review.ts'
import { isExempt, isMeantBy, reviewedUnder, type Equivalents, type MatchCriteria } from '../webhooks/webhooks.ts'
import { findParams, type Params, type ParamSources } from './policy-params.ts'

/** What validating and mutating policies have in common, and their bindings. */
export interface PolicyObject extends KubeObject {
  readonly spec?: { readonly matchConstraints?: MatchResources; readonly paramKind?: ParamKind; readonly failurePolicy?: string }
}

export interface BindingObject extends KubeObject {
  readonly spec?: { readonly policyName?: string; readonly matchResources?: MatchResources; readonly paramRef?: ParamRef }
}

/** A policy that speaks of a request through a binding, with one of the parameters that this brings. */
export type Invocation<P extends PolicyObject, B extends BindingObject> = Spoken<P, B> & (
  | { readonly outcome: 'speaks'; readonly of: ReviewedObjects; readonly params: KubeObject | null }
  /** It would speak, if its parameters could be found. fault: of the policy, whatever the binding says, or of the binding. */
  | { readonly outcome: 'misconfigured'; readonly fault: 'policy' | 'binding'; readonly message: string }
)

interface Spoken<P, B> {
  readonly policy: P
  readonly binding: B
}

export interface SelectionParts extends ParamSources {
  readonly equivalents: Equivalents
}

/** Kinds that only ask and store nothing: a policy that barred them would bar the way to find out about it. */
const NEVER_MEANT: ReadonlySet<string> = new Set([
  'authentication.k8s.io/selfsubjectreviews', 'authentication.k8s.io/tokenreviews', 'authorization.k8s.io/localsubjectaccessreviews',
  'authorization.k8s.io/selfsubjectaccessreviews', 'authorization.k8s.io/selfsubjectrulesreviews', 'authorization.k8s.io/subjectaccessreviews',
])

export function policiesMayMean(request: AdmissionRequest): boolean {
  const { group, plural } = request.kind
  if (isExempt(request)) return false
  return group === '' || !group.startsWith('auth') || !NEVER_MEANT.has(`${group}/${plural}`)
}

/** Whether the binding is to blame too. */
export function isOfBinding(spoken: Invocation<PolicyObject, BindingObject>): boolean {
  return spoken.outcome === 'speaks' || spoken.fault === 'binding'
}

/** In the order of the policies' names, then of the bindings'. At once where nobody else has to convert the objects for a policy. */
export function invocationsOf<P extends PolicyObject, B extends BindingObject>(
  parts: SelectionParts, { policies, bindings }: { readonly policies: readonly P[]; readonly bindings: readonly B[] },
  request: AdmissionRequest, reader: ObjectReader,
): Late<Invocation<P, B>> {
  const found: Late<Invocation<P, B>>[] = []
  let isLate = false
  for (const policy of policies) {
    const bound = bindings.filter(
      (binding) => binding.spec?.policyName === policy.metadata.name && isBound(parts, binding, request, reader),
    )
    const of = bound.length === 0 ? undefined : reviewedUnder(criteriaOf(policy.spec?.matchConstraints), request, reader, parts.equivalents)
    if (of === undefined) continue
    for (const binding of bound) {
      const spoken = (shown: ReviewedObjects): Late<Invocation<P, B>> => spokenThrough(parts, { policy, binding, of: shown }, request)
      const invocations = of instanceof Promise ? of.then(spoken) : spoken(of)
      isLate ||= invocations instanceof Promise
      found.push(invocations)
    }
  }
  return isLate ? Promise.all(found).then((all) => all.flat()) : (found as readonly (readonly Invocation<P, B>[])[]).flat()
}

type Late<T> = readonly T[] | Promise<readonly T[]>

function spokenThrough<P extends PolicyObject, B extends BindingObject>(
  parts: ParamSources, speaking: Spoken<P, B> & { readonly of: ReviewedObjects }, request: AdmissionRequest,
): Late<Invocation<P, B>> {
  const sought = findParams(speaking.policy.spec?.paramKind, speaking.binding.spec?.paramRef, request, parts)
  return sought instanceof Promise ? sought.then((params) => spokenWith(speaking, params)) : spokenWith(speaking, sought)
}

function spokenWith<P extends PolicyObject, B extends BindingObject>(
  { policy, binding, of }: Spoken<P, B> & { readonly of: ReviewedObjects }, sought: Params,
): Invocation<P, B>[] {
  if (sought.outcome === 'error' || sought.outcome === 'unknown-kind') {
    const fault = sought.outcome === 'error' ? 'binding' : 'policy'
    return [{ outcome: 'misconfigured', fault, policy, binding, message: `failed to configure ${fault}: ${sought.message}` }]
  }
  return sought.outcome === 'found' ? sought.params.map((params) => ({ outcome: 'speaks', policy, binding, of, params })) : []
}

function isBound({ equivalents }: SelectionParts, { spec }: BindingObject, request: AdmissionRequest, reader: ObjectReader): boolean {
  return spec?.matchResources === undefined || isMeantBy(criteriaOf(spec.matchResources), request, reader, equivalents)
}

const ANYTHING: MatchCriteria['rules'] = [{ apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'], operations: ['*'] }]

/** Without rules everything is meant. */
function criteriaOf({ resourceRules = [], excludeResourceRules = [], ...rest }: MatchResources = {}): MatchCriteria {
  return { ...rest, rules: resourceRules.length === 0 ? ANYTHING : resourceRules, excluded: excludeResourceRules }
}
