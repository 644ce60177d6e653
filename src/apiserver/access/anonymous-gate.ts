import { unauthorized } from '../../words/status-error.ts'
import type { Authenticator } from '../access.ts'
import type { ServerRequest } from '../http.ts'
import type { AnonymousPolicy } from './config/authentication-config.ts'

/** The last authenticator: whoever comes as far has shown nothing, and may go on as system:anonymous only where that is allowed. */
export function anonymousGate(policy: () => AnonymousPolicy | undefined): Authenticator {
  return {
    authenticate({ path }: ServerRequest) {
      const { isEnabled, paths } = policy() ?? { isEnabled: true, paths: undefined }
      if (!isEnabled || (paths !== undefined && !paths.includes(path))) throw unauthorized()
      return undefined
    },
  }
}
