import type { ServerTokens, TokenClaims } from '../apiserver/access/token-claims.ts'

/** Service account tokens without cryptography: a token is valid because it is remembered. It outlives servers, as a key on a disk does. */
export function simulatedTokens(): ServerTokens {
  const signed = new Map<string, TokenClaims>()
  return {
    issuer: 'https://kubernetes.default.svc.cluster.local',
    keySet: { keys: [] },
    async sign(claims) {
      const token = `token-${signed.size}`
      signed.set(token, claims)
      return token
    },
    verifySecretToken: () => Promise.resolve({ outcome: 'foreign' }),
    async verify(token) {
      const claims = signed.get(token)
      return claims === undefined ? { outcome: 'foreign' } : { outcome: 'valid', claims }
    },
  }
}
