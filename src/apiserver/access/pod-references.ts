import type { Container, EphemeralContainer, Pod, Volume } from '../../resources/generated/types.ts'

/** The objects of its namespace that a pod's node must read to run it. */
export interface PodReferences {
  readonly secrets: ReadonlySet<string>
  readonly configMaps: ReadonlySet<string>
  readonly claims: ReadonlySet<string>
  readonly serviceAccount: string
}

export function podReferences(pod: Pod): PodReferences {
  const found = { secrets: new Set<string>(), configMaps: new Set<string>(), claims: new Set<string>() }
  for (const reference of pod.spec?.imagePullSecrets ?? []) add(found.secrets, reference.name)
  for (const volume of pod.spec?.volumes ?? []) fromVolume(volume, found)
  const containers = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? []), ...(pod.spec?.ephemeralContainers ?? [])]
  for (const container of containers) fromContainer(container, found)
  return { ...found, serviceAccount: pod.spec?.serviceAccountName ?? '' }
}

interface Found {
  readonly secrets: Set<string>
  readonly configMaps: Set<string>
  readonly claims: Set<string>
}

function fromVolume(volume: Volume, found: Found): void {
  add(found.secrets, volume.secret?.secretName)
  add(found.configMaps, volume.configMap?.name)
  add(found.claims, volume.persistentVolumeClaim?.claimName)
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
