import type { Authorizer, Decision, PromptAuthorizer, RequestInfo, User } from '../access.ts'

/** Whoever has an opinion first decides, by allowing or by refusing for good; where nobody has one, all that they had to say. */
export function anyOf(authorizers: readonly PromptAuthorizer[]): PromptAuthorizer
export function anyOf(authorizers: readonly Authorizer[]): Authorizer
export function anyOf(authorizers: readonly Authorizer[]): Authorizer {
  return { authorize: (user, info) => ask(authorizers, 0, { user, info, reasons: [], errors: [] }) }
}

interface Question {
  readonly user: User
  readonly info: RequestInfo
  readonly reasons: string[]
  readonly errors: string[]
}

/** Goes on without a promise until somebody gives one. */
function ask(authorizers: readonly Authorizer[], start: number, question: Question): Decision | Promise<Decision> {
  for (let index = start; index < authorizers.length; index++) {
    const decision = authorizers[index]?.authorize(question.user, question.info)
    if (decision === undefined) continue
    if (decision instanceof Promise) {
      return decision.then((later) => (note(later, question) ? later : ask(authorizers, index + 1, question)))
    }
    if (note(decision, question)) return decision
  }
  const { reasons, errors } = question
  const error = errors.length > 1 ? `[${errors.join(', ')}]` : errors[0]
  return { allowed: false, reason: reasons.join(', '), ...(error === undefined ? {} : { error }) }
}

/** Whether that decides it. */
function note(decision: Decision, { reasons, errors }: Question): boolean {
  if (decision.allowed || decision.denied === true) return true
  if (decision.reason !== '') reasons.push(decision.reason)
  if (decision.error !== undefined) errors.push(decision.error)
  return false
}
