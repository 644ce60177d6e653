import type { AdmissionEnvironments } from '../../policy/admission-policy/admission-environment.ts'
import { CompiledPolicy } from '../../policy/admission-policy/compiled-policy.ts'
import type { MatchCondition } from '../../resources/generated/types.ts'
import { oncePer } from '../../words/once-per.ts'
import type { Authorizer, ObjectReader } from '../access.ts'
import type { MatchConditions } from '../webhooks/webhooks.ts'
import { Decisions } from './decisions.ts'
import { policyInput } from './policy-input.ts'

/** The match conditions of webhooks (KEP-3716), compiled once for as long as their webhook's object lives. */
export function matchConditions(environments: AdmissionEnvironments, reader: ObjectReader, authorizer: Authorizer): MatchConditions {
  const compiledOf = oncePer(
    (conditions: readonly MatchCondition[]) => new CompiledPolicy({ matchConditions: conditions, hasParams: false }, environments),
  )
  return (conditions, request, of) => {
    const policy = compiledOf(conditions)
    const decisions = new Decisions(authorizer, request.user)
    return decisions.settle(() => policy.conditions(policyInput(request, of, undefined, reader, decisions)))
  }
}
