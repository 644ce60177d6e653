import { parseJson } from '../../../objects/json-text.ts'
import { isObject, type JsonObject } from '../../../objects/json.ts'
import { fromBase64, textOf } from '../../../words/bytes.ts'
import type { Clock } from '../../../words/ports.ts'
import { thrownMessage } from '../../../words/thrown.ts'
import type { JwtIssuer } from '../config/authentication-config.ts'
import type { TokenOutcome, TokenReviewer } from '../token-reviewers.ts'
import { userOfToken } from './claim-mapper.ts'
import { IssuerKeys, type IssuerDocuments } from './issuer-keys.ts'

/** Checks signatures: host/token-signatures.ts. */
export interface SignatureChecker {
  /** Whether a key of the set signed the token, with an asymmetric algorithm. */
  check(token: string, keySet: JsonObject): Promise<'valid' | 'unknown-key' | 'invalid'>
}

export interface JwtPorts {
  readonly documents: IssuerDocuments
  readonly signatures: SignatureChecker
  readonly clock: Clock
  /** The audiences that mean this API server. */
  readonly audiences: readonly string[]
}

/** A token may be a little younger than our clock is. */
const NOT_BEFORE_LEEWAY_MS = 5 * 60_000
const MAX_TOKEN_CHARACTERS = 64 * 1024

/** ID tokens of one OpenID Connect issuer. */
export class JwtReviewer implements TokenReviewer {
  readonly #issuer: JwtIssuer
  readonly #ports: JwtPorts
  readonly #keys: IssuerKeys

  constructor(issuer: JwtIssuer, ports: JwtPorts) {
    this.#issuer = issuer
    this.#ports = ports
    this.#keys = new IssuerKeys(issuer, ports.documents, ports.clock)
  }

  async review(token: string, wanted: readonly string[]): Promise<TokenOutcome> {
    const claims = claimsOf(token)
    if (claims === undefined || claims['iss'] !== this.#issuer.url) return { outcome: 'foreign' }
    const own = this.#ports.audiences
    const audiences = wanted.length === 0 ? own : own.filter((audience) => wanted.includes(audience))
    if (audiences.length === 0) return { outcome: 'foreign' }
    const why = (await this.#signatureProblem(token)) ?? this.#claimsProblem(claims)
    if (why !== undefined) return { outcome: 'invalid', why: `oidc: verify token: ${why}` }
    const mapped = userOfToken(this.#issuer.mapping, claims)
    return mapped.ok ? { outcome: 'user', user: mapped.user, audiences } : { outcome: 'invalid', why: mapped.why }
  }

  async #signatureProblem(token: string): Promise<string | undefined> {
    try {
      const keys = await this.#keys.current()
      let found = await this.#ports.signatures.check(token, keys)
      const newer = found === 'unknown-key' ? await this.#keys.newer(keys) : undefined
      if (newer !== undefined) found = await this.#ports.signatures.check(token, newer)
      return found === 'valid' ? undefined : 'failed to verify signature'
    } catch (error) {
      return thrownMessage(error)
    }
  }

  #claimsProblem({ aud, exp, nbf }: JsonObject): string | undefined {
    const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
    if (!this.#issuer.audiences.some((audience) => audiences.includes(audience))) return 'the token is for another audience'
    const now = this.#ports.clock.now()
    if (typeof exp !== 'number' || exp * 1000 <= now) return 'the token is expired'
    if (typeof nbf === 'number' && nbf * 1000 > now + NOT_BEFORE_LEEWAY_MS) return 'the token is not valid yet'
    return undefined
  }
}

/** What a token says before anybody has checked it; undefined where it is no JSON Web Token. */
function claimsOf(token: string): JsonObject | undefined {
  if (token.length > MAX_TOKEN_CHARACTERS) return undefined
  const parts = token.split('.')
  const payload = parts.length === 3 ? (parts[1] ?? '').replaceAll('-', '+').replaceAll('_', '/') : ''
  const bytes = fromBase64(payload.padEnd(Math.ceil(payload.length / 4) * 4, '='))
  if (bytes === undefined || bytes.length === 0) return undefined
  try {
    const claims: unknown = parseJson(textOf(bytes))
    return isObject(claims) ? claims : undefined
  } catch {
    return undefined
  }
}
