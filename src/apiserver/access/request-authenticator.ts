import type { Authenticator, Authorizer, User } from '../access.ts'
import type { ServerRequest } from '../http.ts'
import { impersonate } from './impersonation.ts'
import { authenticateOrAnonymous, firstOf } from './authentication.ts'

/** Finds out who asks, and as whom: credentials first, then impersonation, which the authorizer has to allow. */
export function requestAuthenticator(authenticators: readonly Authenticator[], authorizer: Authorizer): Authenticator {
  const credentials = firstOf(authenticators)
  return {
    async authenticate(request: ServerRequest): Promise<User> {
      const user = await authenticateOrAnonymous(credentials, request)
      return impersonate(user, request.headers, authorizer)
    },
  }
}
