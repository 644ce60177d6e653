import { invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import { isLongerThan } from '../../../words/bytes.ts'
import type { Errors } from '../../field-checks.ts'
import { checkDnsLabel, checkDnsSubdomain, checkOneOfIfSet, checkPresent } from '../../field-checks.ts'
import type { Volume } from '../../generated/types.ts'
import { checkDriverName } from '../../name-checks.ts'
import { checkRelativePath } from './path-checks.ts'

/**
 * The volume types that a storage system provides. Their drivers are not part of Lotse: what is checked is the form,
 * so that a manifest that upstream accepts is accepted here, and what it rejects is rejected.
 */
type Check = (errors: Errors, path: string, volume: Volume) => void

function needs(type: keyof Volume, ...fields: readonly string[]): Check {
  return (errors, path, volume) => {
    const source: object = Object(volume[type])
    const values = new Map<string, unknown>(Object.entries(source))
    for (const field of fields) {
      const value = values.get(field)
      if (value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) errors.push(required(`${path}.${field}`))
    }
  }
}

const checkNfs: Check = (errors, path, { nfs }) => {
  checkPresent(errors, path, 'server', nfs?.server)
  checkPresent(errors, path, 'path', nfs?.path)
  if (nfs?.path?.startsWith('/') !== true) errors.push(invalidValue(`${path}.path`, nfs?.path ?? '', 'must be an absolute path'))
}

const checkGitRepo: Check = (errors, path, { gitRepo }) => {
  checkPresent(errors, path, 'repository', gitRepo?.repository)
  checkRelativePath(errors, `${path}.directory`, gitRepo?.directory ?? '')
}

// As upstream, any character may follow two of the prefixes.
const INITIATORS: Readonly<Record<string, RegExp>> = {
  iqn: /^iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$/, eui: /^eui.[A-Za-z0-9]{16}$/, naa: /^naa.[A-Za-z0-9]{32}$/,
}
const MAX_LUN = 255
const MAX_ISCSI_CHARACTERS = 64
const TOO_LONG_ISCSI =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'

interface Iscsi {
  readonly chapAuthDiscovery?: boolean
  readonly chapAuthSession?: boolean
  readonly initiatorName?: string
  readonly iqn: string
  readonly lun: number
  readonly secretRef?: object
  readonly targetPortal: string
}

/** wrongPrefix: what is said of an initiator that has none of the known forms. */
export function checkIscsi(errors: Errors, path: string, iscsi: Iscsi, wrongPrefix: string): void {
  checkPresent(errors, path, 'targetPortal', iscsi.targetPortal)
  const check = (field: string, value: string): void => {
    const form = INITIATORS[value.slice(0, 3)]
    if (form === undefined) errors.push(invalidValue(`${path}.${field}`, value, wrongPrefix))
    else if (!form.test(value)) errors.push(invalidValue(`${path}.${field}`, value, 'must be valid format'))
  }
  if ((iscsi.iqn ?? '') === '') errors.push(required(`${path}.iqn`))
  else check('iqn', iscsi.iqn)
  if (iscsi.lun < 0 || iscsi.lun > MAX_LUN) {
    errors.push(invalidValue(`${path}.lun`, iscsi.lun, `must be between 0 and ${MAX_LUN}, inclusive`))
  }
  if ((iscsi.chapAuthDiscovery === true || iscsi.chapAuthSession === true) && iscsi.secretRef === undefined) {
    errors.push(required(`${path}.secretRef`))
  }
  if (iscsi.initiatorName !== undefined) check('initiatorname', iscsi.initiatorName)
}

/** Where the initiator has a name, the names of the volume and of the portal go into one name on the node. */
export function checkIscsiLength(
  errors: Errors, field: string, value: string, volumeName: string, { initiatorName, targetPortal = '' }: Iscsi,
): void {
  if (initiatorName === undefined || `${volumeName}:${targetPortal}`.length <= MAX_ISCSI_CHARACTERS) return
  errors.push(invalidValue(field, value, TOO_LONG_ISCSI))
}

const checkPodIscsi: Check = (errors, path, { name, iscsi }) => {
  if (iscsi === undefined) return
  checkIscsi(errors, path, iscsi, 'must be valid format starting with iqn, eui, or naa')
  checkIscsiLength(errors, path.replace(/\.iscsi$/, '.name'), name, name, iscsi)
}

const checkFibreChannel: Check = (errors, path, { fc }) => {
  const [names, ids] = [fc?.targetWWNs ?? [], fc?.wwids ?? []]
  const field = `${path}.targetWWNs`
  if (names.length === 0 && ids.length === 0) errors.push(required(field, 'must specify either targetWWNs or wwids, but not both'))
  if (names.length > 0 && ids.length > 0) {
    errors.push(invalidValue(field, names, 'targetWWNs and wwids can not be specified simultaneously'))
  }
  if (names.length === 0) return
  const lun = fc?.lun
  if (lun === undefined) errors.push(required(`${path}.lun`, 'lun is required if targetWWNs is specified'))
  else if (lun < 0 || lun > 255) errors.push(invalidValue(`${path}.lun`, lun, 'must be between 0 and 255, inclusive'))
}

const checkFlocker: Check = (errors, path, { flocker }) => {
  const { datasetName = '', datasetUUID = '' } = flocker ?? {}
  if (datasetName === '' && datasetUUID === '') errors.push(required(path, 'one of datasetName and datasetUUID is required'))
  if (datasetName !== '' && datasetUUID !== '') {
    errors.push(invalidValue(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'))
  }
  if (datasetName.includes('/')) errors.push(invalidValue(`${path}.datasetName`, datasetName, "must not contain '/'"))
}

const checkFlex: Check = (errors, path, { flexVolume }) => {
  checkPresent(errors, path, 'driver', flexVolume?.driver)
  for (const key in flexVolume?.options) {
    const namespace = `.${key.toLowerCase()}`.split('/')[0] ?? ''
    if (/\.(kubernetes|k8s)\.io$/.test(namespace)) {
      errors.push(invalidValue(`${path}.options[${key}]`, key, 'kubernetes.io and k8s.io namespaces are reserved'))
    }
  }
}

const CACHING_MODES = ['None', 'ReadOnly', 'ReadWrite']
const DISK_KINDS = ['Dedicated', 'Managed', 'Shared']
const MANAGED_DISK =
  '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}'
const BLOB_DISK = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'

const checkAzureDisk: Check = (errors, path, { azureDisk }) => {
  const { diskURI = '', kind } = azureDisk ?? {}
  checkPresent(errors, path, 'diskName', azureDisk?.diskName)
  checkPresent(errors, path, 'diskURI', diskURI)
  checkOneOfIfSet(errors, path, 'cachingMode', azureDisk?.cachingMode, CACHING_MODES)
  checkOneOfIfSet(errors, path, 'kind', kind, DISK_KINDS)
  if (kind === 'Managed' && !diskURI.startsWith('/subscriptions/')) errors.push(notSupported(`${path}.diskURI`, diskURI, [MANAGED_DISK]))
  if (kind !== undefined && kind !== 'Managed' && !diskURI.startsWith('https://')) {
    errors.push(notSupported(`${path}.diskURI`, diskURI, [BLOB_DISK]))
  }
}

const checkCsi: Check = (errors, path, { csi }) => {
  checkDriverName(errors, path, 'driver', csi?.driver)
  const secret = csi?.nodePublishSecretRef
  if (secret === undefined) return
  if ((secret.name ?? '') === '') errors.push(required(`${path}.nodePublishSecretRef.name`))
  // Upstream leaves the reference out of the path.
  else checkDnsSubdomain(errors, path, 'name', secret.name)
}

function checkPartition(errors: Errors, path: string, partition: number | undefined): void {
  if (partition === undefined || (partition >= 0 && partition <= 255)) return
  errors.push(invalidValue(`${path}.partition`, partition, 'must be between 1 and 255, inclusive'))
}

const checkGce: Check = (errors, path, { gcePersistentDisk }) => {
  checkPresent(errors, path, 'pdName', gcePersistentDisk?.pdName)
  checkPartition(errors, path, gcePersistentDisk?.partition)
}

const checkAws: Check = (errors, path, { awsElasticBlockStore }) => {
  checkPresent(errors, path, 'volumeID', awsElasticBlockStore?.volumeID)
  checkPartition(errors, path, awsElasticBlockStore?.partition)
}

const checkCinder: Check = (errors, path, { cinder }) => {
  checkPresent(errors, path, 'volumeID', cinder?.volumeID)
  if (cinder?.secretRef !== undefined) checkPresent(errors, `${path}.secretRef`, 'name', cinder.secretRef.name)
}

interface StorageOsNames {
  readonly volumeName?: string
  readonly volumeNamespace?: string
}

export function checkStorageOsNames(errors: Errors, path: string, { volumeName = '', volumeNamespace = '' }: StorageOsNames): void {
  if (volumeName === '') errors.push(required(`${path}.volumeName`))
  else checkDnsLabel(errors, path, 'volumeName', volumeName)
  if (volumeNamespace !== '') checkDnsLabel(errors, path, 'volumeNamespace', volumeNamespace)
}

const checkStorageOs: Check = (errors, path, { storageos }) => {
  checkStorageOsNames(errors, path, storageos ?? {})
  if (storageos?.secretRef !== undefined) checkPresent(errors, `${path}.secretRef`, 'name', storageos.secretRef.name)
}

const PAIRS_DETAIL = 'must be a host:port pair or multiple pairs separated by commas'
const MAX_TENANT_CHARACTERS = 64

const checkQuobyte: Check = (errors, path, { quobyte }) => {
  const { registry = '', tenant = '' } = quobyte ?? {}
  if (registry === '') errors.push(required(`${path}.registry`, PAIRS_DETAIL))
  else if (isLongerThan(tenant, MAX_TENANT_CHARACTERS)) {
    errors.push(required(`${path}.tenant`, `must be a UUID and may not exceed a length of ${MAX_TENANT_CHARACTERS} characters`))
  } else {
    for (const pair of registry.split(',')) {
      if (!/^(\[[^[\]]*\]|[^:[\]]*):[^:[\]]*$/.test(pair)) errors.push(invalidValue(`${path}.registry`, registry, PAIRS_DETAIL))
    }
  }
  checkPresent(errors, path, 'volume', quobyte?.volume)
}

/** How upstream spells two types where there is one too many, and the type that has another name in paths. */
export const SPELLINGS: Readonly<Record<string, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' }
export const GCE_FIELD = 'persistentDisk'

export const storageChecks: Readonly<Partial<Record<keyof Volume, Check>>> = {
  nfs: checkNfs,
  gitRepo: checkGitRepo,
  iscsi: checkPodIscsi,
  fc: checkFibreChannel,
  flocker: checkFlocker,
  flexVolume: checkFlex,
  azureDisk: checkAzureDisk,
  csi: checkCsi,
  gcePersistentDisk: checkGce,
  awsElasticBlockStore: checkAws,
  glusterfs: needs('glusterfs', 'endpoints', 'path'),
  rbd: needs('rbd', 'monitors', 'image'),
  cinder: checkCinder,
  cephfs: needs('cephfs', 'monitors'),
  quobyte: checkQuobyte,
  azureFile: needs('azureFile', 'secretName', 'shareName'),
  vsphereVolume: needs('vsphereVolume', 'volumePath'),
  photonPersistentDisk: needs('photonPersistentDisk', 'pdID'),
  portworxVolume: needs('portworxVolume', 'volumeID'),
  scaleIO: needs('scaleIO', 'gateway', 'system', 'volumeName'),
  storageos: checkStorageOs,
}
