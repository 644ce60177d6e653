import type { LimitedResource } from '../../policy/quota/coverage.ts'
import { createUsageOf } from '../../policy/quota/resource-usage.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { Clock, Random } from '../../words/ports.ts'
import type { Authorizer, Mutator, ObjectReader, Validator } from '../access.ts'
import type { Bookkeeper } from '../charge.ts'
import { alwaysPullImages, imagesAlwaysPulled } from './always-pull-images.ts'
import { certificateApproval, certificateSigning, certificateSubjectRestriction } from './certificates.ts'
import { persistentVolumeClaimResize } from './claim-resize.ts'
import { defaultIngressClass, defaultStorageClass } from './default-classes.ts'
import { defaultTolerationSeconds } from './default-tolerations.ts'
import { denyServiceExternalIps } from './deny-external-ips.ts'
import { eventRateLimit } from './event-rate-limit.ts'
import type { EventLimit } from './event-rate-limit.ts'
import { extendedResourceToleration } from './extended-resource-toleration.ts'
import { limitRanger, limitRangerDefaults } from './limit-ranger.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeRestriction } from './node-restriction.ts'
import { ownerReferencePermissions } from './owner-references.ts'
import { defaultPodSecurity, podSecurity } from './pod-security.ts'
import type { PodSecurityOptions } from './pod-security.ts'
import { podNodeSelector } from './pod-node-selector.ts'
import type { PodNodeSelectorOptions } from './pod-node-selector.ts'
import { podTolerationRestriction } from './pod-toleration-restriction.ts'
import type { PodTolerationOptions } from './pod-toleration-restriction.ts'
import { oneDefaultPriority, priority } from './priority.ts'
import { quotaBookkeeper, quotaCount, quotaCover, quotaDryRun } from './resource-quota.ts'
import { runtimeClassDefaults, runtimeClassOverhead } from './runtime-class.ts'
import { serviceAccountSecrets } from './service-account-secrets.ts'
import { serviceAccountAdmission } from './service-account.ts'
import { storageObjectInUseProtection } from './storage-protection.ts'
import { systemPriorityClassesStay } from './system-priority-classes.ts'
import { taintNewNodes } from './taint-new-nodes.ts'

/** Plug-ins that are off when nothing is said of them are switched on here. */
export interface AdmissionOptions {
  readonly podSecurity: PodSecurityOptions
  /** What may be used only where a quota of the namespace allows it; none: quotas limit, but nothing needs one. */
  readonly limitedResources: readonly LimitedResource[]
  readonly alwaysPullImages: boolean
  readonly denyServiceExternalIps: boolean
  readonly extendedResourceToleration: boolean
  readonly ownerReferencePermissions: boolean
  /** None: EventRateLimit is off. */
  readonly eventLimits: readonly EventLimit[]
  /** Undefined: PodNodeSelector is off. */
  readonly podNodeSelector: PodNodeSelectorOptions | undefined
  /** Undefined: PodTolerationRestriction is off. */
  readonly podTolerations: PodTolerationOptions | undefined
}

/** What upstream runs when nothing is said. */
export const defaultAdmission: AdmissionOptions = {
  podSecurity: defaultPodSecurity, limitedResources: [],
  alwaysPullImages: false, denyServiceExternalIps: false, extendedResourceToleration: false, ownerReferencePermissions: false,
  eventLimits: [], podNodeSelector: undefined, podTolerations: undefined,
}

export interface AdmissionParts {
  readonly reader: ObjectReader
  readonly clock: Clock
  readonly random: Random
  readonly authorizer: Authorizer
  servedKinds(): readonly KindRef[]
}

export interface BuiltInAdmission {
  readonly mutators: readonly Mutator[]
  readonly validators: readonly Validator[]
  /** After webhooks and policies have had their say. */
  readonly lastValidators: readonly Validator[]
  readonly bookkeeper: Bookkeeper
}

/** The plug-ins in the order in which upstream asks them. */
export function builtInAdmission(options: AdmissionOptions, parts: AdmissionParts): BuiltInAdmission {
  const { clock, random, authorizer } = parts
  const usageOf = createUsageOf()
  const bookkeeper = quotaBookkeeper({ usageOf, clock, reader: parts.reader })
  return {
    mutators: [
      namespaceLifecycle,
      limitRangerDefaults,
      serviceAccountAdmission({ clock, random }),
      taintNewNodes,
      ...when(options.alwaysPullImages, alwaysPullImages),
      ...(options.podNodeSelector === undefined ? [] : [podNodeSelector(options.podNodeSelector)]),
      priority,
      defaultTolerationSeconds,
      ...(options.podTolerations === undefined ? [] : [podTolerationRestriction(options.podTolerations)]),
      ...when(options.extendedResourceToleration, extendedResourceToleration),
      defaultStorageClass,
      storageObjectInUseProtection,
      runtimeClassDefaults,
      defaultIngressClass,
      quotaCount({ usageOf, clock, servedKinds: () => parts.servedKinds() }),
    ],
    validators: [
      limitRanger,
      serviceAccountSecrets,
      nodeRestriction,
      ...when(options.alwaysPullImages, imagesAlwaysPulled),
      podSecurity(options.podSecurity),
      oneDefaultPriority,
      systemPriorityClassesStay,
      ...(options.eventLimits.length === 0 ? [] : [eventRateLimit(options.eventLimits, clock)]),
      persistentVolumeClaimResize,
      ...when(options.ownerReferencePermissions, ownerReferencePermissions(parts)),
      runtimeClassOverhead,
      certificateApproval(authorizer),
      certificateSigning(authorizer),
      certificateSubjectRestriction,
      ...when(options.denyServiceExternalIps, denyServiceExternalIps),
    ],
    lastValidators: [
      ...(options.limitedResources.length === 0 ? [] : [quotaCover(options.limitedResources, { usageOf, clock })]),
      quotaDryRun(bookkeeper),
    ],
    bookkeeper,
  }
}

function when<T>(isOn: boolean, plugin: T): readonly T[] {
  return isOn ? [plugin] : []
}
