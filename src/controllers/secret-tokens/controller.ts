import type { Controller, Plan } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { Secret, ServiceAccount } from '../../resources/generated/types.ts'
import { toBase64, utf8 } from '../../words/bytes.ts'
import { ownKey, parseKey } from '../keys.ts'

/** What such a token says. */
export interface SecretTokenWish {
  readonly namespace: string
  readonly serviceAccount: { readonly name: string; readonly uid: string }
  readonly secretName: string
}

export interface SecretTokenParts {
  /** Makes a token without an end, signed with the cluster's key. */
  sign(wish: SecretTokenWish): string
  /** PEM of the authority that signs the API server's certificate. */
  readonly rootCertificate: string
}

export interface SecretTokenView {
  readonly secret: Secret
  readonly account: ServiceAccount | undefined
  readonly parts: SecretTokenParts
}

const TYPE = 'kubernetes.io/service-account-token'
const ACCOUNT_NAME = 'kubernetes.io/service-account.name'
const ACCOUNT_UID = 'kubernetes.io/service-account.uid'

/**
 * Fills Secrets of type kubernetes.io/service-account-token with a token, the root certificate and the namespace; removes those of
 * accounts that are gone.
 */
export function secretTokenController(parts: SecretTokenParts): Controller<SecretTokenView> {
  return {
    name: 'service-account-token-controller',
    account: 'service-account-token-controller',
    reads: [
      { kind: kinds.Secret, keysOf: (secret: Secret) => (secret.type === TYPE ? ownKey(secret) : []) },
      { kind: kinds.ServiceAccount, keysOf: (account, snapshot) => snapshot.list(kinds.Secret, account.metadata.namespace ?? '')
        .filter((secret) => secret.type === TYPE && accountNameOf(secret) === account.metadata.name).flatMap(ownKey) },
    ],
    writes: [kinds.Secret],
    observe(key, snapshot) {
      const secret = snapshot.get(kinds.Secret, parseKey(key))
      if (secret?.type !== TYPE) return undefined
      const accountKey = { namespace: secret.metadata.namespace ?? '', name: accountNameOf(secret) }
      return { secret, account: snapshot.get(kinds.ServiceAccount, accountKey), parts }
    },
    plan: planSecretToken,
  }
}

function accountNameOf({ metadata }: Secret): string {
  return metadata.annotations?.[ACCOUNT_NAME] ?? ''
}

export function planSecretToken({ secret, account, parts }: SecretTokenView): Plan {
  if (secret.metadata.deletionTimestamp !== undefined) return { actions: [], why: 'The secret is being deleted.' }
  const wantedUid = secret.metadata.annotations?.[ACCOUNT_UID] ?? ''
  if (account === undefined || (wantedUid !== '' && wantedUid !== account.metadata.uid)) return removal(secret, account)
  const object = filled(secret, account, parts)
  if (object === secret) return { actions: [], why: 'The secret has its token.' }
  return { actions: [{ verb: 'update', kind: kinds.Secret, object }], why: 'Puts what is missing of the token into the secret.' }
}

/** A token of an account that is gone would be good again for the next account of that name. */
function removal({ metadata }: Secret, account: ServiceAccount | undefined): Plan {
  const { namespace = '', name = '', uid } = metadata
  const options = uid === undefined ? {} : { uid }
  const accountKey = { namespace, name: metadata.annotations?.[ACCOUNT_NAME] ?? '' }
  const deletion = { verb: 'delete', kind: kinds.Secret, key: { namespace, name }, options } as const
  if (account !== undefined) return { actions: [deletion], why: 'Removes the token of an account that another one has replaced.' }
  // The account may be so new that only the secret is known yet.
  return {
    actions: [{ verb: 'expect-absent', kind: kinds.ServiceAccount, key: accountKey, uid: undefined }, deletion],
    why: 'Removes the token of an account that is gone.',
  }
}

/** The secret itself where nothing is missing. */
function filled(secret: Secret, account: ServiceAccount, { sign, rootCertificate }: SecretTokenParts): Secret {
  const { namespace = '', name = '', annotations = {} } = secret.metadata
  const uid = account.metadata.uid ?? ''
  const data = secret.data ?? {}
  const [certificate, place] = [toBase64(utf8(rootCertificate)), toBase64(utf8(namespace))]
  const hasToken = (data['token'] ?? '') !== ''
  if (hasToken && data['ca.crt'] === certificate && data['namespace'] === place && annotations[ACCOUNT_UID] === uid) return secret
  const wish = { namespace, serviceAccount: { name: account.metadata.name ?? '', uid }, secretName: name }
  const token = hasToken ? data['token'] : toBase64(utf8(sign(wish)))
  return {
    ...secret,
    metadata: { ...secret.metadata, annotations: { ...annotations, [ACCOUNT_UID]: uid } },
    data: { ...data, 'ca.crt': certificate, namespace: place, token: token ?? '' },
  }
}
