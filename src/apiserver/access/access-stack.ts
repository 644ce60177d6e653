import type { ObjectKey } from '../../objects/kube-object.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import { thrownMessage } from '../../words/thrown.ts'
import type { ApiServerCore } from '../server.ts'
import { nodeRules } from '../bootstrap/component-roles.ts'
import type { MetricSource } from '../metrics/metric-family.ts'
import type { WebhookCaller } from '../webhooks/webhook-caller.ts'
import type { Authenticator } from '../access.ts'
import { anonymousGate } from './anonymous-gate.ts'
import { AuthorizerChain } from './authorizer-chain.ts'
import { BootstrapTokens } from './bootstrap-tokens.ts'
import { CertificateAuthenticator } from './certificate-authenticator.ts'
import { ConfiguredAccess, type AccessSettings } from './configured-access.ts'
import { internalUsers } from './internal-users.ts'
import { NodeAuthorizer } from './node-authorizer.ts'
import { RbacAuthorizer } from './rbac-authorizer.ts'
import { RbacChanges } from './rbac-changes.ts'
import { RequestHeaderAuthenticator } from './request-header-authenticator.ts'
import { LAST_USED, SecretTokens } from './secret-tokens.ts'
import { shownCertificates } from './shown-certificate.ts'
import { TokenAuthenticator } from './token-authenticator.ts'
import type { ServerTokens } from './token-claims.ts'
import { anyReviewer, BearerAuthenticator, type TokenReviewer } from './token-reviewers.ts'

export interface AccessStackOptions {
  readonly tokens: ServerTokens
  readonly webhooks: WebhookCaller
  /** Undefined: nobody has configured anything. */
  readonly access?: AccessSettings | undefined
}

/** Who somebody is, and what they may do. */
export interface AccessStack {
  readonly authenticators: readonly Authenticator[]
  /** Also says what rules it goes by. */
  readonly authorizer: AuthorizerChain
  readonly rbac: RbacAuthorizer
  readonly changes: RbacChanges
  readonly tokens: TokenReviewer
  /** The audiences that mean this API server. */
  readonly audiences: readonly string[]
  /** How often changed configuration was taken into force. */
  readonly metrics: MetricSource
  readonly tasks: readonly ((signal: AbortSignal) => Promise<void>)[]
}

/** Throws an Error that names the file and the field where something that was configured is wrong. */
export function accessStack(core: ApiServerCore, { tokens: verifier, webhooks, access }: AccessStackOptions): AccessStack {
  const { reader, clock, log } = core
  const changes = new RbacChanges()
  const rbac = new RbacAuthorizer(reader, () => changes.count)
  const node = new NodeAuthorizer(reader, core.podsOfNodes, nodeRules)
  const authorizer = new AuthorizerChain({ node, rbac }, { caller: webhooks, clock, log })
  const audiences = [verifier.issuer]
  const configured = access === undefined ? undefined : new ConfiguredAccess(access, { clock, log, webhooks, audiences, chain: authorizer })
  // The most frequent first: it knows its tokens again without reading them.
  const own: readonly TokenReviewer[] = [
    new TokenAuthenticator({ verifier, reader, clock, audiences }),
    new SecretTokens({ verifier, reader, clock, audiences, markUsed: usedMarker(core) }), new BootstrapTokens(reader, clock, audiences),
  ]
  const tokens = anyReviewer(() => (configured === undefined ? own : [...own, ...configured.reviewers]))
  return {
    authenticators: [
      ...(access?.requestHeaders === undefined ? [] : [new RequestHeaderAuthenticator(access.requestHeaders, clock)]),
      new CertificateAuthenticator(clock), new BearerAuthenticator(tokens),
      shownCertificates(clock), anonymousGate(() => configured?.anonymous),
    ],
    authorizer, rbac, changes, tokens, audiences, metrics: () => configured?.metrics() ?? [],
    tasks: configured === undefined ? [] : [(signal) => configured.run(signal)],
  }
}

/** A label that tells administrators (and cleaners) which tokens without an end are still in use. */
function usedMarker(core: ApiServerCore): (key: ObjectKey, day: string) => Promise<void> {
  return async (key, day) => {
    try {
      await core.client(internalUsers.apiServer).patch(kinds.Secret, key, {
        type: 'merge', body: { metadata: { labels: { [LAST_USED]: day } } },
      })
    } catch (error) {
      core.log.warn('the use of a token could not be noted on its secret', {
        namespace: key.namespace, name: key.name, error: thrownMessage(error),
      })
    }
  }
}
