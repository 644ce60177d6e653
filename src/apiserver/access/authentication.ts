import { unauthorized } from '../../words/status-error.ts'
import type { Authenticator, User } from '../access.ts'
import type { ServerRequest } from '../http.ts'
import { anonymousUser } from './subjects.ts'

/** The first that knows the caller wins; one that finds its kind of credentials wrong ends the request with 401. */
export function firstOf(authenticators: readonly Authenticator[]): Authenticator {
  return {
    async authenticate(request) {
      for (const authenticator of authenticators) {
        const user = await authenticator.authenticate(request)
        if (user !== undefined) return user
      }
      return undefined
    },
  }
}

/**
 * Whoever shows nothing is system:anonymous; whoever shows something that nobody understands gets 401, because
 * a typing error in credentials must not quietly turn into an anonymous request.
 */
export async function authenticateOrAnonymous(authenticator: Authenticator, request: ServerRequest): Promise<User> {
  const user = await authenticator.authenticate(request)
  if (user !== undefined) return user
  if (request.headers['authorization'] !== undefined) throw unauthorized()
  return anonymousUser
}
