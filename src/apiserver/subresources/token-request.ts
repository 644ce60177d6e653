import { formatTime } from '../../words/instant.ts'
import type { Clock, Random } from '../../words/ports.ts'
import { uuid } from '../../words/random.ts'
import { badRequest, conflict, invalid, notFound } from '../../words/status-error.ts'
import { invalidValue } from '../../objects/field-error.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { BoundObjectReference, TokenRequest } from '../../resources/generated/types.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { ObjectReader } from '../access.ts'
import type { BoundObject, TokenClaims, TokenSigner } from '../access/token-claims.ts'
import type { ObjectCall, ObjectRoute } from '../route.ts'
import { bodyOf } from './body.ts'

export interface TokenRequestPorts {
  readonly signer: TokenSigner
  readonly clock: Clock
  readonly random: Random
  /** What a token is for when its request does not say. */
  readonly defaultAudiences: readonly string[]
}

const DEFAULT_SECONDS = 3600
const MIN_SECONDS = 600
const MAX_SECONDS = 2 ** 32
/** A token's life that upstream's servers never pass; longer requests are shortened. */
const GRANTED_MAX_SECONDS = 365 * 24 * 3600
/** What kubelets ask for where a pod's spec says nothing; clients that never read their token again get more than that. */
const POD_DEFAULT_SECONDS = 3607
const EXTENDED_SECONDS = 365 * 24 * 3600
const TOKEN_REQUEST = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest', schema: 'authentication.v1.TokenRequest' }

/** POST .../serviceaccounts/NAME/token: a signed token for the account, bound to a pod, Secret or node where asked. */
export function tokenRequestRoute(ports: TokenRequestPorts): ObjectRoute {
  return {
    type: 'object', group: '', resource: kinds.ServiceAccount.plural, subresource: 'token', verbs: ['create'], body: TOKEN_REQUEST,
    async handle(call) {
      const request = bodyOf<TokenRequest>(call)
      checkNames(request, call)
      const claims = claimsFor(call, request, ports)
      const token = call.dryRun ? '' : await ports.signer.sign(claims)
      const object = {
        kind: TOKEN_REQUEST.kind, apiVersion: 'authentication.k8s.io/v1',
        metadata: {
          ...request.metadata, name: call.key.name, namespace: call.key.namespace, creationTimestamp: formatTime(claims.issuedAt),
        },
        spec: { ...request.spec, audiences: [...claims.audiences], expirationSeconds: request.spec.expirationSeconds ?? DEFAULT_SECONDS },
        status: { token, expirationTimestamp: formatTime(claims.warnAfter ?? claims.expiresAt) },
      }
      return { status: 201, object }
    },
  }
}

/** A body that names itself must mean the account in the path. */
function checkNames({ metadata }: TokenRequest, { key }: ObjectCall): void {
  const { name = '', namespace = '' } = metadata ?? {}
  if (name !== '' && name !== key.name) throw badRequest('metadata.name must match the service account name')
  if (namespace !== '' && namespace !== key.namespace) throw badRequest('metadata.namespace must match the service account namespace')
}

function claimsFor({ key, reader }: ObjectCall, { spec }: TokenRequest, ports: TokenRequestPorts): TokenClaims {
  const account = reader.get(kinds.ServiceAccount, key)
  if (account === undefined) throw notFound({ group: '', resource: kinds.ServiceAccount.plural }, key.name)
  const asked = spec.expirationSeconds ?? DEFAULT_SECONDS
  const why = asked < MIN_SECONDS ? 'may not specify a duration less than 10 minutes'
    : asked > MAX_SECONDS ? 'may not specify a duration larger than 2^32 seconds'
    : ''
  if (why !== '') throw invalid(TOKEN_REQUEST, key.name, [invalidValue('spec.expirationSeconds', asked, why)])
  const seconds = Number(asked)
  const issuedAt = Math.floor(ports.clock.now() / 1000) * 1000
  const bound = spec.boundObjectRef === undefined ? UNBOUND : boundObjects(spec.boundObjectRef, key, reader)
  const audiences = spec.audiences === undefined || spec.audiences.length === 0 ? ports.defaultAudiences : spec.audiences
  const isExtended = seconds === POD_DEFAULT_SECONDS
    && bound.pod !== undefined
    && audiences.every((audience) => ports.defaultAudiences.includes(audience))
  return {
    ...bound,
    namespace: key.namespace,
    serviceAccount: reference(account),
    audiences,
    tokenId: uuid(ports.random),
    issuedAt,
    expiresAt: issuedAt + (isExtended ? EXTENDED_SECONDS : Math.min(seconds, GRANTED_MAX_SECONDS)) * 1000,
    ...(isExtended ? { warnAfter: issuedAt + seconds * 1000 } : {}),
  }
}

type Bound = Pick<TokenClaims, 'pod' | 'secret' | 'node'>

const UNBOUND: Bound = { pod: undefined, secret: undefined, node: undefined }

function boundObjects(wanted: BoundObjectReference, account: ObjectCall['key'], reader: ObjectReader): Bound {
  const { kind = '', name = '' } = wanted
  const key = { namespace: account.namespace, name }
  if ((wanted.apiVersion ?? 'v1') === 'v1') {
    switch (kind) {
      case 'Pod': return boundPod(wanted, account, reader)
      case 'Secret': return { ...UNBOUND, secret: checked(kinds.Secret.plural, wanted, reader.get(kinds.Secret, key)) }
      case 'Node': return { ...UNBOUND, node: checked(kinds.Node.plural, wanted, reader.get(kinds.Node, { namespace: '', name })) }
    }
  }
  const why = 'cannot bind token for serviceaccount to this kind: use v1 Pod, Secret or Node'
  throw invalid(TOKEN_REQUEST, account.name, [invalidValue('spec.boundObjectRef', `${wanted.apiVersion ?? ''} ${kind}`, why)])
}

function boundPod(wanted: BoundObjectReference, account: ObjectCall['key'], reader: ObjectReader): Bound {
  const pod = reader.get(kinds.Pod, { namespace: account.namespace, name: wanted.name ?? '' })
  const checkedPod = checked(kinds.Pod.plural, wanted, pod)
  if (pod?.spec?.serviceAccountName !== account.name) {
    const why = `cannot bind token for serviceaccount ${JSON.stringify(account.name)} to pod running with different serviceaccount name.`
    throw invalid(TOKEN_REQUEST, account.name, [invalidValue('spec.boundObjectRef', wanted.name ?? '', why)])
  }
  const node = pod.spec.nodeName === undefined ? undefined : reader.get(kinds.Node, { namespace: '', name: pod.spec.nodeName })
  return { pod: checkedPod, secret: undefined, node: node === undefined ? undefined : reference(node) }
}

function checked(resource: string, wanted: BoundObjectReference, object: KubeObject | undefined): BoundObject {
  const name = wanted.name ?? ''
  if (object === undefined) throw notFound({ group: '', resource }, name)
  const found = reference(object)
  if (wanted.uid !== undefined && wanted.uid !== '' && wanted.uid !== found.uid) {
    throw conflict(
      { group: '', resource }, name,
      `the UID in the bound object reference (${wanted.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    )
  }
  return found
}

function reference(object: KubeObject): BoundObject {
  return { name: object.metadata.name ?? '', uid: object.metadata.uid ?? '' }
}
