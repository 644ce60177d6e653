import { forbiddenField, invalidValue, required } from '../../../objects/field-error.ts'
import type { Errors } from '../../field-checks.ts'
import { checkDnsLabel, checkDnsSubdomain, checkOneOfIfSet, checkPresent } from '../../field-checks.ts'
import type { PersistentVolumeSpec, SecretReference, Volume } from '../../generated/types.ts'
import { checkNoBacksteps } from '../pod/path-checks.ts'
import { checkIscsi, checkIscsiLength, checkStorageOsNames, GCE_FIELD, SPELLINGS, storageChecks } from '../pod/validate-storage-volume.ts'
import { checkDriverName } from '../../name-checks.ts'

/** The storage behind a PersistentVolume, in the order in which upstream looks at it. */
const TYPES = [
  'hostPath', 'gcePersistentDisk', 'awsElasticBlockStore', 'glusterfs', 'flocker', 'nfs', 'rbd', 'quobyte', 'cephfs', 'iscsi', 'cinder',
  'fc', 'flexVolume', 'azureFile', 'vsphereVolume', 'photonPersistentDisk', 'portworxVolume', 'azureDisk', 'scaleIO', 'local',
  'storageos', 'csi',
] as const
type SourceType = (typeof TYPES)[number]
type Source<T extends SourceType> = NonNullable<PersistentVolumeSpec[T]>

export function sourcesOf(spec: PersistentVolumeSpec): Partial<Record<SourceType, unknown>> {
  return Object.fromEntries(TYPES.filter((type) => spec[type] !== undefined).map((type) => [type, spec[type]]))
}

/** Exactly one kind of storage, and that one complete. A flexVolume is the one type that upstream lets stand beside another. */
export function checkVolumeSources(errors: Errors, path: string, spec: PersistentVolumeSpec, volumeName: string): void {
  const [first, ...others] = TYPES.filter((type) => spec[type] !== undefined)
  if (first === undefined) errors.push(required(path, 'must specify a volume type'))
  else checkSource(errors, path, spec, first, volumeName)
  for (const type of others) {
    if (type === 'flexVolume') checkSource(errors, path, spec, type, volumeName)
    else errors.push(forbiddenField(`${path}.${SPELLINGS[type] ?? type}`, 'may not specify more than 1 volume type'))
  }
}

const HOST_PATH_TYPES = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket']

function checkSource(errors: Errors, specPath: string, spec: PersistentVolumeSpec, type: SourceType, volumeName: string): void {
  const path = `${specPath}.${type === 'gcePersistentDisk' ? GCE_FIELD : type}`
  switch (type) {
    case 'hostPath':
      if (checkPath(errors, path, spec.hostPath?.path)) checkOneOfIfSet(errors, path, 'type', spec.hostPath?.type, HOST_PATH_TYPES)
      break
    case 'local':
      checkPath(errors, path, spec.local?.path)
      if (spec.nodeAffinity === undefined) errors.push(required(`${specPath}.nodeAffinity`, 'Local volume requires node affinity'))
      break
    case 'csi':
      if (spec.csi !== undefined) checkCsi(errors, path, spec.csi)
      break
    case 'azureFile':
      if (spec.azureFile !== undefined) checkAzureFile(errors, path, spec.azureFile)
      break
    case 'glusterfs':
      if (spec.glusterfs !== undefined) checkGlusterfs(errors, path, spec.glusterfs)
      break
    case 'storageos':
      checkStorageOsNames(errors, path, spec.storageos ?? {})
      checkSecretNames(errors, `${path}.secretRef`, spec.storageos?.secretRef)
      break
    case 'cinder':
      checkPresent(errors, path, 'volumeID', spec.cinder?.volumeID)
      checkSecretNames(errors, `${path}.secretRef`, spec.cinder?.secretRef)
      break
    case 'iscsi':
      if (spec.iscsi !== undefined) checkVolumeIscsi(errors, path, spec.iscsi, volumeName)
      break
    default: {
      // These have the same fields as the volumes of a pod that are named like them, apart from where their secrets are.
      const volume: Volume = Object.assign({ name: volumeName }, { [type]: spec[type] })
      storageChecks[type]?.(errors, path, volume)
    }
  }
}

function checkPath(errors: Errors, path: string, directory = ''): boolean {
  if (directory === '') errors.push(required(`${path}.path`))
  else checkNoBacksteps(errors, `${path}.path`, directory)
  return directory !== ''
}

function checkAzureFile(errors: Errors, path: string, { secretName, shareName, secretNamespace }: Source<'azureFile'>): void {
  checkPresent(errors, path, 'secretName', secretName)
  checkPresent(errors, path, 'shareName', shareName)
  if (secretNamespace === '') errors.push(required(`${path}.secretNamespace`))
}

function checkGlusterfs(errors: Errors, path: string, { endpoints, endpointsNamespace, path: volumePath }: Source<'glusterfs'>): void {
  checkPresent(errors, path, 'endpoints', endpoints)
  checkPresent(errors, path, 'path', volumePath)
  if (endpointsNamespace === undefined) return
  if (endpointsNamespace !== '') checkDnsLabel(errors, path, 'endpointsNamespace', endpointsNamespace)
  else {
    const detail = 'if the endpointnamespace is set, it must be a valid namespace name'
    errors.push(invalidValue(`${path}.endpointsNamespace`, '', detail))
  }
}

/** nodeStageSecretRef is the one that upstream does not look at. */
const SECRETS = ['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'] as const

function checkCsi(errors: Errors, path: string, csi: Source<'csi'>): void {
  checkDriverName(errors, path, 'driver', csi.driver)
  checkPresent(errors, path, 'volumeHandle', csi.volumeHandle)
  for (const field of SECRETS) checkSecret(errors, `${path}.${field}`, csi[field])
}

function checkSecret(errors: Errors, path: string, secret: SecretReference | undefined): void {
  if (secret === undefined) return
  const { name = '', namespace = '' } = secret
  if (name === '') errors.push(required(`${path}.name`))
  else checkDnsSubdomain(errors, path, 'name', name)
  if (namespace === '') errors.push(required(`${path}.namespace`))
  else checkDnsLabel(errors, path, 'namespace', namespace)
}

function checkSecretNames(errors: Errors, path: string, secret: SecretReference | undefined): void {
  if (secret === undefined) return
  checkPresent(errors, path, 'name', secret.name)
  checkPresent(errors, path, 'namespace', secret.namespace)
}

function checkVolumeIscsi(errors: Errors, path: string, iscsi: Source<'iscsi'>, volumeName: string): void {
  checkIscsiLength(errors, `${path}.targetportal`, iscsi.targetPortal, volumeName, iscsi)
  checkIscsi(errors, path, iscsi, 'must be valid format')
  if (iscsi.secretRef !== undefined) checkPresent(errors, `${path}.secretRef`, 'name', iscsi.secretRef.name)
}
