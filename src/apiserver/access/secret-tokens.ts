import { kinds } from '../../resources/generated/kinds.ts'
import type { ObjectKey } from '../../objects/kube-object.ts'
import { fromBase64, textOf } from '../../words/bytes.ts'
import { formatTime } from '../../words/instant.ts'
import type { Clock } from '../../words/ports.ts'
import type { ObjectReader, User } from '../access.ts'
import { sameSecret } from './same-secret.ts'
import { serviceAccountGroups, serviceAccountUserName, withAuthenticated } from './subjects.ts'
import type { SecretTokenClaims, SecretTokenVerifier } from './token-claims.ts'
import type { TokenOutcome, TokenReviewer } from './token-reviewers.ts'

/** A label with the day of a token's last use. */
export const LAST_USED = 'kubernetes.io/legacy-token-last-used'
/** A label that the cleaner of unused tokens sets: the token does not count while it is there. */
const INVALID_SINCE = 'kubernetes.io/legacy-token-invalid-since'

export interface SecretTokenPorts {
  readonly verifier: SecretTokenVerifier
  readonly reader: ObjectReader
  readonly clock: Clock
  readonly audiences: readonly string[]
  /** Puts the day on the label LAST_USED of that Secret. Never rejects. */
  markUsed(key: ObjectKey, day: string): Promise<void>
}

/** Marks under way at once; a token that finds no room is marked at its next use. */
const MAX_MARKS = 16

/** Tokens without an end that stand in a Secret of type kubernetes.io/service-account-token: good as long as that Secret holds them. */
export class SecretTokens implements TokenReviewer {
  readonly #ports: SecretTokenPorts
  readonly #users = new WeakMap<SecretTokenClaims, User>()
  readonly #marking = new Set<string>()

  constructor(ports: SecretTokenPorts) {
    this.#ports = ports
  }

  async review(token: string, wanted: readonly string[]): Promise<TokenOutcome> {
    const { verifier, audiences: own } = this.#ports
    const verified = await verifier.verifySecretToken(token)
    if (verified.outcome !== 'valid') return verified
    const audiences = wanted.length === 0 ? own : own.filter((audience) => wanted.includes(audience))
    if (audiences.length === 0) {
      return {
        outcome: 'invalid',
        why: `token audiences ${JSON.stringify(own)} is invalid for the target audiences ${JSON.stringify(wanted)}`,
      }
    }
    const why = this.#problemOf(verified.claims, token)
    if (why !== undefined) return { outcome: 'invalid', why }
    this.#noteUse(verified.claims)
    return { outcome: 'user', user: this.#userOf(verified.claims), audiences }
  }

  /** Once a day. The request does not wait for it. */
  #noteUse({ namespace, secretName: name }: SecretTokenClaims): void {
    const { reader, clock, markUsed } = this.#ports
    const day = formatTime(clock.now()).slice(0, 10)
    const id = `${namespace}/${name}`
    if (reader.get(kinds.Secret, { namespace, name })?.metadata.labels?.[LAST_USED] === day) return
    if (this.#marking.has(id) || this.#marking.size >= MAX_MARKS) return
    this.#marking.add(id)
    void markUsed({ namespace, name }, day).finally(() => this.#marking.delete(id))
  }

  #problemOf({ namespace, serviceAccount, secretName }: SecretTokenClaims, token: string): string | undefined {
    const { reader } = this.#ports
    const secret = reader.get(kinds.Secret, { namespace, name: secretName })
    if (secret === undefined || secret.metadata.deletionTimestamp !== undefined) return 'service account token has been invalidated'
    if (!sameSecret(textOf(fromBase64(secret.data?.['token'] ?? '') ?? new Uint8Array()), token)) {
      return "service account token does not match server's copy"
    }
    const account = reader.get(kinds.ServiceAccount, { namespace, name: serviceAccount.name })
    if (account === undefined || account.metadata.deletionTimestamp !== undefined) {
      return `serviceaccounts ${JSON.stringify(serviceAccount.name)} not found`
    }
    if (account.metadata.uid !== serviceAccount.uid) {
      return `service account UID (${account.metadata.uid ?? ''}) does not match claim (${serviceAccount.uid})`
    }
    if (secret.metadata.labels?.[INVALID_SINCE] === undefined) return undefined
    return `the token in secret ${namespace}/${secretName} for service account ${namespace}/${serviceAccount.name} has been marked invalid:`
      + ' use tokens from the TokenRequest API or manually created secret-based tokens,'
      + ` or remove the '${INVALID_SINCE}' label from the secret`
  }

  /** One User per token, so that the authorizer's caches recognise it. */
  #userOf(claims: SecretTokenClaims): User {
    const known = this.#users.get(claims)
    if (known !== undefined) return known
    const { namespace, serviceAccount } = claims
    const user: User = {
      name: serviceAccountUserName(namespace, serviceAccount.name), uid: serviceAccount.uid,
      groups: withAuthenticated(serviceAccountGroups(namespace)), extra: {},
    }
    this.#users.set(claims, user)
    return user
  }
}
