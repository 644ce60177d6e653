import { createUsageOf } from '../../policy/quota/resource-usage.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { Clock, Random } from '../../words/ports.ts'
import type { Authorizer, Mutator, ObjectReader, Validator } from '../access.ts'
import type { Bookkeeper } from '../charge.ts'
import { defaultTolerationSeconds } from './default-tolerations.ts'
import { limitRanger, limitRangerDefaults } from './limit-ranger.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeRestriction } from './node-restriction.ts'
import { defaultPodSecurity, podSecurity } from './pod-security.ts'
import type { PodSecurityOptions } from './pod-security.ts'
import { quotaBookkeeper, quotaCount, quotaDryRun } from './resource-quota.ts'
import { serviceAccountAdmission } from './service-account.ts'
import { systemPriorityClassesStay } from './system-priority-classes.ts'
import { taintNewNodes } from './taint-new-nodes.ts'

export interface AdmissionOptions {
  readonly podSecurity: PodSecurityOptions
}

/** What upstream runs when nothing is said. */
export const defaultAdmission: AdmissionOptions = { podSecurity: defaultPodSecurity }

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
  const { clock, random } = parts
  const usageOf = createUsageOf()
  const bookkeeper = quotaBookkeeper({ usageOf, clock })
  return {
    mutators: [
      namespaceLifecycle,
      limitRangerDefaults,
      serviceAccountAdmission({ clock, random }),
      taintNewNodes,
      defaultTolerationSeconds,
      quotaCount({ usageOf, clock, servedKinds: () => parts.servedKinds() }),
    ],
    validators: [
      limitRanger,
      nodeRestriction,
      podSecurity(options.podSecurity),
      systemPriorityClassesStay,
    ],
    lastValidators: [quotaDryRun(bookkeeper)],
    bookkeeper,
  }
}
