import type { Authorizer, Decision } from '../access.ts'

/** Allowed as soon as one allows; otherwise all that they have to say. */
export function anyOf(authorizers: readonly Authorizer[]): Authorizer {
  return {
    authorize(user, info): Decision {
      const reasons: string[] = []
      for (const authorizer of authorizers) {
        const decision = authorizer.authorize(user, info)
        if (decision.allowed) return decision
        if (decision.reason !== '') reasons.push(decision.reason)
      }
      return { allowed: false, reason: reasons.join(', ') }
    },
  }
}
