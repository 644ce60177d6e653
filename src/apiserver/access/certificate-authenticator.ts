import type { Authenticator, User } from '../access.ts'
import type { ServerRequest } from '../http.ts'
import { withAuthenticated } from './subjects.ts'

type Certificate = NonNullable<ServerRequest['peer']['certificate']>

const MAX_KNOWN_USERS = 1024

/** The common name is the user, the organizations are the groups. The adapter has verified the chain already. */
export class CertificateAuthenticator implements Authenticator {
  /** One User per subject, so that the authorizer's caches can recognise it by identity. Dropped whole when full. */
  readonly #known = new Map<string, User>()

  /** A connection's certificate is one object for all its requests. */
  readonly #byConnection = new WeakMap<Certificate, User>()

  authenticate({ peer: { certificate } }: ServerRequest): User | undefined {
    if (certificate === undefined || certificate.commonName === '') return undefined
    const known = this.#byConnection.get(certificate)
    if (known !== undefined) return known
    const user = this.#userOf(certificate)
    this.#byConnection.set(certificate, user)
    return user
  }

  #userOf(certificate: Certificate): User {
    const subject = [certificate.commonName, ...certificate.organizations].join('\0')
    const known = this.#known.get(subject)
    if (known !== undefined) return known
    const user: User = { name: certificate.commonName, uid: '', groups: withAuthenticated(certificate.organizations), extra: {} }
    if (this.#known.size >= MAX_KNOWN_USERS) this.#known.clear()
    this.#known.set(subject, user)
    return user
  }
}
