import { forbiddenField, invalidValue, required } from '../../../objects/field-error.ts'
import type { Errors } from '../../field-checks.ts'
import { checkPresent } from '../../field-checks.ts'
import type { Volume } from '../../generated/types.ts'
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

const IQN = /^iqn\.\d{4}-\d{2}\.([a-z0-9][-a-z0-9.]*)(:[^,;*&$|\s]+)$|^eui\.[0-9A-Fa-f]{16}$|^naa\.[0-9A-Fa-f]{32}$/

const checkIscsi: Check = (errors, path, { name, iscsi }) => {
  if (iscsi === undefined) return
  checkPresent(errors, path, 'targetPortal', iscsi.targetPortal)
  const check = (field: string, value: string): void => {
    if (!/^(iqn|eui|naa)/.test(value)) {
      errors.push(invalidValue(`${path}.${field}`, value, 'must be valid format starting with iqn, eui, or naa'))
    }
    else if (!IQN.test(value)) errors.push(invalidValue(`${path}.${field}`, value, 'must be valid format'))
  }
  if ((iscsi.iqn ?? '') === '') errors.push(required(`${path}.iqn`))
  else check('iqn', iscsi.iqn)
  if (iscsi.lun < 0 || iscsi.lun > 255) errors.push(invalidValue(`${path}.lun`, iscsi.lun, 'must be between 0 and 255, inclusive'))
  if ((iscsi.chapAuthDiscovery === true || iscsi.chapAuthSession === true) && iscsi.secretRef === undefined) {
    errors.push(required(`${path}.secretRef`))
  }
  if (iscsi.initiatorName === undefined) return
  check('initiatorname', iscsi.initiatorName)
  if (`${name}:${iscsi.targetPortal}`.length > 64) {
    const detail = 'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.'
    errors.push(invalidValue(path.replace(/\.iscsi$/, '.name'), name, detail))
  }
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

const checkAzureDisk: Check = (errors, path, { azureDisk }) => {
  checkPresent(errors, path, 'diskName', azureDisk?.diskName)
  checkPresent(errors, path, 'diskURI', azureDisk?.diskURI)
}

const checkCsi: Check = (errors, path, { csi }) => {
  checkPresent(errors, path, 'driver', csi?.driver)
  if (csi?.nodePublishSecretRef !== undefined) checkPresent(errors, `${path}.nodePublishSecretRef`, 'name', csi.nodePublishSecretRef.name)
}

const checkImage: Check = (errors, path) => {
  errors.push(forbiddenField(path, 'image volumes are not served'))
}

export const storageChecks: Readonly<Partial<Record<keyof Volume, Check>>> = {
  nfs: checkNfs,
  gitRepo: checkGitRepo,
  iscsi: checkIscsi,
  fc: checkFibreChannel,
  flocker: checkFlocker,
  flexVolume: checkFlex,
  azureDisk: checkAzureDisk,
  csi: checkCsi,
  image: checkImage,
  gcePersistentDisk: needs('gcePersistentDisk', 'pdName'),
  awsElasticBlockStore: needs('awsElasticBlockStore', 'volumeID'),
  glusterfs: needs('glusterfs', 'endpoints', 'path'),
  rbd: needs('rbd', 'monitors', 'image'),
  cinder: needs('cinder', 'volumeID'),
  cephfs: needs('cephfs', 'monitors'),
  quobyte: needs('quobyte', 'registry', 'volume'),
  azureFile: needs('azureFile', 'secretName', 'shareName'),
  vsphereVolume: needs('vsphereVolume', 'volumePath'),
  photonPersistentDisk: needs('photonPersistentDisk', 'pdID'),
  portworxVolume: needs('portworxVolume', 'volumeID'),
  scaleIO: needs('scaleIO', 'gateway', 'system', 'volumeName'),
  storageos: needs('storageos', 'volumeName'),
}
