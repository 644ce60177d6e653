import { compactVerify, createLocalJWKSet, errors } from 'jose'
import type { JSONWebKeySet, JWK } from 'jose'
import type { SignatureChecker } from '../apiserver/access/jwt/jwt-reviewer.ts'
import { isObject, type JsonObject } from '../objects/json.ts'
import { oncePer } from '../words/once-per.ts'

/** Asymmetric ones only: with any other, whoever can read the public key could sign. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512']

type KeySource = ReturnType<typeof createLocalJWKSet>

/** Checks signatures of JSON Web Tokens with the keys that their issuers publish. Imported keys are kept with their set. */
export function createTokenSignatures(): SignatureChecker {
  const sourceOf = oncePer((keySet: JsonObject): KeySource => createLocalJWKSet(signingKeys(keySet)))
  return {
    async check(token, keySet) {
      try {
        await compactVerify(token, sourceOf(keySet), { algorithms: ALGORITHMS })
        return 'valid'
      } catch (error) {
        if (error instanceof errors.JWKSNoMatchingKey) return 'unknown-key'
        if (error instanceof errors.JWKSMultipleMatchingKeys) return await anyKey(token, error)
        // A key that cannot be read is no key that signed it.
        return error instanceof errors.JWSSignatureVerificationFailed ? 'unknown-key' : 'invalid'
      }
    },
  }
}

/** A token without a key id may be signed by any of them. */
async function anyKey(token: string, candidates: errors.JWKSMultipleMatchingKeys): Promise<'valid' | 'unknown-key'> {
  for await (const key of candidates) {
    try {
      await compactVerify(token, key, { algorithms: ALGORITHMS })
      return 'valid'
    } catch {
      // The next one may be it.
    }
  }
  return 'unknown-key'
}

function signingKeys({ keys }: JsonObject): JSONWebKeySet {
  const list: readonly unknown[] = Array.isArray(keys) ? keys : []
  const keyOf = (key: unknown): JWK[] => {
    const type = isObject(key) ? key['kty'] : undefined
    return isObject(key) && typeof type === 'string' && type !== 'oct' ? [{ ...key, kty: type }] : []
  }
  return { keys: list.flatMap(keyOf) }
}
