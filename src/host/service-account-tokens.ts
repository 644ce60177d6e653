import { createPrivateKey, createPublicKey, generateKeyPairSync, sign as signBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { SignJWT, calculateJwkThumbprint, decodeJwt, errors, exportJWK, jwtVerify } from 'jose'
import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import type {
  BoundObject, SecretTokenClaims, SecretTokenSigner, ServerTokens, TokenClaims, TokenVerifier, VerifiedSecretToken, VerifiedToken,
} from '../apiserver/access/token-claims.ts'
import { isObject } from '../objects/json.ts'
import { present } from '../words/assert.ts'
import { RecentMap } from '../words/oldest-first.ts'
import type { Clock } from '../words/ports.ts'

export interface ServiceAccountTokensOptions {
  /** The iss claim: https://kubernetes.default.svc.cluster.local */
  readonly issuer: string
  /** Signs. PKCS8 PEM of a P-256 key. */
  readonly privateKeyPem: string
  /** Keys of earlier times whose tokens still count. SPKI PEM. */
  readonly retiredPublicKeyPems: readonly string[]
  readonly clock: Clock
  /** Verified tokens that are remembered, so that a request costs no signature check. */
  readonly maxRememberedTokens: number
}

export interface ServiceAccountTokens extends ServerTokens, SecretTokenSigner {}

const ALGORITHM = 'ES256'
/** Of tokens that stand in Secrets: older than issuers that are addresses. */
const SECRET_TOKEN_ISSUER = 'kubernetes/serviceaccount'
const PRIVATE_CLAIM = 'kubernetes.io'
const LACKS_CLAIMS = { outcome: 'invalid', why: 'the token lacks claims of a service account token' } as const
/** Clocks of several masters differ a little. */
const CLOCK_TOLERANCE_SECONDS = 10

/** A new signing key for a new cluster, PKCS8 PEM: to be kept in a file of mode 0600. */
export function generateTokenKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** Signs and checks service account tokens as ES256 JSON Web Tokens. */
export async function createServiceAccountTokens(options: ServiceAccountTokensOptions): Promise<ServiceAccountTokens> {
  const privateKey = createPrivateKey(options.privateKeyPem)
  const publicKeys = [createPublicKey(privateKey), ...options.retiredPublicKeyPems.map((pem) => createPublicKey(pem))]
  const keys = new Map<string, (typeof publicKeys)[number]>()
  const published: Record<string, string>[] = []
  for (const key of publicKeys) {
    const { kty = '', crv = '', x = '', y = '' } = await exportJWK(key)
    const kid = await calculateJwkThumbprint({ kty, crv, x, y })
    keys.set(kid, key)
    published.push({ use: 'sig', kty, kid, crv, alg: ALGORITHM, x, y })
  }
  const signingKeyId = present(published[0]?.['kid'], 'the id of the signing key')
  const keyOf: JWTVerifyGetKey = (header) => {
    const key = keys.get(header.kid ?? '')
    if (key === undefined) throw new errors.JWKSNoMatchingKey()
    return key
  }
  const verifier = new RememberingVerifier(options, keyOf)
  const secretTokens = new SecretTokenMemory(keyOf, options.maxRememberedTokens)
  return {
    issuer: options.issuer,
    keySet: { keys: published },
    sign: (claims) => new SignJWT(payloadOf(claims))
      .setProtectedHeader({ alg: ALGORITHM, kid: signingKeyId })
      .setIssuer(options.issuer)
      .sign(privateKey),
    verify: (token) => verifier.verify(token),
    signSecretToken: (claims) => signNow(secretTokenPayload(claims), privateKey, signingKeyId),
    verifySecretToken: (token) => secretTokens.verify(token),
  }
}

function signNow(payload: JWTPayload, key: KeyObject, keyId: string): string {
  const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  const content = `${encoded({ alg: ALGORITHM, kid: keyId })}.${encoded(payload)}`
  return `${content}.${signBytes('sha256', Buffer.from(content), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}

function secretTokenPayload({ namespace, serviceAccount, secretName }: SecretTokenClaims): JWTPayload {
  return {
    iss: SECRET_TOKEN_ISSUER,
    sub: `system:serviceaccount:${namespace}:${serviceAccount.name}`,
    'kubernetes.io/serviceaccount/namespace': namespace,
    'kubernetes.io/serviceaccount/secret.name': secretName,
    'kubernetes.io/serviceaccount/service-account.name': serviceAccount.name,
    'kubernetes.io/serviceaccount/service-account.uid': serviceAccount.uid,
  }
}

function secretTokenClaims(payload: JWTPayload): SecretTokenClaims | undefined {
  const [namespace, secretName, name, uid] = ['namespace', 'secret.name', 'service-account.name', 'service-account.uid']
    .map((claim) => payload[`kubernetes.io/serviceaccount/${claim}`])
  if (typeof namespace !== 'string' || typeof secretName !== 'string') return undefined
  if (typeof name !== 'string' || typeof uid !== 'string') return undefined
  if (payload.sub !== `system:serviceaccount:${namespace}:${name}`) return undefined
  return { namespace, secretName, serviceAccount: { name, uid } }
}

/** Tokens that stand in Secrets have no end: whether they still count is for who looks at the Secret. */
class SecretTokenMemory {
  readonly #key: JWTVerifyGetKey
  readonly #remembered: RecentMap<string, VerifiedSecretToken>

  constructor(key: JWTVerifyGetKey, maxRemembered: number) {
    this.#key = key
    this.#remembered = new RecentMap(maxRemembered)
  }

  async verify(token: string): Promise<VerifiedSecretToken> {
    const known = this.#remembered.get(token)
    if (known !== undefined) return known
    const verified = await this.#check(token)
    // Most tokens are others': that too is found out once. A wrong one is not worth remembering.
    if (verified.outcome !== 'invalid') this.#remembered.set(token, verified)
    return verified
  }

  async #check(token: string): Promise<VerifiedSecretToken> {
    if (issuerOf(token) !== SECRET_TOKEN_ISSUER) return { outcome: 'foreign' }
    try {
      const { payload } = await jwtVerify(token, this.#key, { algorithms: [ALGORITHM], issuer: SECRET_TOKEN_ISSUER })
      const claims = secretTokenClaims(payload)
      return claims === undefined ? LACKS_CLAIMS : { outcome: 'valid', claims }
    } catch (error) {
      return { outcome: 'invalid', why: whyNot(error) }
    }
  }
}

class RememberingVerifier implements TokenVerifier {
  readonly #options: ServiceAccountTokensOptions
  readonly #key: JWTVerifyGetKey
  /** Oldest use first: a hit moves its token to the end, the first is dropped when the map is full. */
  readonly #remembered = new Map<string, VerifiedToken & { outcome: 'valid' }>()

  constructor(options: ServiceAccountTokensOptions, key: JWTVerifyGetKey) {
    this.#options = options
    this.#key = key
  }

  async verify(token: string): Promise<VerifiedToken> {
    const known = this.#remembered.get(token)
    if (known !== undefined) return this.#again(token, known)
    const verified = await this.#check(token)
    if (verified.outcome === 'valid') this.#remember(token, verified)
    return verified
  }

  #again(token: string, known: VerifiedToken & { outcome: 'valid' }): VerifiedToken {
    this.#remembered.delete(token)
    if (known.claims.expiresAt + CLOCK_TOLERANCE_SECONDS * 1000 <= this.#options.clock.now()) {
      return { outcome: 'invalid', why: 'service account token has expired' }
    }
    this.#remembered.set(token, known)
    return known
  }

  #remember(token: string, verified: VerifiedToken & { outcome: 'valid' }): void {
    if (this.#remembered.size >= this.#options.maxRememberedTokens) {
      const [oldest] = this.#remembered.keys()
      if (oldest !== undefined) this.#remembered.delete(oldest)
    }
    this.#remembered.set(token, verified)
  }

  async #check(token: string): Promise<VerifiedToken> {
    if (issuerOf(token) !== this.#options.issuer) return { outcome: 'foreign' }
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: [ALGORITHM],
        issuer: this.#options.issuer,
        currentDate: new Date(this.#options.clock.now()),
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
      })
      const claims = claimsOf(payload)
      return claims === undefined ? LACKS_CLAIMS : { outcome: 'valid', claims }
    } catch (error) {
      return { outcome: 'invalid', why: whyNot(error) }
    }
  }
}

function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss
  } catch {
    return undefined
  }
}

function whyNot(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'service account token has expired'
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey) return 'invalid signature'
  return error instanceof errors.JOSEError ? error.message : 'the token cannot be read'
}

function payloadOf(claims: TokenClaims): JWTPayload {
  const { namespace, serviceAccount, pod, secret, node } = claims
  const bound = {
    ...(pod === undefined ? {} : { pod }),
    ...(secret === undefined ? {} : { secret }),
    ...(node === undefined ? {} : { node }),
  }
  return {
    sub: `system:serviceaccount:${namespace}:${serviceAccount.name}`,
    aud: [...claims.audiences],
    jti: claims.tokenId,
    iat: Math.floor(claims.issuedAt / 1000),
    nbf: Math.floor(claims.issuedAt / 1000),
    exp: Math.floor(claims.expiresAt / 1000),
    [PRIVATE_CLAIM]: {
      namespace, serviceaccount: serviceAccount, ...bound,
      ...(claims.warnAfter === undefined ? {} : { warnafter: Math.floor(claims.warnAfter / 1000) }),
    },
  }
}

/** The signature is good; still nothing is taken for granted. */
function claimsOf(payload: JWTPayload): TokenClaims | undefined {
  const own = payload[PRIVATE_CLAIM]
  if (!isObject(own) || typeof own['namespace'] !== 'string' || payload.exp === undefined || payload.iat === undefined) return undefined
  const serviceAccount = boundObject(own['serviceaccount'])
  if (serviceAccount === undefined || payload.sub !== `system:serviceaccount:${own['namespace']}:${serviceAccount.name}`) return undefined
  const audiences = typeof payload.aud === 'string' ? [payload.aud] : (payload.aud ?? [])
  return {
    namespace: own['namespace'],
    serviceAccount,
    pod: boundObject(own['pod']),
    secret: boundObject(own['secret']),
    node: boundObject(own['node']),
    audiences,
    tokenId: payload.jti ?? '',
    ...(typeof own['warnafter'] === 'number' ? { warnAfter: own['warnafter'] * 1000 } : {}),
    issuedAt: payload.iat * 1000,
    expiresAt: payload.exp * 1000,
  }
}

function boundObject(value: unknown): BoundObject | undefined {
  if (!isObject(value) || typeof value['name'] !== 'string' || typeof value['uid'] !== 'string') return undefined
  return { name: value['name'], uid: value['uid'] }
}
