import type { SecureContextOptions } from 'node:tls'

/**
 * Whom to trust, for every connection of ours: each of the certificates by itself, as Go's programs do. So may somebody trust an authority
 * that another one signed, or one server's certificate; OpenSSL wants a self-signed one at the end. Undefined: the system's authorities.
 */
export function trusting(caPem: string | readonly string[] | undefined): Pick<SecureContextOptions, 'ca' | 'allowPartialTrustChain'> {
  if (caPem === undefined) return {}
  return { ca: typeof caPem === 'string' ? caPem : [...caPem], allowPartialTrustChain: true }
}
