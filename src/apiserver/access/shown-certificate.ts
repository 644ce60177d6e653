import { unauthorized } from '../../words/status-error.ts'
import type { Clock } from '../../words/ports.ts'
import type { Authenticator } from '../access.ts'
import type { Peer, ServerRequest } from '../http.ts'

/** A connection may live longer than the certificate that it began with, or than the authority that has signed that. */
export function hasEnded({ validUntil }: Peer, clock: Clock): boolean {
  return validUntil !== undefined && clock.now() > validUntil
}

/**
 * Whoever comes as far was known neither by a certificate nor by a token. A certificate that was shown, and counts for nothing, must not
 * quietly turn into an anonymous request: it has ended, a stranger has signed it, or it is a proxy's that does not say for whom it asks.
 * One without a name is as good as none.
 */
export function shownCertificates(clock: Clock): Authenticator {
  return {
    authenticate({ peer }: ServerRequest) {
      if (peer.validUntil === undefined || (peer.certificate !== undefined && !hasEnded(peer, clock))) return undefined
      throw unauthorized()
    },
  }
}
