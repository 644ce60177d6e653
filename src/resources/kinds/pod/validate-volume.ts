import { duplicate, forbiddenField, invalidValue, required } from '../../../objects/field-error.ts'
import { milliUnits } from '../../../objects/quantity.ts'
import { dnsSubdomainErrors } from '../../../objects/names.ts'
import type { Errors } from '../../field-checks.ts'
import { checkAnnotations, checkDnsLabel, checkLabels, checkOneOfIfSet, checkPresent } from '../../field-checks.ts'
import type { ObjectMeta } from '../../../objects/kube-object.ts'
import type { Volume } from '../../generated/types.ts'
import { checkClaimSpec } from '../volume/claim-spec.ts'
import { checkNoBacksteps } from './path-checks.ts'
import { checkProjected } from './validate-projected-volume.ts'
import { GCE_FIELD, SPELLINGS, storageChecks } from './validate-storage-volume.ts'
import { checkDownwardFile, checkKeysToPaths, checkMode } from './volume-files.ts'

const HOST_PATH_TYPES = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket']

export type VolumesByName = ReadonlyMap<string, Volume>

/** Checks the volumes and gives back those that are right, for the mounts to refer to. podName is '' in a template. */
export function checkVolumes(errors: Errors, path: string, volumes: readonly Volume[], podName: string): VolumesByName {
  const byName = new Map<string, Volume>()
  volumes.forEach((volume, index) => {
    const here = `${path}[${index}]`
    const before = errors.length
    const name = volume.name ?? ''
    checkSources(errors, here, volume, podName)
    if (name === '') errors.push(required(`${here}.name`))
    else checkDnsLabel(errors, here, 'name', name)
    if (byName.has(name)) errors.push(duplicate(`${here}.name`, name))
    if (errors.length === before) byName.set(name, volume)
    checkClaimName(errors, here, volume, volumes, podName)
  })
  return byName
}

/** A claim that another volume of this pod creates is that volume's own. */
function checkClaimName(errors: Errors, path: string, volume: Volume, volumes: readonly Volume[], podName: string): void {
  const claim = volume.persistentVolumeClaim?.claimName
  if (claim === undefined || podName === '') return
  if (volumes.some((other) => other.ephemeral !== undefined && `${podName}-${other.name}` === claim)) {
    const detail = 'must not reference a PVC that gets created for an ephemeral volume'
    errors.push(invalidValue(`${path}.persistentVolumeClaim.claimName`, claim, detail))
  }
}

/** The order in which upstream looks at the types: the first counts, all others are one too many. */
const TYPES: readonly (keyof Volume)[] = [
  'emptyDir', 'hostPath', 'gitRepo', 'gcePersistentDisk', 'awsElasticBlockStore', 'secret', 'nfs', 'iscsi', 'glusterfs', 'flocker',
  'persistentVolumeClaim', 'rbd', 'cinder', 'cephfs', 'quobyte', 'downwardAPI', 'fc', 'flexVolume', 'configMap', 'azureFile',
  'vsphereVolume', 'photonPersistentDisk', 'portworxVolume', 'azureDisk', 'storageos', 'projected', 'scaleIO', 'csi', 'ephemeral',
]

function checkSources(errors: Errors, path: string, volume: Volume, podName: string): void {
  let count = 0
  let only: keyof Volume = 'name'
  for (const key in volume) {
    const type = key as keyof Volume
    if (type === 'name' || volume[type] === undefined) continue
    only = type
    count++
  }
  if (count === 1) checkSource(errors, path, volume, only, podName)
  else if (count === 0) errors.push(required(path, 'must specify a volume type'))
  else {
    const [first = only, ...others] = TYPES.filter((type) => volume[type] !== undefined)
    checkSource(errors, path, volume, first, podName)
    for (const type of others) errors.push(forbiddenField(`${path}.${SPELLINGS[type] ?? type}`, 'may not specify more than 1 volume type'))
  }
}

function checkSource(errors: Errors, path: string, volume: Volume, type: keyof Volume, podName: string): void {
  const here = `${path}.${type === 'gcePersistentDisk' ? GCE_FIELD : type}`
  switch (type) {
    case 'emptyDir':
      if ((milliUnits(volume.emptyDir?.sizeLimit ?? '0') ?? -1) < 0) {
        errors.push(forbiddenField(`${here}.sizeLimit`, 'SizeLimit field must be a valid resource quantity'))
      }
      break
    case 'hostPath':
      checkHostPath(errors, here, volume)
      break
    case 'secret':
      checkPresent(errors, here, 'secretName', volume.secret?.secretName)
      checkMode(errors, here, 'defaultMode', volume.secret?.defaultMode)
      checkKeysToPaths(errors, here, volume.secret?.items)
      break
    case 'configMap':
      checkPresent(errors, here, 'name', volume.configMap?.name)
      checkMode(errors, here, 'defaultMode', volume.configMap?.defaultMode)
      checkKeysToPaths(errors, here, volume.configMap?.items)
      break
    case 'downwardAPI':
      checkMode(errors, here, 'defaultMode', volume.downwardAPI?.defaultMode)
      // Upstream reports all files below the volume itself.
      for (const file of volume.downwardAPI?.items ?? []) checkDownwardFile(errors, here, file)
      break
    case 'projected':
      checkMode(errors, here, 'defaultMode', volume.projected?.defaultMode)
      checkProjected(errors, here, volume.projected?.sources ?? [])
      break
    case 'persistentVolumeClaim':
      checkPresent(errors, here, 'claimName', volume.persistentVolumeClaim?.claimName)
      break
    case 'ephemeral':
      checkEphemeral(errors, path, volume, podName)
      break
    default:
      storageChecks[type]?.(errors, here, volume)
  }
}

function checkHostPath(errors: Errors, path: string, { hostPath }: Volume): void {
  const target = hostPath?.path ?? ''
  if (target === '') {
    errors.push(required(`${path}.path`))
    return
  }
  checkNoBacksteps(errors, `${path}.path`, target)
  checkOneOfIfSet(errors, path, 'type', hostPath?.type, HOST_PATH_TYPES)
}

function checkEphemeral(errors: Errors, path: string, { name = '', ephemeral }: Volume, podName: string): void {
  const here = `${path}.ephemeral.volumeClaimTemplate`
  const template = ephemeral?.volumeClaimTemplate
  if (template === undefined) errors.push(required(here))
  else {
    checkTemplateMetadata(errors, `${here}.metadata`, template.metadata)
    checkClaimSpec(errors, `${here}.spec`, template.spec ?? {})
  }
  if (podName === '' || name === '') return
  const claim = `${podName}-${name}`
  for (const problem of dnsSubdomainErrors(claim)) errors.push(invalidValue(`${path}.name`, name, `PVC name "${claim}": ${problem}`))
}

/** The claim gets its name from its pod; the template may only add labels and annotations. */
function checkTemplateMetadata(errors: Errors, path: string, metadata: ObjectMeta | undefined): void {
  checkAnnotations(errors, `${path}.annotations`, metadata?.annotations)
  checkLabels(errors, `${path}.labels`, metadata?.labels)
  for (const field in metadata) {
    if (field === 'annotations' || field === 'labels') continue
    errors.push(forbiddenField(`${path}.${field}`, 'cannot be set'))
  }
}
