import type { FieldError } from '../../objects/field-error.ts'
import { forbiddenField, invalidValue, notSupported, required } from '../../objects/field-error.ts'
import { selectorOrMalformed } from '../../objects/label-selector.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkAnnotations, checkLabels, checkLabelSelector, checkNotNegative, sameValue } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { StatefulSet, StatefulSetSpec, StatefulSetUpdateStrategy } from '../generated/types.ts'
import { keepSpec, keepStatus, plainResource, specOf } from '../plain-resource.ts'
import { ageColumn, textColumn } from '../table.ts'
import { defaultPodTemplate } from './pod/defaults.ts'
import { checkRunsForever, checkSelected, isEmpty } from './pod/pod-template.ts'
import { workloadWarnings } from './pod/pod-warnings.ts'
import { checkCollisionCount } from './replica-counts.ts'
import { claimSpecWarnings, defaultClaim } from './volume/claim-spec.ts'
import { selectorQuery, templateColumns } from './workload-columns.ts'

function defaults(draft: StatefulSet): void {
  const spec = specOf(draft)
  spec.serviceName ??= ''
  spec.podManagementPolicy ||= 'OrderedReady'
  const strategy = (spec.updateStrategy ??= {})
  // Who names the strategy without its parameters keeps it so.
  if ((strategy.type ?? '') === '') {
    strategy.type = 'RollingUpdate'
    strategy.rollingUpdate ??= {}
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate !== undefined) strategy.rollingUpdate.partition ??= 0
  const retention = (spec.persistentVolumeClaimRetentionPolicy ??= {})
  retention.whenDeleted ||= 'Retain'
  retention.whenScaled ||= 'Retain'
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  defaultPodTemplate(spec)
  for (const claim of spec.volumeClaimTemplates ?? []) {
    if (claim.apiVersion !== 'v1') claim.apiVersion = 'v1'
    if (claim.kind !== 'PersistentVolumeClaim') claim.kind = 'PersistentVolumeClaim'
    defaultClaim(claim)
  }
}

/** How many pods may be away at once during an update (KEP-961) is not served: the field is dropped. */
function dropMaxUnavailable(draft: StatefulSet): void {
  const strategy = draft.spec?.updateStrategy
  if (draft.spec === undefined || strategy?.rollingUpdate?.maxUnavailable === undefined) return
  const { maxUnavailable: _, ...rollingUpdate } = strategy.rollingUpdate
  draft.spec = { ...draft.spec, updateStrategy: { ...strategy, rollingUpdate } }
}

function validate({ spec }: StatefulSet): FieldError[] {
  const errors: Errors = []
  if (spec === undefined) return [required('spec')]
  checkPolicies(errors, spec)
  checkNotNegative(errors, 'spec', 'replicas', spec.replicas)
  checkNotNegative(errors, 'spec', 'minReadySeconds', spec.minReadySeconds)
  checkNotNegative(errors, 'spec', 'ordinals.start', spec.ordinals?.start)
  const template = spec.template ?? {}
  if (spec.selector === undefined) errors.push(required('spec.selector'))
  else {
    checkLabelSelector(errors, 'spec.selector', spec.selector)
    if (isEmpty(spec.selector)) errors.push(invalidValue('spec.selector', spec.selector, 'empty selector is invalid for statefulset'))
  }
  if (selectorOrMalformed(spec.selector) === 'malformed') errors.push(invalidValue('spec.selector', spec.selector, ''))
  else {
    checkSelected(errors, 'spec.template', template, spec.selector)
    // As upstream does, the rest of the template is left to the pods: their volumes are the claims that are made for them.
    checkLabels(errors, 'spec.template.labels', template.metadata?.labels)
    checkAnnotations(errors, 'spec.template.annotations', template.metadata?.annotations)
  }
  checkRunsForever(errors, 'spec.template', template, 'StatefulSet')
  return errors
}

const RETENTION_POLICIES = ['Retain', 'Delete']

function checkPolicies(errors: Errors, spec: StatefulSetSpec): void {
  const { podManagementPolicy = '', updateStrategy = {}, persistentVolumeClaimRetentionPolicy: retention } = spec
  if (podManagementPolicy === '') errors.push(required('spec.podManagementPolicy'))
  else if (podManagementPolicy !== 'OrderedReady' && podManagementPolicy !== 'Parallel') {
    errors.push(invalidValue('spec.podManagementPolicy', podManagementPolicy, "must be 'OrderedReady' or 'Parallel'"))
  }
  checkStrategy(errors, updateStrategy)
  if (retention === undefined) return
  for (const field of ['whenDeleted', 'whenScaled'] as const) {
    const policy = retention[field] ?? ''
    if (RETENTION_POLICIES.includes(policy)) continue
    errors.push(notSupported(`spec.persistentVolumeClaimRetentionPolicy.${field}`, policy, RETENTION_POLICIES))
  }
}

function checkStrategy(errors: Errors, strategy: StatefulSetUpdateStrategy): void {
  const path = 'spec.updateStrategy'
  const { type = '', rollingUpdate } = strategy
  if (type === '') errors.push(required(path))
  else if (type === 'RollingUpdate') checkNotNegative(errors, `${path}.rollingUpdate`, 'partition', rollingUpdate?.partition)
  else if (type !== 'OnDelete') errors.push(invalidValue(path, strategy, "must be 'RollingUpdate' or 'OnDelete'"))
  else if (rollingUpdate !== undefined) {
    errors.push(invalidValue(`${path}.rollingUpdate`, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'"))
  }
}

const UPDATABLE = ['replicas', 'ordinals', 'template', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy', 'minReadySeconds'] as const

function validateUpdate(set: StatefulSet, old: StatefulSet): FieldError[] {
  const errors = validate(set)
  if (!sameValue(fixedParts(set.spec), fixedParts(old.spec))) {
    const names = UPDATABLE.map((field) => `'${field}'`)
    const list = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
    errors.push(forbiddenField('spec', `updates to statefulset spec for fields other than ${list} are forbidden`))
  }
  return errors
}

function fixedParts(spec: StatefulSetSpec | undefined): object {
  const updatable: ReadonlySet<string> = new Set(UPDATABLE)
  return Object.fromEntries(Object.entries(spec ?? {}).filter(([field]) => !updatable.has(field)))
}

const COUNTS = [
  'replicas', 'readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas', 'observedGeneration', 'collisionCount',
] as const

function validateStatus({ status = { replicas: 0 } }: StatefulSet, old: StatefulSet): FieldError[] {
  const errors: Errors = []
  for (const field of COUNTS) checkNotNegative(errors, 'status', field, status[field])
  for (const field of ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const) {
    const count = status[field] ?? 0
    if (count > status.replicas) errors.push(invalidValue(`status.${field}`, count, 'cannot be greater than status.replicas'))
  }
  if ((status.availableReplicas ?? 0) > (status.readyReplicas ?? 0)) {
    errors.push(invalidValue('status.availableReplicas', status.availableReplicas, 'cannot be greater than status.readyReplicas'))
  }
  checkCollisionCount(errors, status.collisionCount, old.status?.collisionCount)
  return errors
}

function ownWarnings({ spec }: StatefulSet, old: StatefulSet | undefined): string[] {
  const claims = (spec?.volumeClaimTemplates ?? []).flatMap((claim, index) => (
    claimSpecWarnings(`spec.volumeClaimTemplates[${index}]${old === undefined ? '' : '.Spec'}`, claim.spec ?? {})))
  if ((spec?.revisionHistoryLimit ?? 0) >= 0) return claims
  return [...claims, 'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended']
}

export const statefulSets: ResourceDefinition<StatefulSet> = {
  ...plainResource,
  kind: kinds.StatefulSet,
  // Its pods are named after it and a number: web-0.
  nameRule: 'dns-label',
  defaults,
  prepareForCreate(draft) {
    draft.status = { replicas: 0, availableReplicas: 0 }
    dropMaxUnavailable(draft)
  },
  prepareForUpdate(draft, old) {
    keepStatus(draft, old)
    dropMaxUnavailable(draft)
  },
  validateCreate: validate,
  validateUpdate,
  warnings: (set, old) => [...workloadWarnings(set, old), ...ownWarnings(set, old)],
  generationOf: 'spec',
  columns: [
    textColumn('Ready', 'Ready pods of those that are wanted.', ({ spec, status }) =>
      `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`),
    ageColumn,
    ...templateColumns,
  ],
  status: { prepareForUpdate: keepSpec, validateUpdate: validateStatus },
  scale: {
    replicasPath: '.spec.replicas',
    replicas: ({ spec }) => spec?.replicas ?? 0,
    statusReplicas: ({ status }) => status?.replicas ?? 0,
    selector: ({ spec }) => selectorQuery(spec?.selector),
    setReplicas(draft, replicas) {
      if (draft.spec !== undefined) draft.spec = { ...draft.spec, replicas }
    },
  },
}
