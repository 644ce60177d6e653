import type { KubeObject } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Instant } from '../../words/instant.ts'
import { parseTime } from '../../words/instant.ts'
import type { Clock } from '../../words/ports.ts'
import type { ObjectReader, User } from '../access.ts'
import { CREDENTIAL_ID, serviceAccountGroups, serviceAccountUserName, withAuthenticated } from './subjects.ts'
import type { TokenOutcome, TokenReviewer } from './token-reviewers.ts'
import type { BoundObject, TokenClaims, TokenVerifier } from './token-claims.ts'

/** An object that is being deleted still vouches for its tokens this long, so that a pod can shut down in order. */
const DELETION_LEEWAY_MS = 60_000

export interface TokenAuthenticatorPorts {
  readonly verifier: TokenVerifier
  readonly reader: ObjectReader
  readonly clock: Clock
  /** The audiences that mean this API server. */
  readonly audiences: readonly string[]
}

/** Bearer tokens of service accounts: signed by us, in time, and all that they are bound to is still there. */
export class TokenAuthenticator implements TokenReviewer {
  readonly #ports: TokenAuthenticatorPorts
  /** The verifier returns the same claims for the same token, so that a user is built once per token. */
  readonly #users = new WeakMap<TokenClaims, User>()

  constructor(ports: TokenAuthenticatorPorts) {
    this.#ports = ports
  }

  /** audiences empty: this server's own. */
  async review(token: string, audiences: readonly string[]): Promise<TokenOutcome> {
    const verified = await this.#ports.verifier.verify(token)
    if (verified.outcome !== 'valid') return verified
    const { claims } = verified
    const wanted = audiences.length === 0 ? this.#ports.audiences : audiences
    const matching = claims.audiences.filter((audience) => wanted.includes(audience))
    if (matching.length === 0) {
      return {
        outcome: 'invalid',
        why: `token audiences ${JSON.stringify(claims.audiences)} is invalid for the target audiences ${JSON.stringify(wanted)}`,
      }
    }
    const why = missingObject(claims, this.#ports.reader, this.#ports.clock.now())
    return why === undefined ? { outcome: 'user', user: this.#userOf(claims), audiences: matching } : { outcome: 'invalid', why }
  }

  #userOf(claims: TokenClaims): User {
    const known = this.#users.get(claims)
    if (known !== undefined) return known
    const user = userOfClaims(claims)
    this.#users.set(claims, user)
    return user
  }
}

function userOfClaims(claims: TokenClaims): User {
  const extra: Record<string, readonly string[]> = {}
  if (claims.tokenId !== '') extra[CREDENTIAL_ID] = [`JTI=${claims.tokenId}`]
  if (claims.node !== undefined) {
    extra['authentication.kubernetes.io/node-name'] = [claims.node.name]
    if (claims.node.uid !== '') extra['authentication.kubernetes.io/node-uid'] = [claims.node.uid]
  }
  if (claims.pod !== undefined) {
    extra['authentication.kubernetes.io/pod-name'] = [claims.pod.name]
    extra['authentication.kubernetes.io/pod-uid'] = [claims.pod.uid]
  }
  return {
    name: serviceAccountUserName(claims.namespace, claims.serviceAccount.name),
    uid: claims.serviceAccount.uid,
    groups: withAuthenticated(serviceAccountGroups(claims.namespace)),
    extra,
  }
}

/** What the token is bound to and is no longer there; undefined when all is in place. */
function missingObject(claims: TokenClaims, reader: ObjectReader, now: Instant): string | undefined {
  const { namespace } = claims
  const accountKey = { namespace, name: claims.serviceAccount.name }
  if (!vouches(reader.get(kinds.ServiceAccount, accountKey), claims.serviceAccount, now)) {
    return 'service account token has been invalidated'
  }
  if (claims.pod !== undefined && !vouches(reader.get(kinds.Pod, { namespace, name: claims.pod.name }), claims.pod, now)) {
    return 'service account token has been invalidated: its pod is gone'
  }
  if (claims.secret !== undefined && !vouches(reader.get(kinds.Secret, { namespace, name: claims.secret.name }), claims.secret, now)) {
    return 'service account token has been invalidated: its secret is gone'
  }
  // A pod's token names its node for information only: the pod itself is what must exist.
  if (claims.pod === undefined && claims.node !== undefined) {
    const node = reader.get(kinds.Node, { namespace: '', name: claims.node.name })
    if (!vouches(node, claims.node, now)) return 'service account token has been invalidated: its node is gone'
  }
  return undefined
}

function vouches(object: KubeObject | undefined, bound: BoundObject, now: Instant): boolean {
  if (object === undefined || object.metadata.uid !== bound.uid) return false
  const deletedAt = object.metadata.deletionTimestamp
  if (deletedAt === undefined) return true
  return (parseTime(deletedAt) ?? 0) + DELETION_LEEWAY_MS > now
}
