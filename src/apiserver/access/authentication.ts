import { unauthorized } from '../../words/status-error.ts'
import type { Authenticator, User } from '../access.ts'
import type { ServerRequest } from '../http.ts'
import { anonymousUser } from './subjects.ts'

/**
 * The first authenticator that knows the caller wins; one that finds its kind of credentials wrong ends the request with 401.
 * Whoever shows nothing is system:anonymous; whoever shows something that nobody understands gets 401, because
 * a typing error in credentials must not quietly turn into an anonymous request. Certificates are known without waiting.
 */
export function authenticate(authenticators: readonly Authenticator[], request: ServerRequest): User | Promise<User> {
  for (let index = 0; index < authenticators.length; index++) {
    const answer = authenticators[index]?.authenticate(request)
    if (answer === undefined) continue
    if (answer instanceof Promise) return authenticateLater(answer, authenticators.slice(index + 1), request)
    return answer
  }
  return anonymous(request)
}

async function authenticateLater(
  pending: Promise<User | undefined>, others: readonly Authenticator[], request: ServerRequest,
): Promise<User> {
  return (await pending) ?? authenticate(others, request)
}

function anonymous(request: ServerRequest): User {
  if (request.headers['authorization'] !== undefined) throw unauthorized()
  return anonymousUser
}
