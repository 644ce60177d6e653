import type { Volume } from '../../resources/generated/types.ts'
import { plural, quoted, sorted } from './subject.ts'
import type { Subject, Violation } from './subject.ts'

/** What a pod brings itself or what an administrator has provided: not a way to others' storage. */
const ALLOWED = ['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'persistentVolumeClaim', 'projected', 'secret'] as const
const NAMED = [
  'hostPath', 'gcePersistentDisk', 'awsElasticBlockStore', 'gitRepo', 'nfs', 'iscsi', 'glusterfs', 'rbd', 'flexVolume', 'cinder', 'cephfs',
  'flocker', 'fc', 'azureFile', 'vsphereVolume', 'quobyte', 'azureDisk', 'photonPersistentDisk', 'portworxVolume', 'scaleIO', 'storageos',
] as const

export function restrictedVolumes({ spec }: Subject): Violation | undefined {
  const bad = (spec.volumes ?? []).filter((volume) => !ALLOWED.some((source) => volume[source] !== undefined))
  if (bad.length === 0) return undefined
  const types = sorted(bad.map(sourceOf))
  const detail = `${plural(bad.length, 'volume', 'volumes')} ${quoted(bad.map(({ name }) => name))} ${plural(bad.length, 'uses', 'use')} `
    + `${plural(types.length, 'restricted volume type', 'restricted volume types')} ${quoted(types)}`
  return { reason: 'restricted volume types', detail }
}

function sourceOf(volume: Volume): string {
  return NAMED.find((source) => volume[source] !== undefined) ?? 'unknown'
}
