import type { Container, EphemeralContainer, PodSpec, Volume, VolumeProjection } from '../../generated/types.ts'

/**
 * Fields of features that are not served: dropped on writes, as upstream drops those of features that are off (its defaults of 1.32):
 * hostUsers, pod-level resources, supplementalGroupsPolicy, seLinuxChangePolicy, volumes of images with what mounts them, and trust
 * bundles in projected volumes. A procMount becomes Default, as one that was stored once stays there.
 */
export function withoutUnserved(spec: PodSpec): PodSpec {
  const { containers = [], initContainers, ephemeralContainers, volumes } = spec
  const images = volumes === undefined ? NO_NAMES : imageVolumes(volumes)
  const isServed = spec.hostUsers === undefined && spec.resources === undefined
    && spec.securityContext?.supplementalGroupsPolicy === undefined && spec.securityContext?.seLinuxChangePolicy === undefined
    && images === NO_NAMES && volumes?.some(hasTrustBundle) !== true && !containers.some(isMasked)
    && initContainers?.some(isMasked) !== true && ephemeralContainers?.some(isMasked) !== true
  if (isServed) return spec
  const { hostUsers: _, resources: __, securityContext, ...rest } = spec
  const allServed = <T extends Container | EphemeralContainer>(list: readonly T[]): T[] => list.map((item) => served(item, images))
  return {
    ...rest,
    ...(securityContext === undefined ? {} : { securityContext: servedSecurity(securityContext) }),
    ...(volumes === undefined ? {} : { volumes: volumes.filter(({ image }) => image === undefined).map(withoutTrustBundles) }),
    containers: allServed(containers),
    ...(initContainers === undefined ? {} : { initContainers: allServed(initContainers) }),
    ...(ephemeralContainers === undefined ? {} : { ephemeralContainers: allServed(ephemeralContainers) }),
  }
}

const NO_NAMES: ReadonlySet<string> = new Set()

function imageVolumes(volumes: readonly Volume[]): ReadonlySet<string> {
  if (!volumes.some(({ image }) => image !== undefined)) return NO_NAMES
  return new Set(volumes.filter(({ image }) => image !== undefined).map(({ name }) => name))
}

function servedSecurity(context: NonNullable<PodSpec['securityContext']>): NonNullable<PodSpec['securityContext']> {
  const { supplementalGroupsPolicy: _, seLinuxChangePolicy: __, ...securityContext } = context
  return securityContext
}

function isMasked({ securityContext }: Container | EphemeralContainer): boolean {
  return securityContext?.procMount !== undefined && securityContext.procMount !== 'Default'
}

function served<T extends Container | EphemeralContainer>(container: T, images: ReadonlySet<string>): T {
  const { securityContext, volumeMounts } = container
  return {
    ...container,
    ...(isMasked(container) ? { securityContext: { ...securityContext, procMount: 'Default' } } : {}),
    ...(volumeMounts === undefined || images.size === 0 ? {} : { volumeMounts: volumeMounts.filter(({ name }) => !images.has(name)) }),
  }
}

function hasTrustBundle({ projected }: Volume): boolean {
  return projected?.sources?.some(({ clusterTrustBundle }) => clusterTrustBundle !== undefined) === true
}

function withoutTrustBundles(volume: Volume): Volume {
  if (volume.projected === undefined || !hasTrustBundle(volume)) return volume
  const sources = volume.projected.sources?.map(({ clusterTrustBundle: _, ...source }): VolumeProjection => source)
  return { ...volume, projected: { ...volume.projected, ...(sources === undefined ? {} : { sources }) } }
}
