import type { FieldError } from '../../objects/field-error.ts'
import { forbiddenField, invalidValue, notSupported, required } from '../../objects/field-error.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkImmutable, checkLabelSelector, checkNotNegative } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { Deployment, DeploymentSpec, DeploymentStatus, RollingUpdateDeployment } from '../generated/types.ts'
import { keepSpec, keepStatus, plainResource, specOf } from '../plain-resource.ts'
import { ageColumn, textColumn } from '../table.ts'
import { amountOf, checkAtMostAll, checkCountOrPercent } from './count-or-percent.ts'
import { defaultPodTemplate } from './pod/defaults.ts'
import { checkReplicatedTemplate, isEmpty } from './pod/pod-template.ts'
import { namedWorkloadWarnings } from './pod/pod-warnings.ts'
import { checkCollisionCount, checkCounts } from './replica-counts.ts'
import { selectorQuery, workloadColumns } from './workload-columns.ts'

function defaults(draft: Deployment): void {
  const spec = specOf(draft)
  spec.replicas ??= 1
  const strategy = (spec.strategy ??= {})
  strategy.type ||= 'RollingUpdate'
  if (strategy.type === 'RollingUpdate') {
    const rolling = (strategy.rollingUpdate ??= {})
    rolling.maxUnavailable ??= '25%'
    rolling.maxSurge ??= '25%'
  }
  spec.revisionHistoryLimit ??= 10
  spec.progressDeadlineSeconds ??= 600
  defaultPodTemplate(spec)
}

function validate(deployment: Deployment): FieldError[] {
  const errors: Errors = []
  const spec = deployment.spec
  if (spec === undefined) return [required('spec')]
  checkNotNegative(errors, 'spec', 'replicas', spec.replicas)
  if (spec.selector === undefined) errors.push(required('spec.selector'))
  else {
    checkLabelSelector(errors, 'spec.selector', spec.selector)
    if (isEmpty(spec.selector)) errors.push(invalidValue('spec.selector', spec.selector, 'empty selector is invalid for deployment'))
  }
  checkReplicatedTemplate(errors, 'spec.template', spec.template ?? {}, spec.selector)
  checkStrategy(errors, spec)
  checkNotNegative(errors, 'spec', 'minReadySeconds', spec.minReadySeconds)
  checkNotNegative(errors, 'spec', 'revisionHistoryLimit', spec.revisionHistoryLimit)
  const deadline = spec.progressDeadlineSeconds
  if (deadline !== undefined) {
    checkNotNegative(errors, 'spec', 'progressDeadlineSeconds', deadline)
    if (deadline <= (spec.minReadySeconds ?? 0)) {
      errors.push(invalidValue('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'))
    }
  }
  return errors
}

function checkStrategy(errors: Errors, { strategy = {} }: DeploymentSpec): void {
  const { type = '', rollingUpdate } = strategy
  const path = 'spec.strategy.rollingUpdate'
  if (type === 'Recreate') {
    if (rollingUpdate !== undefined) errors.push(forbiddenField(path, "may not be specified when strategy `type` is 'Recreate'"))
  } else if (type !== 'RollingUpdate') errors.push(notSupported('spec.strategy', strategy, ['Recreate', 'RollingUpdate']))
  else if (rollingUpdate === undefined) errors.push(required(path, 'this should be defaulted and never be nil'))
  else checkRollingUpdate(errors, path, rollingUpdate)
}

function checkRollingUpdate(errors: Errors, path: string, { maxUnavailable = 0, maxSurge = 0 }: RollingUpdateDeployment): void {
  checkCountOrPercent(errors, `${path}.maxUnavailable`, maxUnavailable)
  checkCountOrPercent(errors, `${path}.maxSurge`, maxSurge)
  if (amountOf(maxUnavailable) === 0 && amountOf(maxSurge) === 0) {
    errors.push(invalidValue(`${path}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'))
  }
  checkAtMostAll(errors, `${path}.maxUnavailable`, maxUnavailable)
}

const COUNTS = [
  'observedGeneration', 'replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas', 'unavailableReplicas', 'collisionCount',
] as const

function validateStatus({ status = {} }: Deployment, old: Deployment): FieldError[] {
  const errors: Errors = []
  checkCounts<DeploymentStatus>(errors, status, COUNTS, ['updatedReplicas', 'readyReplicas', 'availableReplicas'])
  checkCollisionCount(errors, status.collisionCount, old.status?.collisionCount)
  return errors
}

export const deployments: ResourceDefinition<Deployment> = {
  ...plainResource,
  kind: kinds.Deployment,
  defaults,
  prepareForCreate(draft) {
    draft.status = {}
  },
  prepareForUpdate: keepStatus,
  validateCreate: validate,
  validateUpdate(deployment, old) {
    const errors = validate(deployment)
    checkImmutable(errors, 'spec.selector', deployment.spec?.selector, old.spec?.selector)
    return errors
  },
  warnings: namedWorkloadWarnings,
  generationOf: 'spec-or-annotations',
  columns: [
    textColumn(
      'Ready',
      'Ready pods of those that are wanted.',
      ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`
    ),
    textColumn('Up-to-date', 'Pods of the latest template.', ({ status }) => status?.updatedReplicas ?? 0),
    textColumn('Available', 'Pods that have been ready for long enough.', ({ status }) => status?.availableReplicas ?? 0),
    ageColumn,
    ...workloadColumns,
  ],
  status: {
    prepareForUpdate(draft, old) {
      keepSpec(draft, old)
      const { labels: _, ...metadata } = draft.metadata
      draft.metadata = old.metadata.labels === undefined ? metadata : { ...metadata, labels: old.metadata.labels }
    },
    validateUpdate: validateStatus,
  },
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
