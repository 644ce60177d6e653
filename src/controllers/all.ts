import type { KindRef } from '../objects/kind.ts'
import type { Controller } from '../reconcile/controller.ts'
import type { Instant } from '../words/instant.ts'
import { certificateCleaner } from './certificate-cleaner/controller.ts'
import { certificateSigningController } from './certificate-signing/controller.ts'
import type { CertificateIssuer } from '../resources/kinds/certificate-signing-request/certificate-issuer.ts'
import { deploymentController } from './deployment/controller.ts'
import { endpointsController } from './endpoints/controller.ts'
import { endpointSliceController } from './endpointslice/controller.ts'
import { garbageCollector } from './garbage-collector/controller.ts'
import { namespaceController } from './namespace/controller.ts'
import { nodeLifecycleController } from './node-lifecycle/controller.ts'
import { podGarbageCollector } from './pod-garbage-collector/controller.ts'
import { replicaSetController } from './replicaset/controller.ts'
import { resourceQuotaController } from './resource-quota/controller.ts'
import { roleAggregationController } from './role-aggregation/controller.ts'
import { rootCaController } from './root-ca/controller.ts'
import { secretTokenController, type SecretTokenParts } from './secret-tokens/controller.ts'
import { serviceAccountController } from './serviceaccount/controller.ts'
import { claimProtectionController } from './storage-protection/claims.ts'
import { volumeProtectionController } from './storage-protection/volumes.ts'
import { taintEvictionController } from './taint-eviction/controller.ts'
import { validatingPolicyStatusController } from './validating-policy-status/controller.ts'

export interface ControllersConfig {
  /** PEM of the authority that signs the API server's certificate. */
  readonly rootCertificate: string
  /** The kinds that the server stores and serves with list and watch. Each must be served: a kind that is not would hold up its readers. */
  readonly storedKinds: readonly KindRef[]
  readonly startedAt: Instant
  /** Makes the tokens that stand in Secrets. */
  readonly signSecretToken: SecretTokenParts['sign']
  /** Signs certificates with the cluster's authority. */
  readonly issueCertificate: CertificateIssuer
  /** None of them counts for longer; absent: a year. */
  readonly longestCertificateMs?: number | undefined
}

const MAX_FINISHED_PODS = 12_500

/** Every controller of the cluster, ready for an Executor. */
export function allControllers(config: ControllersConfig): readonly Controller[] {
  const { rootCertificate, storedKinds, startedAt, signSecretToken, issueCertificate, longestCertificateMs } = config
  return [
    deploymentController(),
    replicaSetController(),
    endpointSliceController(),
    endpointsController(),
    ...contentControllers(storedKinds),
    serviceAccountController(),
    rootCaController(rootCertificate),
    secretTokenController({ sign: signSecretToken, rootCertificate }),
    certificateSigningController({ issue: issueCertificate, longestMs: longestCertificateMs }),
    certificateCleaner(),
    nodeLifecycleController(startedAt),
    taintEvictionController(),
    podGarbageCollector(MAX_FINISHED_PODS),
    roleAggregationController(),
    validatingPolicyStatusController(),
    claimProtectionController(),
    volumeProtectionController(),
  ]
}

/** Those that concern every kind: made anew when kinds come and go. */
export function contentControllers(storedKinds: readonly KindRef[]): readonly Controller[] {
  // events.k8s.io shows the same objects as core/v1 does; events have no owners.
  const content = onePerResource(storedKinds.filter((kind) => kind.group !== 'events.k8s.io'))
  const owned = content.filter((kind) => kind.kind !== 'Event')
  return [
    namespaceController(content.filter((kind) => kind.namespaced)),
    garbageCollector(owned),
    resourceQuotaController(owned.filter((kind) => kind.namespaced)),
  ]
}

/** A resource that is served in several versions is still one set of objects. */
function onePerResource(kinds: readonly KindRef[]): readonly KindRef[] {
  return [...new Map(kinds.map((kind) => [`${kind.group}/${kind.plural}`, kind])).values()]
}
