import type { FieldError } from '../../objects/field-error.ts'
import { invalidValue, required } from '../../objects/field-error.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkImmutable, checkLabelSelector, checkNotNegative } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { ReplicaSet, ReplicaSetStatus } from '../generated/types.ts'
import { keepSpec, keepStatus, plainResource, specOf } from '../plain-resource.ts'
import { ageColumn, numberColumn } from '../table.ts'
import { defaultPodTemplate } from './pod/defaults.ts'
import { checkReplicatedTemplate, isEmpty } from './pod/pod-template.ts'
import { namedWorkloadWarnings } from './pod/pod-warnings.ts'
import { checkCounts } from './replica-counts.ts'
import { selectorQuery, workloadColumns } from './workload-columns.ts'

function defaults(draft: ReplicaSet): void {
  const spec = specOf(draft)
  spec.replicas ??= 1
  defaultPodTemplate(spec)
}

function validate(replicaSet: ReplicaSet): FieldError[] {
  const errors: Errors = []
  const spec = replicaSet.spec
  if (spec === undefined) return [required('spec')]
  checkNotNegative(errors, 'spec', 'replicas', spec.replicas)
  checkNotNegative(errors, 'spec', 'minReadySeconds', spec.minReadySeconds)
  if (spec.selector === undefined) errors.push(required('spec.selector'))
  else {
    checkLabelSelector(errors, 'spec.selector', spec.selector)
    if (isEmpty(spec.selector)) errors.push(invalidValue('spec.selector', spec.selector, 'empty selector is invalid for deployment'))
  }
  checkReplicatedTemplate(errors, 'spec.template', spec.template ?? {}, spec.selector)
  return errors
}

const COUNTS = ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'] as const

export const replicaSets: ResourceDefinition<ReplicaSet> = {
  ...plainResource,
  kind: kinds.ReplicaSet,
  defaults,
  prepareForCreate(draft) {
    draft.status = { replicas: 0 }
  },
  prepareForUpdate: keepStatus,
  validateCreate: validate,
  validateUpdate(replicaSet, old) {
    const errors = validate(replicaSet)
    checkImmutable(errors, 'spec.selector', replicaSet.spec?.selector, old.spec?.selector)
    return errors
  },
  warnings: namedWorkloadWarnings,
  generationOf: 'spec',
  columns: [
    numberColumn('Desired', 'Pods that are wanted.', ({ spec }) => spec?.replicas ?? 0),
    numberColumn('Current', 'Pods that there are.', ({ status }) => status?.replicas ?? 0),
    numberColumn('Ready', 'Pods that are ready.', ({ status }) => status?.readyReplicas ?? 0),
    ageColumn,
    ...workloadColumns,
  ],
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  status: {
    prepareForUpdate: keepSpec,
    validateUpdate({ status = { replicas: 0 } }) {
      const errors: Errors = []
      checkCounts<ReplicaSetStatus>(errors, status, COUNTS, ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'])
      return errors
    },
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
