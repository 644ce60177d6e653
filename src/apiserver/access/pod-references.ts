import type { Container, EphemeralContainer, Pod, Volume } from '../../resources/generated/types.ts'

/** The objects of its namespace that a pod's node must read to run it. */
export interface PodReferences {
  readonly secrets: ReadonlySet<string>
  readonly configMaps: ReadonlySet<string>
  readonly claims: ReadonlySet<string>
  readonly resourceClaims: ReadonlySet<string>
  readonly serviceAccount: string
}

const MIRROR = 'kubernetes.io/config.mirror'
const NONE: ReadonlySet<string> = new Set()
const NOTHING: PodReferences = { secrets: NONE, configMaps: NONE, claims: NONE, resourceClaims: NONE, serviceAccount: '' }

/** What a pod opens to its node: a mirror pod, which the node makes itself, nothing. */
export function openedReferences(pod: Pod): PodReferences {
  return pod.metadata.annotations?.[MIRROR] === undefined ? podReferences(pod) : NOTHING
}

export function podReferences(pod: Pod): PodReferences {
  const found: Found = { secrets: new Set(), configMaps: new Set(), claims: new Set() }
  for (const reference of pod.spec?.imagePullSecrets ?? []) add(found.secrets, reference.name)
  for (const volume of pod.spec?.volumes ?? []) fromVolume(pod, volume, found)
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? []), ...(pod.spec?.ephemeralContainers ?? [])]
  for (const container of containers) fromContainer(container, found)
  return { ...found, resourceClaims: resourceClaimsOf(pod), serviceAccount: pod.spec?.serviceAccountName ?? '' }
}

/** Those that are made from a template are named in the status. */
function resourceClaimsOf({ spec, status }: Pod): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { name, resourceClaimName, resourceClaimTemplateName } of spec?.resourceClaims ?? []) {
    if (resourceClaimTemplateName === undefined) add(names, resourceClaimName)
    else add(names, status?.resourceClaimStatuses?.find((made) => made.name === name)?.resourceClaimName)
  }
  return names
}

interface Found {
  readonly secrets: Set<string>
  readonly configMaps: Set<string>
  readonly claims: Set<string>
}

function fromVolume(pod: Pod, volume: Volume, found: Found): void {
  add(found.secrets, volume.secret?.secretName)
  add(found.secrets, volume.azureFile?.secretName)
  const drivers = [volume.cephfs, volume.flexVolume, volume.iscsi, volume.rbd, volume.scaleIO, volume.storageos]
  for (const driver of drivers) add(found.secrets, driver?.secretRef?.name)
  add(found.configMaps, volume.configMap?.name)
  add(found.claims, volume.persistentVolumeClaim?.claimName)
  if (volume.ephemeral !== undefined) add(found.claims, `${pod.metadata.name ?? ''}-${volume.name}`)
  add(found.secrets, volume.csi?.nodePublishSecretRef?.name)
  for (const source of volume.projected?.sources ?? []) {
    add(found.secrets, source.secret?.name)
    add(found.configMaps, source.configMap?.name)
  }
}

function fromContainer(container: Container | EphemeralContainer, found: Found): void {
  for (const source of container.envFrom ?? []) {
    add(found.secrets, source.secretRef?.name)
    add(found.configMaps, source.configMapRef?.name)
  }
  for (const variable of container.env ?? []) {
    add(found.secrets, variable.valueFrom?.secretKeyRef?.name)
    add(found.configMaps, variable.valueFrom?.configMapKeyRef?.name)
  }
}

function add(names: Set<string>, name: string | undefined): void {
  if (name !== undefined && name !== '') names.add(name)
}
