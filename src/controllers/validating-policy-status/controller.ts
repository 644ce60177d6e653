import { AdmissionEnvironments } from '../../policy/admission-policy/admission-environment.ts'
import { typeWarnings } from '../../policy/admission-policy/type-check.ts'
import type { Controller, Plan } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type {
  CustomResourceDefinition, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyStatus,
} from '../../resources/generated/types.ts'
import { parseKey } from '../keys.ts'
import { KindSources } from './kind-source.ts'

export interface PolicyView {
  readonly policy: ValidatingAdmissionPolicy
  readonly definitions: readonly CustomResourceDefinition[]
}

/**
 * Tells the author of a policy which of its expressions do not fit the kinds that it is about. Once for each generation: a kind that is
 * defined later changes nothing about it.
 */
export function validatingPolicyStatusController(): Controller<PolicyView> {
  let checker: PolicyTypeChecker | undefined
  return {
    name: 'validatingadmissionpolicy-status',
    account: 'validatingadmissionpolicy-status-controller',
    reads: [
      { kind: kinds.ValidatingAdmissionPolicy, keysOf: ({ metadata }) => [metadata.name ?? ''] },
      { kind: kinds.CustomResourceDefinition, keysOf: () => [] },
    ],
    writes: [kinds.ValidatingAdmissionPolicy],
    observe(key, snapshot) {
      const policy = snapshot.get(kinds.ValidatingAdmissionPolicy, parseKey(key))
      return policy === undefined ? undefined : { policy, definitions: snapshot.list(kinds.CustomResourceDefinition) }
    },
    // Most clusters have no such policy: what their check needs is made for the first one.
    plan: (view) => (checker ??= new PolicyTypeChecker()).plan(view),
  }
}

export class PolicyTypeChecker {
  readonly #environments = new AdmissionEnvironments()
  readonly #sources = new KindSources()

  plan({ policy, definitions }: PolicyView): Plan {
    const { metadata, spec = {}, status } = policy
    const generation = metadata.generation ?? 0
    if (generation <= (status?.observedGeneration ?? 0)) return { actions: [], why: 'Its expressions have been checked.' }
    const expressionWarnings = [...typeWarnings(spec, this.#sources.with(definitions), this.#environments)]
    const wanted: ValidatingAdmissionPolicyStatus = {
      ...status, observedGeneration: generation, typeChecking: expressionWarnings.length === 0 ? {} : { expressionWarnings },
    }
    const count = expressionWarnings.length
    const why = count === 0 ? 'All of its expressions fit.' : `${count} of its expressions may not fit.`
    const object: ValidatingAdmissionPolicy = { ...policy, status: wanted }
    return { actions: [{ verb: 'update', kind: kinds.ValidatingAdmissionPolicy, object, subresource: 'status' }], why }
  }
}
