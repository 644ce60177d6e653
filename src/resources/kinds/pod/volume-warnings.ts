import type { DownwardAPIVolumeFile, KeyToPath, Volume, VolumeProjection } from '../../generated/types.ts'
import { claimSpecWarnings } from '../volume/claim-spec.ts'

/** Volume types whose drivers are gone, and in which version they went. */
export const GONE_DRIVERS = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+', gitRepo: 'deprecated in v1.11',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+', flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+', quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+', cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
} as const
const DRIVERS = Object.keys(GONE_DRIVERS) as (keyof typeof GONE_DRIVERS)[]

export function volumeWarnings(path: string, volumes: readonly Volume[]): string[] {
  const warnings: string[] = []
  volumes.forEach((volume, index) => {
    for (const driver of DRIVERS) {
      // Upstream writes this one field with a capital letter that it does not have.
      const field = driver === 'storageos' ? 'storageOS' : driver
      if (volume[driver] !== undefined) warnings.push(`${path}[${index}].${field}: ${GONE_DRIVERS[driver]}`)
    }
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec
    if (claim !== undefined) warnings.push(...claimSpecWarnings(`${path}[${index}].ephemeral.volumeClaimTemplate.spec`, claim))
  })
  for (const volume of volumes) warnings.push(...overlaps(volume))
  return warnings
}

type Files = readonly (KeyToPath | DownwardAPIVolumeFile)[] | undefined

/** Two files at one place: the later one wins, or the volume cannot be written at all. */
function overlaps({ name, configMap, secret, downwardAPI, projected }: Volume): string[] {
  const hasFiles = (configMap?.items ?? secret?.items ?? downwardAPI ?? projected) !== undefined
  if (!hasFiles) return []
  const volume = `volume ${JSON.stringify(name)}`
  return [
    ...overlapping(pathsOf(configMap?.items), `${volume} (ConfigMap ${JSON.stringify(configMap?.name ?? '')})`),
    ...overlapping(pathsOf(secret?.items), `${volume} (Secret ${JSON.stringify(secret?.secretName ?? '')})`),
    ...overlapping(pathsOf(downwardAPI?.items), `${volume} (DownwardAPI)`),
    ...projectedOverlaps(volume, projected?.sources ?? []),
  ]
}

function projectedOverlaps(volume: string, sources: readonly VolumeProjection[]): string[] {
  const before: string[] = []
  return sources.flatMap((source) => {
    if (Object.keys(source).length === 0) return [`${volume} (Projected) has no sources provided`]
    const [paths, what] = projection(source)
    if (paths.length === 0) return []
    const owner = `${volume} (Projected ${what})`
    const unique = [...new Set(paths)]
    const warnings = [...overlapping(paths, owner), ...overlapping([...unique, ...before].sort(), owner)]
    before.push(...unique.filter((path) => !before.includes(path)))
    return warnings
  })
}

function projection({ configMap, secret, downwardAPI, serviceAccountToken }: VolumeProjection): [readonly string[], string] {
  if (configMap?.items !== undefined) return [pathsOf(configMap.items), `ConfigMap ${JSON.stringify(configMap.name ?? '')}`]
  if (secret?.items !== undefined) return [pathsOf(secret.items), `Secret ${JSON.stringify(secret.name ?? '')}`]
  if (downwardAPI?.items !== undefined) return [pathsOf(downwardAPI.items), 'DownwardAPI']
  return serviceAccountToken === undefined ? [[], ''] : [[serviceAccountToken.path], 'ServiceAccountToken']
}

function pathsOf(files: Files): readonly string[] {
  return (files ?? []).map(({ path }) => path ?? '')
}

function overlapping(paths: readonly string[], owner: string): string[] {
  const seen: string[] = []
  return paths.flatMap((given) => {
    const path = given.replace(/\/+$/, '')
    const other = path === '' ? undefined : seen.find((item) => item !== '' && overlap(item, path))
    if (!seen.includes(path)) seen.push(path)
    return other === undefined ? [] : [`${owner}: overlapping paths: ${JSON.stringify(path)} with ${JSON.stringify(other)}`]
  })
}

function overlap(first: string, second: string): boolean {
  return `${first}/`.startsWith(`${second}/`) || `${second}/`.startsWith(`${first}/`)
}
