import type { TokenClaims, TokenKeySet, TokenSigner, TokenVerifier } from '../apiserver/access/token-claims.ts'

/** Service account tokens without cryptography: a token is valid because it is remembered. It outlives servers, as a key on a disk does. */
export function simulatedTokens(): TokenSigner & TokenVerifier & { readonly keySet: TokenKeySet } {
  const signed = new Map<string, TokenClaims>()
  return {
    issuer: 'https://kubernetes.default.svc.cluster.local',
    keySet: { keys: [] },
    async sign(claims) {
      const token = `token-${signed.size}`
      signed.set(token, claims)
      return token
    },
    async verify(token) {
      const claims = signed.get(token)
      return claims === undefined ? { outcome: 'foreign' } : { outcome: 'valid', claims }
    },
  }
}
