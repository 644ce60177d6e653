import type { FieldError } from '../../objects/field-error.ts'
import { invalidValue } from '../../objects/field-error.ts'
import { checkFinalizerDomain } from '../../objects/metadata.ts'
import type { ResourceDefinition, StatusSubresource } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkQualifiedName } from '../field-checks.ts'
import { kinds } from '../generated/kinds.ts'
import type { Namespace } from '../generated/types.ts'
import { keepSpec, keepStatus, plainResource } from '../plain-resource.ts'
import { ageColumn, textColumn } from '../table.ts'

/** Holds a namespace in its spec until its contents are gone. */
const KUBERNETES_FINALIZER = 'kubernetes'
/** Always carries the name, so that selectors can pick a namespace. */
const NAMESPACE_NAME_LABEL = 'kubernetes.io/metadata.name'

function labelWithName(draft: Namespace): void {
  const { name, labels } = draft.metadata
  if (name === undefined || name === '' || labels?.[NAMESPACE_NAME_LABEL] === name) return
  draft.metadata = { ...draft.metadata, labels: { ...labels, [NAMESPACE_NAME_LABEL]: name } }
}

function defaults(draft: Namespace): void {
  labelWithName(draft)
  if (draft.status?.phase === undefined || draft.status.phase === '') draft.status = { ...draft.status, phase: 'Active' }
}

function prepareForCreate(draft: Namespace): void {
  draft.status = { phase: 'Active' }
  const finalizers = draft.spec?.finalizers ?? []
  if (!finalizers.includes(KUBERNETES_FINALIZER)) draft.spec = { ...draft.spec, finalizers: [...finalizers, KUBERNETES_FINALIZER] }
  labelWithName(draft)
}

/** The finalizers of the spec change through the subresource finalize only. */
function prepareForUpdate(draft: Namespace, old: Namespace): void {
  const { finalizers: _, ...spec } = draft.spec ?? {}
  draft.spec = old.spec?.finalizers === undefined ? spec : { ...spec, finalizers: old.spec.finalizers }
  keepStatus(draft, old)
  labelWithName(draft)
}

/** For the subresource finalize: takes only spec.finalizers over. */
function prepareForFinalize(draft: Namespace, old: Namespace): void {
  keepStatus(draft, old)
}

function validateFinalize(namespace: Namespace): FieldError[] {
  const errors: Errors = []
  namespace.spec?.finalizers?.forEach((finalizer, index) => checkFinalizer(errors, `spec.finalizers[${index}]`, finalizer))
  return errors
}

function checkFinalizer(errors: Errors, path: string, finalizer: string): void {
  checkQualifiedName(errors, path, '', finalizer)
  errors.push(...checkFinalizerDomain(path, finalizer))
}

function validateStatus(namespace: Namespace): FieldError[] {
  const phase = namespace.status?.phase
  const deleted = namespace.metadata.deletionTimestamp !== undefined
  if (!deleted && phase !== 'Active') {
    return [invalidValue('status.Phase', phase, "may only be 'Active' if `deletionTimestamp` is empty")]
  }
  if (deleted && phase !== 'Terminating') {
    return [invalidValue('status.Phase', phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")]
  }
  return []
}

/** How an update through namespaces/finalize goes. */
export const namespaceFinalize: StatusSubresource<Namespace> = { prepareForUpdate: prepareForFinalize, validateUpdate: validateFinalize }

export const namespaces: ResourceDefinition<Namespace> = {
  ...plainResource,
  kind: kinds.Namespace,
  // Deleting all namespaces in one call is not offered: a slip of the hand would empty the cluster.
  verbs: plainResource.verbs.filter((verb) => verb !== 'deletecollection'),
  defaults,
  prepareForCreate,
  prepareForUpdate,
  validateCreate(namespace) {
    const errors: Errors = []
    for (const finalizer of namespace.spec?.finalizers ?? []) checkFinalizer(errors, 'spec.finalizers', finalizer)
    return errors
  },
  columns: [textColumn('Status', 'Active, or Terminating while its contents are removed.', ({ status }) => status?.phase ?? ''), ageColumn],
  selectableFields: { 'status.phase': ({ status }) => status?.phase ?? '' },
  status: { prepareForUpdate: keepSpec, validateUpdate: validateStatus },
  subresources: [{ name: 'finalize', kind: { group: '', version: 'v1', kind: 'Namespace' }, verbs: ['update'] }],
  nameRule: 'dns-label',
}
