import { copyJson, sameJson, type JsonObject } from '../../objects/json.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { ObjectSchema } from '../../objects/schema.ts'
import type { AdmissionEnvironments } from '../../policy/admission-policy/admission-environment.ts'
import { applyToObject, patchObject, type Mutated } from '../../policy/admission-policy/apply-mutation.ts'
import { CompiledMutations, type WantedMutation } from '../../policy/admission-policy/compiled-mutations.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding } from '../../resources/generated/types.ts'
import { oncePer } from '../../words/once-per.ts'
import { internalError, StatusError } from '../../words/status-error.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { AdmissionRequest, Authorizer, MutationRound, Mutator, ObjectReader } from '../access.ts'
import { forbiddenRequest } from '../forbidden-request.ts'
import type { ReviewedObjects } from '../webhooks/admission-review.ts'
import { isSameKind, objectsAs, replaceContent, toFace } from '../webhooks/drafts.ts'
import { Reinvocation } from '../webhooks/reinvocation.ts'
import type { WebhookMetrics } from '../webhooks/webhook-metrics.ts'
import { Decisions } from './decisions.ts'
import { invocationsOf, isOfBinding, policiesMayMean, type Invocation, type SelectionParts } from './invocations.ts'
import { policyInput } from './policy-input.ts'
import { errorTypeOf, type PolicyMetrics } from './policy-metrics.ts'

export interface MutatingPolicyParts extends SelectionParts {
  readonly environments: AdmissionEnvironments
  readonly authorizer: Authorizer
  readonly metrics: PolicyMetrics
  readonly conditionMetrics: WebhookMetrics
  /** Of a kind that is served; undefined: it is not any more. */
  schemaOf(kind: KindRef, object: JsonObject): ObjectSchema | undefined
  decode(kind: KindRef, object: JsonObject): { readonly object: KubeObject; readonly unknownFields: readonly string[] }
}

type Spoken = Invocation<MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding>

/**
 * MutatingAdmissionPolicy (KEP-3962): what webhooks do, as expressions. Which policies speak is found out once, for the object as it came;
 * each mutation sees what those before it made of it. A change asks for a second round over all mutators, as with webhooks.
 */
export function mutatingPolicies(parts: MutatingPolicyParts): Mutator {
  const compiledOf = oncePer(
    ({ spec }: MutatingAdmissionPolicy) => new CompiledMutations({ ...spec, hasParams: spec?.paramKind !== undefined }, parts.environments),
  )
  const reinvocationOf = oncePer<AdmissionRequest, Reinvocation>(() => new Reinvocation())
  return {
    name: 'MutatingAdmissionPolicy',
    // A deletion leaves nothing to change.
    matches: (request) => request.operation !== 'DELETE' && policiesMayMean(request),
    admit(request, reader, round) {
      const bindings = reader.list(kinds.MutatingAdmissionPolicyBinding)
      if (bindings.length === 0) return undefined
      const spoken = invocationsOf(parts, { policies: reader.list(kinds.MutatingAdmissionPolicy), bindings }, request, reader)
      if (!(spoken instanceof Promise) && spoken.length === 0) return undefined
      return new Pass(parts, { request, reader, round, reinvocation: reinvocationOf(request), compiledOf }).run(spoken)
    },
  }
}

interface PassOf {
  readonly request: AdmissionRequest
  readonly reader: ObjectReader
  readonly round: MutationRound
  readonly reinvocation: Reinvocation
  compiledOf(policy: MutatingAdmissionPolicy): CompiledMutations
}

interface PolicyError {
  readonly spoken: Spoken
  readonly message: string
  readonly reason: 'Invalid' | 'Forbidden'
}

/** One round over the policies that speak. */
class Pass {
  readonly #parts: MutatingPolicyParts
  readonly #of: PassOf
  readonly #decisions: Decisions
  readonly #errors: PolicyError[] = []

  constructor(parts: MutatingPolicyParts, of: PassOf) {
    this.#parts = parts
    this.#of = of
    this.#decisions = new Decisions(parts.authorizer, of.request.user)
  }

  async run(speaking: readonly Spoken[] | Promise<readonly Spoken[]>): Promise<'changed' | void> {
    const spoken = await speaking
    const { request, round, reinvocation } = this.#of
    if (round === 'again') reinvocation.lookAt(request.object)
    let isChanged = false
    for (const each of spoken) {
      if (each.outcome === 'misconfigured') {
        this.#errors.push({ spoken: each, message: each.message, reason: 'Forbidden' })
        continue
      }
      if (!(await this.#concerns(each))) continue
      const id = idOf(each)
      if (round === 'again' && !reinvocation.isWanted(id)) continue
      const before = { ...request.object }
      await this.#mutate(each)
      if (!sameJson(before, { ...request.object })) {
        isChanged = true
        reinvocation.changed()
      }
      if (each.policy.spec?.reinvocationPolicy === 'IfNeeded') reinvocation.asked(id)
    }
    reinvocation.leave(request.object)
    refuse(request, this.#errors)
    return isChanged ? 'changed' : undefined
  }

  async #concerns(spoken: Spoken & { readonly outcome: 'speaks' }): Promise<boolean> {
    const { request, compiledOf } = this.#of
    const { policy } = spoken
    if ((policy.spec?.matchConditions ?? []).length === 0) return true
    const { metrics, conditionMetrics } = this.#parts
    const startedAt = metrics.now()
    const now = await this.#objects(spoken)
    const held = await this.#decisions.settle(() => compiledOf(policy).conditions(this.#input(spoken, now)))
    const labels = { name: policy.metadata.name ?? '', kind: 'policy', type: 'validate', operation: request.operation } as const
    conditionMetrics.conditions(labels, metrics.now() - startedAt, held.outcome)
    if (held.outcome === 'error') this.#errors.push({ spoken, message: held.message, reason: 'Invalid' })
    return held.outcome === 'matches'
  }

  async #mutate(spoken: Spoken & { readonly outcome: 'speaks' }): Promise<void> {
    const { request, compiledOf } = this.#of
    const { metrics } = this.#parts
    const compiled = compiledOf(spoken.policy)
    const labels = { policy: spoken.policy.metadata.name ?? '', binding: spoken.binding.metadata.name ?? '' }
    for (let index = 0; index < compiled.count && request.object !== undefined; index++) {
      const startedAt = metrics.now()
      const now = await this.#objects(spoken)
      const wanted = await this.#decisions.settle(() => compiled.mutation(index, this.#input(spoken, now)))
      const problem = await this.#perform(spoken.of.kind, wanted)
      metrics.mutated(labels, metrics.now() - startedAt, problem === undefined ? 'no_error' : errorTypeOf(problem))
      if (problem !== undefined) this.#errors.push({ spoken, message: problem, reason: 'Invalid' })
    }
  }

  /** What went wrong, where something did. Throws where the result is no object of the kind. */
  async #perform(kind: KindRef, wanted: WantedMutation): Promise<string | undefined> {
    const draft = this.#of.request.object
    if (wanted.outcome === 'error') return wanted.message
    const { object } = await objectsAs(this.#parts.equivalents, this.#of.request, kind)
    if (draft === undefined || object === undefined) return undefined
    const mutated = this.#mutated(kind, { ...object }, wanted)
    if (mutated.outcome === 'error') return mutated.message
    if (!isSameKind(object, mutated.object)) return 'the kind and apiVersion of an object must not be changed'
    const { object: decoded, unknownFields } = this.#decoded(kind, mutated.object)
    if (wanted.outcome === 'json-patch' && unknownFields.length > 0) {
      throw internalError(`strict decoding error: ${unknownFields.map((field) => `unknown field ${JSON.stringify(field)}`).join(', ')}`)
    }
    replaceContent(draft, await toFace(this.#parts.equivalents, { from: kind, to: this.#of.request.kind }, decoded))
    return undefined
  }

  #mutated(kind: KindRef, object: JsonObject, wanted: Exclude<WantedMutation, { outcome: 'error' }>): Mutated {
    if (wanted.outcome === 'json-patch') return patchObject(object, wanted.operations)
    const schema = this.#parts.schemaOf(kind, object)
    if (schema !== undefined) return applyToObject(schema, object, wanted.configuration)
    return { outcome: 'error', message: `the kind ${kind.kind} is not served any more` }
  }

  #decoded(kind: KindRef, object: JsonObject): ReturnType<MutatingPolicyParts['decode']> {
    try {
      return this.#parts.decode(kind, copyJson(object))
    } catch (error) {
      throw internalError(thrownMessage(error))
    }
  }

  /** The objects as they are now, in the version that the policy speaks of. */
  #objects({ of }: Spoken & { readonly outcome: 'speaks' }): ReviewedObjects | Promise<ReviewedObjects> {
    return objectsAs(this.#parts.equivalents, this.#of.request, of.kind)
  }

  #input(spoken: Spoken & { readonly outcome: 'speaks' }, now: ReviewedObjects): ReturnType<typeof policyInput> {
    const { request, reader } = this.#of
    // The draft is one object all along: what an expression has seen of it must not change under its result.
    const object = now.object === undefined ? undefined : { ...now.object }
    return policyInput(request, { ...now, object }, spoken.params, reader, this.#decisions)
  }
}

/** Another parameter is another policy, as far as rounds go. */
function idOf({ policy, binding, ...rest }: Spoken): string {
  const params = rest.outcome === 'speaks' ? rest.params?.metadata : undefined
  return JSON.stringify([policy.metadata.name, binding.metadata.name, params?.namespace, params?.name])
}

function refuse(request: AdmissionRequest, errors: readonly PolicyError[]): void {
  const counted = errors.filter(({ spoken }) => spoken.policy.spec?.failurePolicy !== 'Ignore')
  const [first] = counted
  if (first === undefined) return
  const causes = counted.map((error) => ({ reason: '', message: textOf(error) }))
  const { details } = forbiddenRequest(request, '')
  throw new StatusError(403, first.reason, textOf(first), { ...details, causes })
}

function textOf({ spoken, message }: PolicyError): string {
  const { policy, binding } = spoken
  if (!isOfBinding(spoken)) return `policy ${JSON.stringify(policy.metadata.name ?? '')} denied request: ${message}`
  return `policy '${policy.metadata.name ?? ''}' with binding '${binding.metadata.name ?? ''}' denied request: ${message}`
}
