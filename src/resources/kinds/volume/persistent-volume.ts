import type { FieldError } from '../../../objects/field-error.ts'
import { forbiddenField, invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import { formatTime } from '../../../words/instant.ts'
import type { PrepareContext, ResourceDefinition } from '../../definition.ts'
import type { Errors } from '../../field-checks.ts'
import { checkDnsSubdomain, checkImmutable, checkOneOfIfSet, IMMUTABLE, sameValue } from '../../field-checks.ts'
import { kinds } from '../../generated/kinds.ts'
import type { NodeSelectorTerm, PersistentVolume, PersistentVolumeSpec, VolumeNodeAffinity } from '../../generated/types.ts'
import { keepSpec, keepStatus, plainResource } from '../../plain-resource.ts'
import { canonicalizeResources, checkBasicAmount } from '../../resource-list.ts'
import { ageColumn, textColumn, wideColumn } from '../../table.ts'
import { defaultStorage } from '../pod/volume-defaults.ts'
import { successorOf, termWarnings } from '../pod/deprecated-labels.ts'
import { checkNodeSelector } from '../pod/scheduling-checks.ts'
import { fractionWarnings } from '../pod/fraction-warnings.ts'
import { GONE_DRIVERS } from '../pod/volume-warnings.ts'
import { accessModesText, checkAccessModes, CLASS_ANNOTATION, classWarnings, VOLUME_MODES } from './access-modes.ts'
import { checkPositive } from './claim-spec.ts'
import { checkVolumeSources, sourcesOf } from './volume-sources.ts'

const RECLAIM_POLICIES = ['Delete', 'Recycle', 'Retain']

function defaults(draft: PersistentVolume): void {
  if (draft.status === undefined) draft.status = { phase: 'Pending' }
  else draft.status.phase ||= 'Pending'
  const spec = draft.spec
  if (spec === undefined) return
  spec.persistentVolumeReclaimPolicy ||= 'Retain'
  spec.volumeMode ??= 'Filesystem'
  canonicalizeResources(spec.capacity)
  defaultStorage(spec)
}

/** The phase has its time: when it last changed. */
function stampPhase(draft: PersistentVolume, old: PersistentVolume | undefined, context: PrepareContext): void {
  if (draft.status?.phase === old?.status?.phase) return
  const given = draft.status?.lastPhaseTransitionTime
  if (given !== undefined && given !== old?.status?.lastPhaseTransitionTime) return
  draft.status = { ...draft.status, lastPhaseTransitionTime: formatTime(context.now) }
}

function dropAttributesClass(draft: PersistentVolume, old: PersistentVolume | undefined): void {
  if (draft.spec?.volumeAttributesClassName === undefined || old?.spec?.volumeAttributesClassName !== undefined) return
  const { volumeAttributesClassName: _, ...spec } = draft.spec
  draft.spec = spec
}

function validate(volume: PersistentVolume): FieldError[] {
  const errors: Errors = []
  const spec = volume.spec ?? {}
  const modes = spec.accessModes ?? []
  if (modes.length === 0) errors.push(required('spec.accessModes'))
  checkAccessModes(errors, 'spec.accessModes', modes)
  checkCapacity(errors, spec.capacity ?? {})
  checkOneOfIfSet(errors, 'spec', 'persistentVolumeReclaimPolicy', spec.persistentVolumeReclaimPolicy, RECLAIM_POLICIES)
  if (spec.nodeAffinity !== undefined) checkAffinity(errors, spec.nodeAffinity)
  checkVolumeSources(errors, 'spec', spec, volume.metadata.name ?? '')
  if (spec.persistentVolumeReclaimPolicy === 'Recycle' && /^\/+$/.test(spec.hostPath?.path ?? '')) {
    errors.push(forbiddenField('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'"))
  }
  if ((spec.storageClassName ?? '') !== '') checkDnsSubdomain(errors, 'spec', 'storageClassName', spec.storageClassName)
  checkOneOfIfSet(errors, 'spec', 'volumeMode', spec.volumeMode, VOLUME_MODES)
  return errors
}

function checkCapacity(errors: Errors, capacity: Readonly<Record<string, string>>): void {
  const names = Object.keys(capacity)
  if (names.length === 0) errors.push(required('spec.capacity'))
  if (names.length !== 1 || names[0] !== 'storage') errors.push(notSupported('spec.capacity', capacity, ['storage']))
  for (const name of names) {
    checkBasicAmount(errors, `spec.capacity[${name}]`, capacity[name] ?? '')
    checkPositive(errors, `spec.capacity[${name}]`, capacity[name] ?? '')
  }
}

function checkAffinity(errors: Errors, { required: needed }: VolumeNodeAffinity): void {
  const path = 'spec.nodeAffinity.required'
  if (needed === undefined) errors.push(required(path, 'must specify required node constraints'))
  else checkNodeSelector(errors, path, needed)
}

function validateUpdate(volume: PersistentVolume, old: PersistentVolume): FieldError[] {
  const errors = validate(volume)
  const [spec, before] = [withoutNewExpandSecret(volume.spec ?? {}, old.spec), old.spec ?? {}]
  if (!sameValue(sourcesOf(spec), sourcesOf(before))) {
    const types = [...new Set([...Object.keys(sourcesOf(before)), ...Object.keys(sourcesOf(spec))])].map((type) => `spec.${type} differs`)
    const detail = `spec.persistentvolumesource is immutable after creation\n${types.join('\n')}`
    errors.push(forbiddenField('spec.persistentvolumesource', detail))
  }
  checkImmutable(errors, 'volumeMode', spec.volumeMode, before.volumeMode)
  if (before.nodeAffinity !== undefined && !sameValue(renamedLabels(spec.nodeAffinity, before.nodeAffinity), before.nodeAffinity)) {
    errors.push(invalidValue('nodeAffinity', spec.nodeAffinity ?? null, `${IMMUTABLE}, except for updating from beta label to GA`))
  }
  return errors
}

/** The secret for growing a volume may be named later. */
function withoutNewExpandSecret(spec: PersistentVolumeSpec, old: PersistentVolumeSpec | undefined): PersistentVolumeSpec {
  if (spec.csi?.controllerExpandSecretRef === undefined || old?.csi === undefined) return spec
  if (old.csi.controllerExpandSecretRef !== undefined) return spec
  const { controllerExpandSecretRef: _, ...csi } = spec.csi
  return { ...spec, csi }
}

/** An old label may give way to its successor: the affinity as it was before that, where that is all that has changed. */
function renamedLabels(affinity: VolumeNodeAffinity | undefined, old: VolumeNodeAffinity): VolumeNodeAffinity | undefined {
  const terms = affinity?.required?.nodeSelectorTerms ?? []
  const oldTerms = old.required?.nodeSelectorTerms ?? []
  if (affinity?.required === undefined || terms.length !== oldTerms.length) return affinity
  return { required: { nodeSelectorTerms: terms.map((term, index) => withOldLabels(term, oldTerms[index])) } }
}

function withOldLabels(term: NodeSelectorTerm, old: NodeSelectorTerm | undefined): NodeSelectorTerm {
  if (term.matchExpressions === undefined) return term
  const matchExpressions = term.matchExpressions.map((expression, index) => {
    const key = old?.matchExpressions?.[index]?.key ?? ''
    return successorOf(key) === expression.key ? { ...expression, key } : expression
  })
  return { ...term, matchExpressions }
}

const MOUNT_OPTIONS_ANNOTATION = 'volume.beta.kubernetes.io/mount-options'

function warnings({ metadata, spec = {} }: PersistentVolume): readonly string[] {
  const found = classWarnings(metadata)
  if (metadata.annotations?.[MOUNT_OPTIONS_ANNOTATION] !== undefined) {
    found.push(`metadata.annotations[${MOUNT_OPTIONS_ANNOTATION}]: deprecated since v1.31; use "mountOptions" attribute instead`)
  }
  found.push(...termWarnings('spec.nodeAffinity.required.nodeSelectorTerms', spec.nodeAffinity?.required?.nodeSelectorTerms))
  if (spec.persistentVolumeReclaimPolicy === 'Recycle') {
    const advice = 'Instead, the recommended approach is to use dynamic provisioning.'
    found.push(`spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. ${advice}`)
  }
  for (const [type, detail] of Object.entries(GONE_DRIVERS)) if (Object.hasOwn(spec, type)) found.push(`spec.${type}: ${detail}`)
  return [...found, ...fractionWarnings('spec.capacity', spec.capacity, ['storage'])]
}

function claimText({ spec }: PersistentVolume): string {
  return spec?.claimRef === undefined ? '' : `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}`
}

export const persistentVolumes: ResourceDefinition<PersistentVolume> = {
  ...plainResource,
  kind: kinds.PersistentVolume,
  defaults,
  prepareForCreate(draft, context) {
    draft.status = { phase: 'Pending' }
    stampPhase(draft, undefined, context)
    dropAttributesClass(draft, undefined)
  },
  prepareForUpdate(draft, old) {
    keepStatus(draft, old)
    dropAttributesClass(draft, old)
  },
  validateCreate: validate,
  validateUpdate,
  warnings,
  columns: [
    textColumn('Capacity', 'Its size.', ({ spec }) => spec?.capacity?.['storage'] ?? '0'),
    textColumn('Access Modes', 'How it may be used.', ({ spec }) => accessModesText(spec?.accessModes)),
    textColumn('Reclaim Policy', 'What becomes of it when its claim is gone.', ({ spec }) => spec?.persistentVolumeReclaimPolicy ?? ''),
    textColumn('Status', 'Available, Bound, Released or Failed.', ({ metadata, status }) =>
      metadata.deletionTimestamp === undefined ? (status?.phase ?? '') : 'Terminating'),
    textColumn('Claim', 'The claim that has it.', claimText),
    textColumn('StorageClass', 'Its class of storage.', ({ metadata, spec }) =>
      metadata.annotations?.[CLASS_ANNOTATION] ?? spec?.storageClassName ?? ''),
    textColumn('VolumeAttributesClass', 'Its class of attributes.', ({ spec }) => spec?.volumeAttributesClassName ?? '<unset>'),
    textColumn('Reason', 'Why it is in that state.', ({ status }) => status?.reason ?? ''),
    ageColumn,
    wideColumn('VolumeMode', 'Filesystem, or Block for a raw device.', ({ spec }) => spec?.volumeMode ?? '<unset>'),
  ],
  status: {
    prepareForUpdate(draft, old, context) {
      keepSpec(draft, old)
      stampPhase(draft, old, context)
    },
    validateUpdate: ({ metadata }) => (metadata.resourceVersion === '' ? [required('resourceVersion')] : []),
  },
}
