import type {
  DownwardAPIVolumeFile, ObjectFieldSelector, PersistentVolumeSpec, ProjectedVolumeSource, ResourceFieldSelector, Volume,
} from '../../generated/types.ts'
import { canonicalQuantity } from '../../../objects/quantity.ts'
import { defaultClaimSpec } from '../volume/claim-spec.ts'
import { defaultPullPolicy } from './image-tag.ts'

/** rw-r--r-- */
const DEFAULT_MODE = 0o644
const DEFAULT_TOKEN_SECONDS = 3600

export function defaultFieldRef(reference: ObjectFieldSelector): void {
  reference.apiVersion ||= 'v1'
}

/** A divisor of 0 counts as 1: that is how the API has always written "none". */
export function defaultResourceFieldRef(reference: ResourceFieldSelector): void {
  const divisor = canonicalQuantity(reference.divisor ?? '0')
  if (divisor !== undefined && divisor !== reference.divisor) reference.divisor = divisor
}

export function defaultVolume(volume: Volume): void {
  if (hasNoSource(volume)) volume.emptyDir = {}
  if (volume.configMap !== undefined) volume.configMap.defaultMode ??= DEFAULT_MODE
  if (volume.secret !== undefined) volume.secret.defaultMode ??= DEFAULT_MODE
  if (volume.projected !== undefined) defaultProjected(volume.projected)
  if (volume.downwardAPI !== undefined) {
    volume.downwardAPI.defaultMode ??= DEFAULT_MODE
    volume.downwardAPI.items?.forEach(defaultFile)
  }
  if (volume.emptyDir?.sizeLimit !== undefined) {
    const size = canonicalQuantity(volume.emptyDir.sizeLimit)
    if (size !== undefined && size !== volume.emptyDir.sizeLimit) volume.emptyDir.sizeLimit = size
  }
  if (volume.image !== undefined) volume.image.pullPolicy ||= defaultPullPolicy(volume.image.reference ?? '')
  if (volume.ephemeral?.volumeClaimTemplate?.spec !== undefined) defaultClaimSpec(volume.ephemeral.volumeClaimTemplate.spec)
  defaultStorage(volume)
}

function hasNoSource(volume: Volume): boolean {
  for (const key in volume) if (key !== 'name' && volume[key as keyof Volume] !== undefined) return false
  return true
}

function defaultProjected(projected: ProjectedVolumeSource): void {
  projected.defaultMode ??= DEFAULT_MODE
  for (const source of projected.sources ?? []) {
    if (source.serviceAccountToken !== undefined) source.serviceAccountToken.expirationSeconds ??= DEFAULT_TOKEN_SECONDS
    source.downwardAPI?.items?.forEach(defaultFile)
  }
}

function defaultFile(file: DownwardAPIVolumeFile): void {
  if (file.fieldRef !== undefined) defaultFieldRef(file.fieldRef)
  if (file.resourceFieldRef !== undefined) defaultResourceFieldRef(file.resourceFieldRef)
}

/** The in-tree storage, which pods and persistent volumes name alike. */
export function defaultStorage({ hostPath, iscsi, rbd, azureDisk, scaleIO }: Volume | PersistentVolumeSpec): void {
  if (hostPath !== undefined) hostPath.type ??= ''
  if (iscsi !== undefined) iscsi.iscsiInterface ||= 'default'
  if (rbd !== undefined) {
    rbd.pool ||= 'rbd'
    rbd.user ||= 'admin'
    rbd.keyring ||= '/etc/ceph/keyring'
  }
  if (azureDisk !== undefined) {
    azureDisk.cachingMode ??= 'ReadWrite'
    azureDisk.kind ??= 'Shared'
    azureDisk.fsType ??= 'ext4'
    azureDisk.readOnly ??= false
  }
  if (scaleIO !== undefined) {
    scaleIO.storageMode ||= 'ThinProvisioned'
    scaleIO.fsType ||= 'xfs'
  }
}
