import type { FieldError } from '../../objects/field-error.ts'
import { required } from '../../objects/field-error.ts'
import type { ResourceDefinition } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkNotNegative } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { ReplicationController, ReplicationControllerStatus } from '../generated/types.ts'
import { keepSpec, keepStatus, plainResource } from '../plain-resource.ts'
import { ageColumn, labelsText, numberColumn, wideColumn } from '../table.ts'
import { defaultPodTemplate } from './pod/defaults.ts'
import { checkPodTemplate, checkRunsForever, checkSelected } from './pod/pod-template.ts'
import { namedWorkloadWarnings } from './pod/pod-warnings.ts'
import { checkCounts } from './replica-counts.ts'
import { selectorQuery, templateColumns } from './workload-columns.ts'

/** The labels of the template are the selector and the labels of the controller where these are left out. */
function defaults(draft: ReplicationController): void {
  const labels = draft.spec?.template?.metadata?.labels
  if (labels !== undefined && draft.spec !== undefined) {
    if (isEmpty(draft.spec.selector)) draft.spec.selector = { ...labels }
    if (isEmpty(draft.metadata.labels)) draft.metadata.labels = { ...labels }
  }
  if (draft.spec === undefined) return
  draft.spec.replicas ??= 1
  if (draft.spec.template !== undefined) defaultPodTemplate(draft.spec)
}

function isEmpty(labels: Readonly<Record<string, string>> | undefined): boolean {
  return labels === undefined || Object.keys(labels).length === 0
}

function validate({ spec = {} }: ReplicationController): FieldError[] {
  const errors: Errors = []
  checkNotNegative(errors, 'spec', 'minReadySeconds', spec.minReadySeconds)
  if (isEmpty(spec.selector)) errors.push(required('spec.selector'))
  checkNotNegative(errors, 'spec', 'replicas', spec.replicas)
  const path = 'spec.template'
  if (spec.template === undefined) errors.push(required(path))
  else {
    if (!isEmpty(spec.selector)) checkSelected(errors, path, spec.template, { matchLabels: spec.selector ?? {} })
    checkPodTemplate(errors, path, spec.template)
    checkRunsForever(errors, path, spec.template, 'ReplicationController')
  }
  return errors
}

const COUNTS = ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'] as const
const query = ({ spec }: ReplicationController): string => selectorQuery({ matchLabels: spec?.selector ?? {} })

export const replicationControllers: ResourceDefinition<ReplicationController> = {
  ...plainResource,
  kind: kinds.ReplicationController,
  defaults,
  prepareForCreate(draft) {
    draft.status = { replicas: 0 }
  },
  prepareForUpdate: keepStatus,
  validateCreate: validate,
  validateUpdate: validate,
  warnings: namedWorkloadWarnings,
  generationOf: 'spec',
  orphansByDefault: true,
  columns: [
    numberColumn('Desired', 'Pods that are wanted.', ({ spec }) => spec?.replicas ?? 0),
    numberColumn('Current', 'Pods that there are.', ({ status }) => status?.replicas ?? 0),
    numberColumn('Ready', 'Pods that are ready.', ({ status }) => status?.readyReplicas ?? 0),
    ageColumn,
    ...templateColumns,
    wideColumn('Selector', 'Labels of its pods.', ({ spec }) => labelsText(spec?.selector)),
  ],
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  status: {
    prepareForUpdate: keepSpec,
    validateUpdate({ status = { replicas: 0 } }) {
      const errors: Errors = []
      const parts = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'] as const
      checkCounts<ReplicationControllerStatus>(errors, status, COUNTS, parts)
      return errors
    },
  },
  scale: {
    replicasPath: '.spec.replicas',
    replicas: ({ spec }) => spec?.replicas ?? 0,
    statusReplicas: ({ status }) => status?.replicas ?? 0,
    selector: query,
    setReplicas(draft, replicas) {
      if (draft.spec !== undefined) draft.spec = { ...draft.spec, replicas }
    },
  },
}
