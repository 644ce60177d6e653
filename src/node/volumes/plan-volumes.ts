import { wholeUnits } from '../../objects/quantity.ts'
import type {
  DownwardAPIVolumeFile, KeyToPath, Pod, ServiceAccountTokenProjection, Volume, VolumeProjection,
} from '../../resources/generated/types.ts'
import { fromBase64, utf8 } from '../../words/bytes.ts'
import type { DownwardFacts } from '../downward-api.ts'
import { fieldValue, resourceValue } from '../downward-api.ts'
import type { PodReferences } from '../environment.ts'
import { commonUser, idOf } from '../security.ts'
import type { HostPathCheck, VolumeFile, VolumePlan } from './volume-host.ts'
import { allContainers } from '../pod-containers.ts'

export interface VolumeInput {
  readonly pod: Pod
  readonly references: PodReferences
  readonly facts: DownwardFacts
  /** A token for the pod's service account that is valid now. */
  readonly token: (projection: ServiceAccountTokenProjection) => string
}

const DEFAULT_MODE = 0o644

/** What a volume of the pod is on this node. Throws with what is missing, in the words of the FailedMount event. */
export function planVolume(volume: Volume, input: VolumeInput): VolumePlan {
  const { name } = volume
  const groupId = idOf(input.pod.spec?.securityContext?.fsGroup)
  if (volume.emptyDir !== undefined) {
    const { medium, sizeLimit } = volume.emptyDir
    if (medium !== 'Memory') return { type: 'directory', name, groupId }
    return { type: 'memory', name, groupId, sizeLimitBytes: sizeLimit === undefined ? undefined : wholeUnits(sizeLimit) || undefined }
  }
  const { hostPath } = volume
  if (hostPath !== undefined) return { type: 'host-path', name, path: hostPath.path, check: hostPathCheck(hostPath.type) }
  const content = fileVolume(volume, input)
  if (content === undefined) throw new Error(`volume type ${volumeType(volume)} is not supported by this node`)
  return { type: 'files', name, groupId, ...content }
}

function hostPathCheck(type: string | undefined): HostPathCheck {
  switch (type) {
    case 'DirectoryOrCreate': case 'Directory': case 'FileOrCreate': case 'File': case 'Socket': case 'CharDevice': case 'BlockDevice':
      return type
    default:
      return ''
  }
}

function volumeType(volume: Volume): string {
  return Object.keys(volume).find((key) => key !== 'name') ?? 'unknown'
}

interface Content {
  readonly secret: boolean
  readonly files: readonly VolumeFile[]
}

function fileVolume(volume: Volume, input: VolumeInput): Content | undefined {
  const { configMap, secret, downwardAPI, projected } = volume
  if (configMap !== undefined) return { secret: false, files: configMapFiles(input, configMap, configMap.defaultMode ?? DEFAULT_MODE) }
  if (secret !== undefined) {
    return { secret: true, files: secretFiles(input, { ...secret, name: secret.secretName ?? '' }, secret.defaultMode ?? DEFAULT_MODE) }
  }
  if (downwardAPI !== undefined) {
    return { secret: false, files: downwardFiles(input, downwardAPI.items, downwardAPI.defaultMode ?? DEFAULT_MODE) }
  }
  if (projected === undefined) return undefined
  const mode = projected.defaultMode ?? DEFAULT_MODE
  const files = (projected.sources ?? []).flatMap((source) => projectionFiles(input, source, mode))
  return { secret: true, files: lastOfEachPath(files) }
}

function projectionFiles(input: VolumeInput, source: VolumeProjection, mode: number): VolumeFile[] {
  if (source.configMap !== undefined) return configMapFiles(input, source.configMap, mode)
  if (source.secret !== undefined) return secretFiles(input, source.secret, mode)
  if (source.downwardAPI !== undefined) return downwardFiles(input, source.downwardAPI.items, mode)
  if (source.serviceAccountToken !== undefined) return [tokenFile(input, source.serviceAccountToken, mode)]
  throw new Error('clusterTrustBundle projections are not supported by this node')
}

/** A token is for its owner's eyes, where it is known who that is; else for all users of the container. */
function tokenFile(input: VolumeInput, projection: ServiceAccountTokenProjection, mode: number): VolumeFile {
  const userId = commonUser(input.pod)
  const isOwned = userId !== undefined || input.pod.spec?.securityContext?.fsGroup !== undefined
  const file = { path: projection.path, content: utf8(input.token(projection)), mode: isOwned ? 0o600 : mode }
  return userId === undefined ? file : { ...file, userId }
}

interface Reference {
  readonly name?: string
  readonly optional?: boolean
  readonly items?: readonly KeyToPath[]
}

function configMapFiles(input: VolumeInput, { name = '', optional, items }: Reference, mode: number): VolumeFile[] {
  const found = input.references.configMap(name)
  if (found === undefined && optional !== true) throw new Error(`configmap ${JSON.stringify(name)} not found`)
  const data = new Map<string, Uint8Array>()
  for (const [key, text] of Object.entries(found?.data ?? {})) data.set(key, utf8(text))
  for (const [key, base64] of Object.entries(found?.binaryData ?? {})) data.set(key, fromBase64(base64) ?? new Uint8Array())
  return chosenFiles(data, items, mode, optional === true)
}

function secretFiles(input: VolumeInput, { name = '', optional, items }: Reference, mode: number): VolumeFile[] {
  const found = input.references.secret(name)
  if (found === undefined && optional !== true) throw new Error(`secret ${JSON.stringify(name)} not found`)
  const data = new Map(Object.entries(found?.data ?? {}).map(([key, base64]) => [key, fromBase64(base64) ?? new Uint8Array()] as const))
  return chosenFiles(data, items, mode, optional === true)
}

function chosenFiles(
  data: ReadonlyMap<string, Uint8Array>, items: readonly KeyToPath[] | undefined, mode: number, isOptional: boolean,
): VolumeFile[] {
  if (items === undefined || items.length === 0) return Array.from(data, ([path, content]) => ({ path, content, mode }))
  return items.flatMap((item) => {
    const content = data.get(item.key)
    if (content !== undefined) return [{ path: item.path, content, mode: item.mode ?? mode }]
    if (isOptional) return []
    throw new Error(`references non-existent config key: ${item.key}`)
  })
}

function downwardFiles(input: VolumeInput, items: readonly DownwardAPIVolumeFile[] | undefined, mode: number): VolumeFile[] {
  return (items ?? []).map((item) => {
    const text = item.fieldRef !== undefined
      ? fieldValue(input.pod, item.fieldRef, input.facts)
      : item.resourceFieldRef !== undefined ? resourceValue(input.pod, item.resourceFieldRef, undefined, input.facts) : ''
    return { path: item.path, content: utf8(text), mode: item.mode ?? mode }
  })
}

function lastOfEachPath(files: readonly VolumeFile[]): VolumeFile[] {
  return [...new Map(files.map((file) => [file.path, file])).values()]
}

/** The ConfigMaps and Secrets that a pod names anywhere: what the node watches for it. */
export function referencedNames(pod: Pod): { configMaps: ReadonlySet<string>; secrets: ReadonlySet<string> } {
  const configMaps = new Set<string>()
  const secrets = new Set<string>()
  const add = (set: Set<string>, name: string | undefined): void => {
    if (name !== undefined && name !== '') set.add(name)
  }
  for (const volume of pod.spec?.volumes ?? []) {
    add(configMaps, volume.configMap?.name)
    add(secrets, volume.secret?.secretName)
    for (const source of volume.projected?.sources ?? []) {
      add(configMaps, source.configMap?.name)
      add(secrets, source.secret?.name)
    }
  }
  for (const container of allContainers(pod)) {
    for (const { valueFrom } of container.env ?? []) {
      add(configMaps, valueFrom?.configMapKeyRef?.name)
      add(secrets, valueFrom?.secretKeyRef?.name)
    }
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      add(configMaps, configMapRef?.name)
      add(secrets, secretRef?.name)
    }
  }
  for (const { name } of pod.spec?.imagePullSecrets ?? []) add(secrets, name)
  return { configMaps, secrets }
}

/** All token projections of a pod. */
export function tokenProjections(pod: Pod): ServiceAccountTokenProjection[] {
  const sources = (pod.spec?.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? [])
  return sources.flatMap(({ serviceAccountToken }) => serviceAccountToken ?? [])
}
