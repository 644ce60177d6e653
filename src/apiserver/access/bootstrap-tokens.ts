import { kinds } from '../../resources/generated/kinds.ts'
import type { Secret } from '../../resources/generated/types.ts'
import { fromBase64, textOf } from '../../words/bytes.ts'
import { parseTime } from '../../words/instant.ts'
import type { Clock } from '../../words/ports.ts'
import type { ObjectReader, User } from '../access.ts'
import { sameSecret } from './same-secret.ts'
import { withAuthenticated } from './subjects.ts'
import type { TokenOutcome, TokenReviewer } from './token-reviewers.ts'

const TOKEN = /^([a-z0-9]{6})\.([a-z0-9]{16})$/
const TYPE = 'bootstrap.kubernetes.io/token'
const GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/
const DEFAULT_GROUP = 'system:bootstrappers'
const FOREIGN: TokenOutcome = { outcome: 'foreign' }

/**
 * Tokens with which machines join: ID.SECRET, kept in the Secret bootstrap-token-ID of kube-system. A token that does not hold good is
 * nobody's, without a word about why: what is wrong with it would tell a guesser that its id exists.
 */
export class BootstrapTokens implements TokenReviewer {
  readonly #reader: ObjectReader
  readonly #clock: Clock
  readonly #audiences: readonly string[]

  constructor(reader: ObjectReader, clock: Clock, audiences: readonly string[]) {
    this.#reader = reader
    this.#clock = clock
    this.#audiences = audiences
  }

  review(token: string, wanted: readonly string[]): Promise<TokenOutcome> {
    const audiences = wanted.length === 0 ? this.#audiences : this.#audiences.filter((audience) => wanted.includes(audience))
    const user = audiences.length === 0 ? undefined : this.#userOf(token)
    return Promise.resolve(user === undefined ? FOREIGN : { outcome: 'user', user, audiences })
  }

  #userOf(token: string): User | undefined {
    const [, id, secretText] = TOKEN.exec(token) ?? []
    if (id === undefined || secretText === undefined) return undefined
    const secret = this.#reader.get(kinds.Secret, { namespace: 'kube-system', name: `bootstrap-token-${id}` })
    if (secret === undefined || secret.type !== TYPE || secret.metadata.deletionTimestamp !== undefined) return undefined
    if (valueOf(secret, 'token-id') !== id || !sameSecret(valueOf(secret, 'token-secret'), secretText)) return undefined
    if (this.#isExpired(valueOf(secret, 'expiration')) || valueOf(secret, 'usage-bootstrap-authentication') !== 'true') return undefined
    const groups = groupsOf(valueOf(secret, 'auth-extra-groups'))
    return groups === undefined ? undefined : { name: `system:bootstrap:${id}`, uid: '', groups: withAuthenticated(groups), extra: {} }
  }

  /** A time that nobody can read may be long past. */
  #isExpired(expiration: string): boolean {
    return expiration !== '' && (parseTime(expiration) ?? 0) <= this.#clock.now()
  }
}

function valueOf({ data }: Secret, key: string): string {
  return textOf(fromBase64(data?.[key] ?? '') ?? new Uint8Array())
}

/** Undefined where one of them is no group that a bootstrap token may be in. */
function groupsOf(text: string): readonly string[] | undefined {
  const extra = text === '' ? [] : text.split(',')
  return extra.every((group) => GROUP.test(group)) ? [...new Set([DEFAULT_GROUP, ...extra])].sort() : undefined
}
