import type { FieldError } from '../../objects/field-error.ts'
import { forbiddenField, invalidValue, notSupported, required } from '../../objects/field-error.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkImmutable, checkLabelSelector, checkNotNegative } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { Deployment, DeploymentSpec, DeploymentStatus, RollingUpdateDeployment } from '../generated/types.ts'
import { keepSpec, keepStatus, plainResource } from '../plain-resource.ts'
import { ageColumn, textColumn } from '../table.ts'
import { defaultPodTemplate } from './pod/defaults.ts'
import { checkReplicatedTemplate, isEmpty } from './pod/pod-template.ts'
import { checkCounts } from './replica-counts.ts'
import { selectorQuery, workloadColumns } from './workload-columns.ts'

function defaults(draft: Deployment): void {
  const spec = draft.spec
  if (spec === undefined) return
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
  defaultPodTemplate(spec.template)
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
  } else if (type !== 'RollingUpdate') errors.push(notSupported('spec.strategy.type', type, ['Recreate', 'RollingUpdate']))
  else if (rollingUpdate === undefined) errors.push(required(path, 'this should be defaulted and never be nil'))
  else checkRollingUpdate(errors, path, rollingUpdate)
}

function checkRollingUpdate(errors: Errors, path: string, { maxUnavailable = 0, maxSurge = 0 }: RollingUpdateDeployment): void {
  checkCountOrPercent(errors, `${path}.maxUnavailable`, maxUnavailable)
  checkCountOrPercent(errors, `${path}.maxSurge`, maxSurge)
  if (amount(maxUnavailable) === 0 && amount(maxSurge) === 0) {
    errors.push(invalidValue(`${path}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'))
  }
  if (typeof maxUnavailable === 'string' && amount(maxUnavailable) > 100) {
    errors.push(invalidValue(`${path}.maxUnavailable`, maxUnavailable, 'must not be greater than 100%'))
  }
}

const PERCENT = /^[0-9]+%$/

function checkCountOrPercent(errors: Errors, path: string, value: number | string): void {
  if (typeof value === 'number') checkNotNegative(errors, path, '', value)
  else if (!PERCENT.test(value)) {
    const detail = "a valid percent string must be a numeric string followed by an ending '%' " +
      "(e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')"
    errors.push(invalidValue(path, value, detail))
  }
}

function amount(value: number | string): number {
  return typeof value === 'number' ? value : PERCENT.test(value) ? Number(value.slice(0, -1)) : 0
}

const COUNTS = [
  'observedGeneration', 'replicas', 'updatedReplicas', 'readyReplicas', 'availableReplicas', 'unavailableReplicas', 'collisionCount',
] as const

function validateStatus({ status = {} }: Deployment, old: Deployment): FieldError[] {
  const errors: Errors = []
  checkCounts<DeploymentStatus>(errors, status, COUNTS, ['updatedReplicas', 'readyReplicas', 'availableReplicas'])
  const [now, before] = [status.collisionCount, old.status?.collisionCount]
  if (before !== undefined && (now === undefined || now < before)) {
    errors.push(invalidValue('status.collisionCount', now ?? null, 'cannot be decremented'))
  }
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
    replicas: ({ spec }) => spec?.replicas ?? 0,
    statusReplicas: ({ status }) => status?.replicas ?? 0,
    selector: ({ spec }) => selectorQuery(spec?.selector),
    setReplicas(draft, replicas) {
      if (draft.spec !== undefined) draft.spec = { ...draft.spec, replicas }
    },
  },
}
