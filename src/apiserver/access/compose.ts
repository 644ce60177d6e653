import type { Authorizer } from '../access.ts'
import { builtInAdmission } from '../admission/built-in.ts'
import type { AdmissionOptions } from '../admission/built-in.ts'
import { objectWarnings } from '../admission/object-warnings.ts'
import { ServiceAllocator } from '../allocation/service-allocator.ts'
import type { HealthCheck } from '../discovery/health.ts'
import type { OpenApiSupport } from '../discovery/openapi-documents.ts'
import { discoveryRoutes } from '../discovery/routes.ts'
import { serverChecks } from '../discovery/server-checks.ts'
import type { VersionInfo } from '../discovery/version.ts'
import { buildInfo } from '../metrics/build-info.ts'
import { HealthMetrics } from '../metrics/health-metrics.ts'
import { metricsRoute } from '../metrics/metrics-route.ts'
import type { Route } from '../route.ts'
import type { ApiServerCore, ApiServerExtensions } from '../server.ts'
import { componentStatusRoute } from '../subresources/component-statuses.ts'
import { facetRoutes } from '../subresources/facet-routes.ts'
import { bindingRoutes } from '../subresources/pod-binding.ts'
import { podConnectRoutes } from '../subresources/pod-connect.ts'
import { evictionRoute } from '../subresources/pod-eviction.ts'
import { proxyRoutes } from '../subresources/proxy-routes.ts'
import { reviewRoutes } from '../subresources/reviews.ts'
import { tokenRequestRoute } from '../subresources/token-request.ts'
import { accessStack } from './access-stack.ts'
import type { AccessSettings } from './configured-access.ts'
import { escalationValidator } from './escalation-validator.ts'
import type { RuleSource } from './rule-source.ts'
import type { ServerTokens } from './token-claims.ts'
import type { TokenReviewer } from './token-reviewers.ts'
import { mutatingWebhooks } from '../webhooks/mutating-webhooks.ts'
import { validatingWebhooks } from '../webhooks/validating-webhooks.ts'
import type { WebhookCaller } from '../webhooks/webhook-caller.ts'
import { WebhookMetrics } from '../webhooks/webhook-metrics.ts'
import { apiVersionOf } from '../../objects/kind.ts'
import { AggregatedApis } from '../aggregation/aggregated-apis.ts'
import { AggregationKeeper } from '../aggregation/aggregation-keeper.ts'
import type { RemoteApi } from '../aggregation/remote-api.ts'
import { NodeApprover } from '../certificates/node-approver.ts'
import { certificateSignatureCheck, type CertificateSignatures } from '../certificates/signature-check.ts'
import { controllerUser, internalUsers } from './internal-users.ts'
import { AdmissionEnvironments } from '../../policy/admission-policy/admission-environment.ts'
import { ExpressionChecker } from '../../policy/admission-policy/expression-check.ts'
import { expressionValidator } from '../admission-policies/expression-validator.ts'
import { matchConditions } from '../admission-policies/match-conditions.ts'
import { mutatingPolicies } from '../admission-policies/mutating-policies.ts'
import { paramAccess } from '../admission-policies/param-access.ts'
import { PolicyMetrics } from '../admission-policies/policy-metrics.ts'
import { validatingPolicies } from '../admission-policies/validating-policies.ts'

export interface AccessOptions {
  /** Which admission plug-ins run, and how; defaultAdmission is as upstream's defaults. */
  readonly admission: AdmissionOptions
  /** host/service-account-tokens.ts, or a fake with the same parts. */
  readonly tokens: ServerTokens
  /** 10.96.0.0/16 */
  readonly serviceRange: string
  readonly nodePorts: { readonly first: number; readonly last: number }
  /** host:port as clients reach the server. */
  readonly serverAddress: string
  readonly version: VersionInfo
  /** Beside the server's own: asked for anew each time, as what is to be checked may change. */
  readonly healthChecks: () => readonly HealthCheck[]
  /** host/api-descriptions.ts and host/gzip.ts, or plainOpenApi. */
  readonly openApi: OpenApiSupport
  /** host/webhook-caller.ts, or noWebhooks. */
  readonly webhooks: WebhookCaller
  /** host/certificate-signatures.ts, or unseenSignatures. */
  readonly certificates: CertificateSignatures
  /** Who comes in and what they may do, as far as the cluster's owner has said so. */
  readonly access?: AccessSettings
  /** host/remote-api.ts; undefined: no other API servers stand behind this one. */
  readonly remote?: RemoteApi
}

export const defaultNodePorts = { first: 30_000, last: 32_767 } as const
export const defaultServiceRange = '10.96.0.0/16'

/** Who may ask, what is admitted, and all routes that are not plain storage: what server.ts wants from its extend. */
export function composeExtensions(core: ApiServerCore, options: AccessOptions): ApiServerExtensions {
  const { reader, clock, random } = core
  const stack = accessStack(core, options)
  const { authorizer, rbac, tokens, audiences } = stack
  const allocator = new ServiceAllocator({ reader, random, serviceRange: options.serviceRange, nodePorts: options.nodePorts })
  const apis = options.remote === undefined ? undefined : new AggregatedApis(reader, options.remote)
  const keeper = options.remote && apis && aggregationKeeper(core, options.remote, apis)
  const environments = new AdmissionEnvironments()
  const counts = { policies: new PolicyMetrics(clock), webhooks: new WebhookMetrics(clock) }
  const policies = {
    environments, authorizer, equivalents: core.equivalents, served: () => core.served(), converting: core.converting,
    metrics: counts.policies, conditionMetrics: counts.webhooks,
    schemaOf: core.schemaOf, decode: core.decode,
  }
  const expressions = expressionValidator(new ExpressionChecker(environments), core.definitions)
  const hooks = {
    caller: options.webhooks, reader, random, log: core.log, matchConditions: matchConditions(environments, reader, authorizer),
    equivalents: core.equivalents, decode: core.decode, metrics: counts.webhooks,
  }
  const builtIn = builtInAdmission(options.admission, {
    reader, clock, random, authorizer, servedKinds: () => core.served().map(({ kind }) => kind),
  })
  const approver = new NodeApprover({
    reader, authorizer, client: core.client(controllerUser('certificate-controller')), clock, log: core.log,
  })
  return {
    authenticators: stack.authenticators,
    authorizer,
    mutators: [...builtIn.mutators, mutatingPolicies(policies), mutatingWebhooks(hooks)],
    completers: [allocator],
    validators: [
      certificateSignatureCheck(options.certificates), ...builtIn.validators, escalationValidator(rbac, authorizer),
      objectWarnings(() => core.served()), expressions,
      paramAccess(authorizer, () => core.served()),
      validatingPolicies(policies), validatingWebhooks(hooks), ...builtIn.lastValidators,
    ],
    observers: [stack.changes, allocator, approver],
    bookkeeper: builtIn.bookkeeper,
    metrics: [
      stack.metrics, buildInfo(options.version), () => counts.policies.families(), () => counts.webhooks.families(),
      () => keeper?.families() ?? [],
    ],
    webhooks: options.webhooks, gzip: options.openApi.gzip,
    routes: routes(core, options, { authorizer, rules: authorizer, tokens, audiences, apis }),
    ...(options.remote === undefined || apis === undefined ? {} : { elsewhere: apis }),
    tasks: [
      ...stack.tasks, (signal) => approver.run(signal), ...(keeper === undefined ? [] : [(signal: AbortSignal) => keeper.run(signal)]),
    ],
  }
}

function aggregationKeeper(core: ApiServerCore, remote: RemoteApi, apis: AggregatedApis): AggregationKeeper {
  const { reader, clock, log } = core
  const builtIn = new Set(core.definitions.map(({ kind }) => apiVersionOf(kind)))
  return new AggregationKeeper({
    apis, remote, reader, clock, log, builtIn, client: core.client(internalUsers.apiServer), served: () => core.served(),
  })
}

interface Parts {
  readonly authorizer: Authorizer
  readonly rules: RuleSource
  readonly tokens: TokenReviewer
  readonly audiences: readonly string[]
  /** What other servers serve through this one. */
  readonly apis: AggregatedApis | undefined
}

function routes(core: ApiServerCore, options: AccessOptions, parts: Parts): readonly Route[] {
  const { authorizer, rules, tokens, audiences } = parts
  const { clock, random } = core
  const own = serverChecks(core)
  const checks = (): readonly HealthCheck[] => [...own, ...options.healthChecks()]
  const health = new HealthMetrics()
  return [
    ...reviewRoutes({ authorizer, tokens, rules, clock }),
    tokenRequestRoute({ signer: options.tokens, clock, random, defaultAudiences: audiences }),
    ...bindingRoutes(clock),
    evictionRoute(clock),
    componentStatusRoute(checks),
    ...facetRoutes(),
    ...podConnectRoutes,
    ...proxyRoutes(random),
    metricsRoute('/metrics/slis', () => [() => health.families()]),
    ...discoveryRoutes({
      definitions: () => core.served(), storedKind: core.storedKind, schemas: core.schemas, version: options.version, checks,
      healthObserver: {
        checked: (endpoint, name, isWell) => health.checked(endpoint, name, isWell),
        unhealthy: (check, why) => core.log.warn('a health check failed', { check, why }),
      },
      serverAddress: options.serverAddress, issuer: options.tokens.issuer, keySet: options.tokens.keySet,
      openApi: options.openApi, remote: parts.apis,
    }),
  ]
}
