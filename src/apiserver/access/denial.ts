import { StatusError, forbidden, internalError } from '../../words/status-error.ts'
import type { Authorizer, Decision, RequestInfo, User } from '../access.ts'

/** Who wants to know how it was decided: the audit. */
export interface DecisionObserver {
  decided(decision: Decision): void
}

/** Throws (or rejects) unless the user may. Undefined where that was known at once, as it is without a webhook. */
export function requireAllowed(
  authorizer: Authorizer, user: User, info: RequestInfo, observer?: DecisionObserver,
): Promise<void> | undefined {
  const decision = authorizer.authorize(user, info)
  if (decision instanceof Promise) return decision.then((later) => take(later, user, info, observer))
  take(decision, user, info, observer)
  return undefined
}

function take(decision: Decision, user: User, info: RequestInfo, observer: DecisionObserver | undefined): void {
  observer?.decided(decision)
  refuseUnlessAllowed(decision, user, info)
}

/** An authorizer that could not do its work is the server's trouble, not the user's: 500, not 403. */
function refuseUnlessAllowed(decision: Decision, user: User, info: RequestInfo): void {
  if (decision.allowed) return
  if (decision.error !== undefined) throw internalError(decision.error)
  throw denial(user, info, decision.reason)
}

/** The 403 that users and tools know: User "x" cannot list resource "pods" in API group "" in the namespace "default". */
export function denial(user: User, info: RequestInfo, reason: string): StatusError {
  const why = reason === '' ? '' : `: ${reason}`
  if (!info.isResource) {
    return new StatusError(
      403, 'Forbidden', `forbidden: User ${JSON.stringify(user.name)} cannot ${info.verb} path ${JSON.stringify(info.path)}${why}`, {},
    )
  }
  const resource = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`
  const where = info.namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(info.namespace)}`
  const sentence = `User ${JSON.stringify(user.name)} cannot ${info.verb} resource ${JSON.stringify(resource)}`
    + ` in API group ${JSON.stringify(info.group)} ${where}${why}`
  return forbidden({ group: info.group, resource: info.resource }, info.name, sentence)
}
