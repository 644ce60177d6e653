import { invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import type { Errors } from '../../field-checks.ts'
import {
  checkDnsLabel, checkDnsSubdomain, checkLabelSelector, checkOneOfIfSet, checkPresent, checkQualifiedName, NOT_POSITIVE,
} from '../../field-checks.ts'
import type {
  PersistentVolumeClaim, PersistentVolumeClaimSpec, TypedLocalObjectReference, TypedObjectReference,
} from '../../generated/types.ts'
import { amountMilli, canonicalizeResources } from '../../resource-list.ts'
import { isNative } from '../../resource-names.ts'
import { fractionWarnings } from '../pod/fraction-warnings.ts'
import { checkAccessModes, VOLUME_MODES } from './access-modes.ts'

/** What a claim asks for: in a claim of its own, and in the templates of StatefulSets and of pods' ephemeral volumes. */
export function defaultClaimSpec(spec: PersistentVolumeClaimSpec): void {
  spec.volumeMode ??= 'Filesystem'
  canonicalizeResources(spec.resources?.limits)
  canonicalizeResources(spec.resources?.requests)
}

export function defaultClaim(draft: PersistentVolumeClaim): void {
  if (draft.spec !== undefined) defaultClaimSpec(draft.spec)
  if (draft.status === undefined) draft.status = { phase: 'Pending' }
  else {
    draft.status.phase ||= 'Pending'
    canonicalizeResources(draft.status.capacity)
    canonicalizeResources(draft.status.allocatedResources)
  }
}

export function checkClaimSpec(errors: Errors, path: string, spec: PersistentVolumeClaimSpec): void {
  const modes = spec.accessModes ?? []
  if (modes.length === 0) errors.push(required(`${path}.accessModes`, 'at least 1 access mode is required'))
  checkLabelSelector(errors, `${path}.selector`, spec.selector)
  checkAccessModes(errors, `${path}.accessModes`, modes)
  const size = spec.resources?.requests?.['storage']
  const sizePath = `${path}.resources[storage]`
  if (size === undefined) errors.push(required(sizePath))
  else checkPositive(errors, sizePath, size)
  if ((spec.storageClassName ?? '') !== '') checkDnsSubdomain(errors, path, 'storageClassName', spec.storageClassName)
  checkOneOfIfSet(errors, path, 'volumeMode', spec.volumeMode, VOLUME_MODES)
  checkDataSources(errors, path, spec)
}

export function checkPositive(errors: Errors, path: string, amount: string): void {
  const milli = amountMilli(amount)
  if (milli === undefined) errors.push(invalidValue(path, amount, 'must be a valid resource quantity'))
  else if (milli <= 0) errors.push(invalidValue(path, amount, NOT_POSITIVE))
}

function checkDataSources(errors: Errors, path: string, { dataSource, dataSourceRef }: PersistentVolumeClaimSpec): void {
  if (dataSource !== undefined) checkDataSource(errors, `${path}.dataSource`, dataSource)
  if (dataSourceRef !== undefined) checkDataSource(errors, `${path}.dataSourceRef`, dataSourceRef)
  if (dataSource === undefined || dataSourceRef === undefined) return
  if ((dataSourceRef.namespace ?? '') !== '') {
    errors.push(invalidValue(path, `${path}.dataSource`, 'may not be specified when dataSourceRef.namespace is specified'))
    return
  }
  const same = (['apiGroup', 'kind', 'name'] as const).every((field) => dataSource[field] === dataSourceRef[field])
  if (!same) errors.push(invalidValue(path, `${path}.dataSource`, 'must match dataSourceRef'))
}

function checkDataSource(errors: Errors, path: string, source: TypedLocalObjectReference & TypedObjectReference): void {
  const { apiGroup = '', kind = '', namespace = '' } = source
  checkPresent(errors, path, 'name', source.name)
  checkPresent(errors, path, 'kind', kind)
  if (apiGroup !== '') checkDnsSubdomain(errors, path, 'apiGroup', apiGroup)
  else if (kind !== 'PersistentVolumeClaim') {
    errors.push(invalidValue(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"))
  }
  if (namespace !== '') checkDnsLabel(errors, path, 'namespace', namespace)
}

const RESIZE_STATES = [
  'ControllerResizeInProgress', 'ControllerResizeInfeasible', 'NodeResizeInProgress', 'NodeResizeInfeasible', 'NodeResizePending',
].sort()

export function checkResizeStates(errors: Errors, states: Readonly<Record<string, string>> | undefined): void {
  const path = 'status.allocatedResourceStatus'
  for (const resource in states) {
    checkClaimResource(errors, path, resource)
    if (!RESIZE_STATES.includes(states[resource] ?? '')) errors.push(notSupported(path, resource, RESIZE_STATES))
  }
}

/** What of a claim has an amount: its storage, or something under a name of the driver's own. */
export function checkClaimResource(errors: Errors, path: string, resource: string): void {
  const before = errors.length
  checkQualifiedName(errors, path, '', resource)
  if (errors.length === before && resource !== 'storage' && isNative(resource)) errors.push(notSupported(path, resource, ['storage']))
}

/** Sources that were there before any kind could be one (KEP-2902); others belong into dataSourceRef and are dropped here. */
function isClassicSource({ apiGroup = '', kind }: TypedLocalObjectReference): boolean {
  return (apiGroup === '' && kind === 'PersistentVolumeClaim') || (apiGroup === 'snapshot.storage.k8s.io' && kind === 'VolumeSnapshot')
}

/**
 * Fields of features that are not served are dropped unless they are in use already. A source in another namespace is one of these, and
 * goes as a whole: its name means nothing here. The two ways to name a source are kept in step.
 */
export function prepareClaimSpec(spec: PersistentVolumeClaimSpec, old: PersistentVolumeClaimSpec | undefined): PersistentVolumeClaimSpec {
  const { volumeAttributesClassName, dataSource, dataSourceRef, ...rest } = spec
  const prepared: PersistentVolumeClaimSpec = rest
  if (volumeAttributesClassName !== undefined && old?.volumeAttributesClassName !== undefined) {
    prepared.volumeAttributesClassName = volumeAttributesClassName
  }
  const isForeign = (dataSourceRef?.namespace ?? '') !== '' && old?.dataSourceRef === undefined
  const given = isForeign ? undefined : dataSourceRef
  const isKept = given !== undefined || old?.dataSource !== undefined || old?.dataSourceRef !== undefined
  const source = dataSource === undefined || isKept || isClassicSource(dataSource) ? dataSource : undefined
  const reference = given ?? source
  const local = source ?? (given === undefined || (given.namespace ?? '') !== '' ? undefined : withoutNamespace(given))
  if (local !== undefined) prepared.dataSource = local
  if (reference !== undefined) prepared.dataSourceRef = reference
  return sameSources(prepared, spec) ? spec : prepared
}

function withoutNamespace(reference: TypedObjectReference): TypedLocalObjectReference {
  const { namespace: _, ...local } = reference
  return local
}

function sameSources(a: PersistentVolumeClaimSpec, b: PersistentVolumeClaimSpec): boolean {
  return a.dataSource === b.dataSource && a.dataSourceRef === b.dataSourceRef && a.volumeAttributesClassName === b.volumeAttributesClassName
}

export function claimSpecWarnings(path: string, { resources }: PersistentVolumeClaimSpec): string[] {
  return [
    ...fractionWarnings(`${path}.resources.requests`, resources?.requests, ['storage']),
    ...fractionWarnings(`${path}.resources.limits`, resources?.limits, ['storage']),
  ]
}
