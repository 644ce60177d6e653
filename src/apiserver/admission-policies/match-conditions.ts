import type { AdmissionEnvironments } from '../../policy/admission-policy/admission-environment.ts'
import { CompiledPolicy } from '../../policy/admission-policy/compiled-policy.ts'
import type { MatchCondition } from '../../resources/generated/types.ts'
import type { Authorizer, ObjectReader } from '../access.ts'
import type { MatchConditions } from '../webhooks/webhooks.ts'
import { Decisions } from './decisions.ts'
import { policyInput } from './policy-input.ts'

/** The match conditions of webhooks (KEP-3716), compiled once for as long as their webhook's object lives. */
export function matchConditions(environments: AdmissionEnvironments, reader: ObjectReader, authorizer: Authorizer): MatchConditions {
  const compiled = new WeakMap<readonly MatchCondition[], CompiledPolicy>()
  return (conditions, request, of) => {
    let known = compiled.get(conditions)
    if (known === undefined) compiled.set(conditions, (known = new CompiledPolicy({ matchConditions: conditions, hasParams: false }, environments)))
    const policy = known
    const decisions = new Decisions(authorizer, request.user)
    return decisions.settle(() => policy.conditions(policyInput(request, of, undefined, reader, decisions)))
  }
}
