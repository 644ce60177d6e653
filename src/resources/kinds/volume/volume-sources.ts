import { forbiddenField, invalidValue, required, tooLong } from '../../../objects/field-error.ts'
import { dnsSubdomainErrors } from '../../../objects/names.ts'
import type { Errors } from '../../field-checks.ts'
import { checkDnsLabel, checkOneOfIfSet, checkPresent } from '../../field-checks.ts'
import type { PersistentVolumeSpec, SecretReference, Volume } from '../../generated/types.ts'
import { checkNoBacksteps } from '../pod/path-checks.ts'
import { storageChecks } from '../pod/validate-storage-volume.ts'

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

/** Exactly one kind of storage, and that one complete. */
export function checkVolumeSources(errors: Errors, path: string, spec: PersistentVolumeSpec, volumeName: string): void {
  const [first, ...others] = TYPES.filter((type) => spec[type] !== undefined)
  if (first === undefined) errors.push(required(path, 'must specify a volume type'))
  else checkSource(errors, `${path}.${first}`, spec, first, volumeName)
  for (const type of others) errors.push(forbiddenField(`${path}.${type}`, 'may not specify more than 1 volume type'))
}

const HOST_PATH_TYPES = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket']

function checkSource(errors: Errors, path: string, spec: PersistentVolumeSpec, type: SourceType, volumeName: string): void {
  switch (type) {
    case 'hostPath':
      if (checkPath(errors, path, spec.hostPath?.path)) checkOneOfIfSet(errors, path, 'type', spec.hostPath?.type, HOST_PATH_TYPES)
      break
    case 'local':
      checkPath(errors, path, spec.local?.path)
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
      checkPresent(errors, path, 'volumeName', spec.storageos?.volumeName)
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

const MAX_DRIVER_CHARACTERS = 63
const SECRETS = [
  'controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef', 'nodeStageSecretRef',
] as const

export function checkDriverName(errors: Errors, path: string, driver = ''): void {
  if (driver === '') errors.push(required(path))
  if (driver.length > MAX_DRIVER_CHARACTERS) errors.push(tooLong(path, MAX_DRIVER_CHARACTERS))
  if (driver !== '') for (const problem of dnsSubdomainErrors(driver.toLowerCase())) errors.push(invalidValue(path, driver, problem))
}

function checkCsi(errors: Errors, path: string, csi: Source<'csi'>): void {
  checkDriverName(errors, `${path}.driver`, csi.driver)
  checkPresent(errors, path, 'volumeHandle', csi.volumeHandle)
  for (const field of SECRETS) checkSecret(errors, `${path}.${field}`, csi[field])
}

function checkSecret(errors: Errors, path: string, secret: SecretReference | undefined): void {
  if (secret === undefined) return
  checkPresent(errors, path, 'name', secret.name)
  checkPresent(errors, path, 'namespace', secret.namespace)
}
