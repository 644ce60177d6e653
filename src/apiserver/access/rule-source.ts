import type { PolicyRule } from '../../resources/generated/types.ts'
import type { User } from '../access.ts'

/** What a user may do in a namespace, as far as it can be listed: for SelfSubjectRulesReview. */
export interface RuleAnswer {
  readonly rules: readonly PolicyRule[]
  /** There may be more that cannot be listed. */
  readonly incomplete: boolean
  readonly errors: readonly string[]
}

export interface RuleSource {
  rulesFor(user: User, namespace: string): RuleAnswer
}

export const NO_RULES: RuleAnswer = { rules: [], incomplete: false, errors: [] }

export function allRules(sources: readonly RuleSource[]): RuleSource {
  return {
    rulesFor(user, namespace) {
      const answers = sources.map((source) => source.rulesFor(user, namespace))
      return {
        rules: answers.flatMap(({ rules }) => rules), incomplete: answers.some(({ incomplete }) => incomplete),
        errors: answers.flatMap(({ errors }) => errors),
      }
    },
  }
}
