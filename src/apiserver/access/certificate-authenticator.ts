import type { Clock } from '../../words/ports.ts'
import type { Authenticator, User } from '../access.ts'
import type { PeerCertificate, ServerRequest } from '../http.ts'
import { hasEnded } from './shown-certificate.ts'
import { CREDENTIAL_ID, withAuthenticated } from './subjects.ts'

const MAX_KNOWN_USERS = 1024

/** The common name is the user, the organizations are the groups. The adapter has verified the chain already. */
export class CertificateAuthenticator implements Authenticator {
  readonly #clock: Clock

  /** One User per certificate, so that the authorizer's caches can recognise it by identity. Dropped whole when full. */
  readonly #known = new Map<string, User>()

  /** A connection's certificate is one object for all its requests. */
  readonly #byConnection = new WeakMap<PeerCertificate, User>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  authenticate({ peer }: ServerRequest): User | undefined {
    const { certificate } = peer
    if (certificate === undefined || certificate.commonName === '' || hasEnded(peer, this.#clock)) return undefined
    const known = this.#byConnection.get(certificate)
    if (known !== undefined) return known
    const user = this.#userOf(certificate)
    this.#byConnection.set(certificate, user)
    return user
  }

  #userOf(certificate: PeerCertificate): User {
    const { commonName, organizations, fingerprint } = certificate
    const key = [commonName, ...organizations, fingerprint ?? ''].join('\0')
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const extra: User['extra'] = fingerprint === undefined ? {} : { [CREDENTIAL_ID]: [`X509SHA256=${fingerprint}`] }
    const user: User = { name: commonName, uid: '', groups: withAuthenticated(organizations), extra }
    if (this.#known.size >= MAX_KNOWN_USERS) this.#known.clear()
    this.#known.set(key, user)
    return user
  }
}
