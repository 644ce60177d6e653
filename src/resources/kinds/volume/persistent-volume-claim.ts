import type { FieldError } from '../../../objects/field-error.ts'
import { forbiddenField, invalidValue, required } from '../../../objects/field-error.ts'
import type { ResourceDefinition } from '../../definition.ts'
import type { Errors } from '../../field-checks.ts'
import { checkImmutable, IMMUTABLE, sameValue } from '../../field-checks.ts'
import { kinds } from '../../generated/kinds.ts'
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../generated/types.ts'
import { keepSpec, keepStatus, plainResource } from '../../plain-resource.ts'
import { checkBasicAmount, compareAmounts } from '../../resource-list.ts'
import { ageColumn, textColumn, wideColumn } from '../../table.ts'
import { accessModesText, CLASS_ANNOTATION, classWarnings } from './access-modes.ts'
import {
  checkClaimResource, checkClaimSpec, checkResizeStates, claimSpecWarnings, defaultClaim, prepareClaimSpec,
} from './claim-spec.ts'

function validate(claim: PersistentVolumeClaim): FieldError[] {
  const errors: Errors = []
  checkClaimSpec(errors, 'spec', claim.spec ?? {})
  return errors
}

/** A claim stays as it was granted; only its size may grow once it is bound, and its volume be filled in once. */
function validateUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): FieldError[] {
  const errors = validate(claim)
  const [spec, before] = [claim.spec ?? {}, old.spec ?? {}]
  checkClassAnnotation(errors, claim, old)
  const differing = differences(withChangeable(claim, old), before)
  if (differing.length > 0) {
    const detail = 'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
    errors.push(forbiddenField('spec', `${detail}\n${differing.map((field) => `spec.${field} differs`).join('\n')}`))
  }
  checkSize(errors, spec, before, old.status?.capacity?.['storage'] ?? '0')
  checkImmutable(errors, 'volumeMode', spec.volumeMode, before.volumeMode)
  if (spec.volumeAttributesClassName !== before.volumeAttributesClassName) {
    const detail = 'update is forbidden when the VolumeAttributesClass feature gate is disabled'
    errors.push(forbiddenField('spec.volumeAttributesClassName', detail))
  }
  return errors
}

function checkClassAnnotation(errors: Errors, claim: PersistentVolumeClaim, old: PersistentVolumeClaim): void {
  const [now, before] = [claim.metadata.annotations?.[CLASS_ANNOTATION], old.metadata.annotations?.[CLASS_ANNOTATION]]
  if (now === before) return
  const movedToField = now === undefined && old.spec?.storageClassName === undefined && claim.spec?.storageClassName === before
  if (!movedToField) errors.push(invalidValue(`metadata.annotations.${CLASS_ANNOTATION}`, now ?? '', IMMUTABLE))
}

/** The new spec with everything put back that may change: what still differs may not. */
function withChangeable(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): PersistentVolumeClaimSpec {
  const [spec, before] = [claim.spec ?? {}, old.spec ?? {}]
  const result: PersistentVolumeClaimSpec = { ...spec }
  if ((before.volumeName ?? '') === '') replace(result, before, 'volumeName')
  replace(result, before, 'volumeAttributesClassName')
  // A class that was not asked for may be given later: by its annotation, or when a default class appears.
  const annotated = old.metadata.annotations?.[CLASS_ANNOTATION]
  if (before.storageClassName === undefined && (annotated === undefined || annotated === spec.storageClassName)) {
    replace(result, before, 'storageClassName')
  }
  const size = before.resources?.requests?.['storage']
  if (claim.status?.phase === 'Bound' && spec.resources?.requests !== undefined && size !== undefined) {
    result.resources = { ...spec.resources, requests: { ...spec.resources.requests, storage: size } }
  }
  return result
}

type Replaceable = 'volumeName' | 'volumeAttributesClassName' | 'storageClassName'

function replace(spec: PersistentVolumeClaimSpec, by: PersistentVolumeClaimSpec, field: Replaceable): void {
  const value = by[field]
  if (value === undefined) delete spec[field]
  else spec[field] = value
}

function differences(spec: PersistentVolumeClaimSpec, before: PersistentVolumeClaimSpec): string[] {
  const fields = new Set([...Object.keys(spec), ...Object.keys(before)]) as Set<keyof PersistentVolumeClaimSpec>
  return [...fields].filter((field) => !sameValue(spec[field], before[field])).sort()
}

/** A growth that failed may be taken back, down to what the volume has (KEP-1790). */
function checkSize(errors: Errors, spec: PersistentVolumeClaimSpec, before: PersistentVolumeClaimSpec, capacity: string): void {
  const [size, oldSize] = [spec.resources?.requests?.['storage'] ?? '0', before.resources?.requests?.['storage'] ?? '0']
  if (compareAmounts(size, oldSize) < 0 && compareAmounts(size, capacity) <= 0) {
    errors.push(forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity'))
  }
}

function validateStatus({ metadata, spec, status = {} }: PersistentVolumeClaim): FieldError[] {
  const errors: Errors = []
  if (metadata.resourceVersion === '') errors.push(required('resourceVersion'))
  if ((spec?.accessModes ?? []).length === 0) errors.push(required('Spec.accessModes'))
  for (const [name, amount] of Object.entries(status.capacity ?? {})) checkBasicAmount(errors, `status.capacity[${name}]`, amount)
  checkResizeStates(errors, status.allocatedResourceStatuses)
  for (const [name, amount] of Object.entries(status.allocatedResources ?? {})) {
    const before = errors.length
    checkClaimResource(errors, 'status.allocatedResources', name)
    if (errors.length === before) checkBasicAmount(errors, `status.allocatedResources[${name}]`, amount)
  }
  return errors
}

/** What goes with the classes of attributes, which are not served. */
function keepServedStatus(draft: PersistentVolumeClaim, old: PersistentVolumeClaim): void {
  const { status } = draft
  if (status?.currentVolumeAttributesClassName === undefined && status?.modifyVolumeStatus === undefined) return
  const { currentVolumeAttributesClassName, modifyVolumeStatus, ...rest } = status
  draft.status = {
    ...rest,
    ...(currentVolumeAttributesClassName === undefined || old.status?.currentVolumeAttributesClassName === undefined
      ? {} : { currentVolumeAttributesClassName }),
    ...(modifyVolumeStatus === undefined || old.status?.modifyVolumeStatus === undefined ? {} : { modifyVolumeStatus }),
  }
}

const isBoundTo = ({ spec }: PersistentVolumeClaim): string => spec?.volumeName ?? ''

export const persistentVolumeClaims: ResourceDefinition<PersistentVolumeClaim> = {
  ...plainResource,
  kind: kinds.PersistentVolumeClaim,
  defaults: defaultClaim,
  prepareForCreate(draft) {
    draft.status = { phase: 'Pending' }
    if (draft.spec !== undefined) draft.spec = prepareClaimSpec(draft.spec, undefined)
  },
  prepareForUpdate(draft, old) {
    keepStatus(draft, old)
    if (draft.spec !== undefined) draft.spec = prepareClaimSpec(draft.spec, old.spec)
  },
  validateCreate: validate,
  validateUpdate,
  warnings: ({ metadata, spec = {} }) => [...classWarnings(metadata), ...claimSpecWarnings('spec', spec)],
  columns: [
    textColumn('Status', 'Pending, Bound or Lost.', ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined ? (status?.phase ?? '') : 'Terminating'),
    textColumn('Volume', 'The volume that it is bound to.', isBoundTo),
    textColumn('Capacity', 'The size of that volume.', (claim) =>
      isBoundTo(claim) === '' ? '' : (claim.status?.capacity?.['storage'] ?? '0')),
    textColumn('Access Modes', 'How that volume may be used.', (claim) =>
      isBoundTo(claim) === '' ? '' : accessModesText(claim.status?.accessModes)),
    textColumn('StorageClass', 'The class of storage that was asked for.', ({ metadata, spec }) =>
      metadata.annotations?.[CLASS_ANNOTATION] ?? spec?.storageClassName ?? ''),
    textColumn('VolumeAttributesClass', 'The class of attributes that was asked for.', ({ spec }) =>
      spec?.volumeAttributesClassName ?? '<unset>'),
    ageColumn,
    wideColumn('VolumeMode', 'Filesystem, or Block for a raw device.', ({ spec }) => spec?.volumeMode ?? '<unset>'),
  ],
  status: {
    prepareForUpdate(draft, old) {
      keepSpec(draft, old)
      keepServedStatus(draft, old)
    },
    validateUpdate: validateStatus,
  },
}
