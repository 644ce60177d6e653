import type { Schema } from '../objects/schema.ts'

/**
 * Which optional fields leave their empty value out. Upstream's types hold most fields by value, so that an empty one and none are the
 * same, and its clients write either: the protocol buffers of typed clients carry every `stdin: false`, a manifest may say `labels: {}`.
 * Two objects that mean the same must be stored the same: the hash of a pod template, for one, decides whether a rollback finds its
 * ReplicaSet again. Fields that upstream holds by pointer keep their zero, which is a choice of the user: those are named here.
 */
const MEANINGFUL_ZEROS: ReadonlySet<string> = new Set([
  'activeDeadlineSeconds', 'averageUtilization', 'backoffLimit', 'backoffLimitPerIndex', 'borrowingLimitPercent', 'collisionCount',
  'completions', 'count', 'currentCPUUtilizationPercentage', 'defaultMode', 'deletionGracePeriodSeconds', 'expirationSeconds',
  'failedJobsHistoryLimit', 'fsGroup', 'gracePeriodSeconds', 'int', 'leaseDurationSeconds', 'leaseTransitions', 'lendablePercent', 'lun',
  'maxFailedIndexes', 'maxItems', 'maxLength', 'maxProperties', 'maxReplicas', 'minItems', 'minLength', 'minProperties', 'minReplicas',
  'mode', 'nominalConcurrencyShares', 'parallelism', 'partition', 'priority', 'progressDeadlineSeconds', 'ready', 'replicas',
  'revisionHistoryLimit', 'runAsGroup', 'runAsUser', 'seconds', 'stabilizationWindowSeconds', 'startingDeadlineSeconds', 'succeededCount',
  'successfulJobsHistoryLimit', 'targetCPUUtilizationPercentage', 'terminating', 'terminationGracePeriodSeconds', 'tolerationSeconds',
  'ttlSecondsAfterFinished',
])
const MEANINGFUL_EMPTY_TEXTS: ReadonlySet<string> = new Set([
  'apiGroup', 'appProtocol', 'completionMode', 'failedIndexes', 'fsGroupPolicy', 'holderIdentity', 'ingressClassName', 'ipFamilyPolicy',
  'managedBy', 'persistentVolumeName', 'podReplacementPolicy', 'preemptionPolicy', 'reclaimPolicy', 'selectPolicy', 'storageClassName',
  'string', 'succeededIndexes', 'timeZone', 'unhealthyPodEvictionPolicy', 'volumeAttributesClassName', 'volumeBindingMode',
])
/** Booleans are mostly pointers, hence the other way round. */
const OMITTED_FALSES: ReadonlySet<string> = new Set([
  'allNodes', 'authenticated', 'chapAuthDiscovery', 'chapAuthSession', 'clusterScope', 'denied', 'deprecated', 'exclusiveMaximum', 'exclusiveMinimum',
  'globalDefault', 'hostIPC', 'hostNetwork', 'hostPID', 'insecureSkipTLSVerify', 'nullable', 'paused', 'preserveUnknownFields',
  'publishNotReadyAddresses', 'readOnly', 'sslEnabled', 'stdin', 'stdinOnce', 'tty', 'uniqueItems', 'unschedulable',
  'x-kubernetes-embedded-resource', 'x-kubernetes-int-or-string',
])

export function omitsEmpty(name: string, schema: Schema): boolean {
  switch (schema.type) {
    case 'list': case 'map': return true
    case 'boolean': return OMITTED_FALSES.has(name)
    case 'int32': case 'int64': return !MEANINGFUL_ZEROS.has(name)
    case 'string': return !MEANINGFUL_EMPTY_TEXTS.has(name)
    default: return false
  }
}
