import type { TokenKeySet } from '../access/token-claims.ts'

/** Where others find the keys that check our service account tokens (OpenID Connect Discovery 1.0). */
export function issuerMetadata(issuer: string, keySetAddress: string): object {
  return {
    issuer, jwks_uri: keySetAddress, response_types_supported: ['id_token'], subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
  }
}

export function keySetDocument(keySet: TokenKeySet): object {
  return { keys: keySet.keys }
}
