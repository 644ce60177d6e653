import type { Instant } from '../../words/instant.ts'

export interface BoundObject {
  readonly name: string
  readonly uid: string
}

/** What a service account token says: the claims of KEP-1205, whatever signs them. */
export interface TokenClaims {
  readonly namespace: string
  readonly serviceAccount: BoundObject
  readonly pod: BoundObject | undefined
  readonly secret: BoundObject | undefined
  readonly node: BoundObject | undefined
  readonly audiences: readonly string[]
  /** jti, shown to the user as the credential id. */
  readonly tokenId: string
  readonly issuedAt: Instant
  readonly expiresAt: Instant
  /** From then on a client that still uses the token is late with its renewal: the time that was asked for, where more was granted. */
  readonly warnAfter?: Instant
}

/** What a token without an end says, which stands in a Secret. */
export interface SecretTokenClaims {
  readonly namespace: string
  readonly serviceAccount: BoundObject
  readonly secretName: string
}

/** Makes such tokens, at once: a controller's plan cannot wait. */
export interface SecretTokenSigner {
  signSecretToken(claims: SecretTokenClaims): string
}

export type VerifiedSecretToken =
  | { readonly outcome: 'valid'; readonly claims: SecretTokenClaims }
  | { readonly outcome: 'foreign' }
  | { readonly outcome: 'invalid'; readonly why: string }

export interface SecretTokenVerifier {
  /** The same claims for the same token, as long as it is remembered. */
  verifySecretToken(token: string): Promise<VerifiedSecretToken>
}

/** Makes tokens; the key never leaves the implementation (host/service-account-tokens.ts). */
export interface TokenSigner {
  readonly issuer: string
  sign(claims: TokenClaims): Promise<string>
}

export type VerifiedToken =
  | { readonly outcome: 'valid'; readonly claims: TokenClaims }
  /** Not a token of this issuer at all: some other authenticator may know it. */
  | { readonly outcome: 'foreign' }
  /** Ours by its looks, but the signature, the shape or the time is wrong. */
  | { readonly outcome: 'invalid'; readonly why: string }

/** Checks signature, issuer and time; not whether the objects that it names still exist. */
export interface TokenVerifier {
  verify(token: string): Promise<VerifiedToken>
}

/** The public half, as RFC 7517 writes it: /openid/v1/jwks. */
export interface TokenKeySet {
  readonly keys: readonly Readonly<Record<string, string>>[]
}

/** All that a server needs of its own tokens. */
export interface ServerTokens extends TokenSigner, TokenVerifier, SecretTokenVerifier {
  readonly keySet: TokenKeySet
}
