import type { PersistentVolume } from '../../resources/generated/types.ts'

interface SecretPlace {
  readonly name?: string
  readonly namespace?: string
}

/** Whether a node that mounts the volume must read this secret. One without a namespace is in that of the volume's claim. */
export function volumeNamesSecret({ spec }: PersistentVolume, namespace: string, name: string): boolean {
  if (spec === undefined) return false
  const { azureFile, cephfs, csi, flexVolume, iscsi, rbd, scaleIO, storageos } = spec
  const places: readonly (SecretPlace | undefined)[] = [
    azureFile === undefined ? undefined : {
      name: azureFile.secretName, ...(azureFile.secretNamespace === undefined ? {} : { namespace: azureFile.secretNamespace }),
    },
    ...[cephfs, flexVolume, iscsi, rbd, scaleIO, storageos].map((driver) => driver?.secretRef),
    csi?.nodePublishSecretRef, csi?.nodeStageSecretRef, csi?.nodeExpandSecretRef,
  ]
  return places.some((place) => {
    if (place?.name !== name) return false
    const given = place.namespace ?? ''
    return (given === '' ? spec.claimRef?.namespace : given) === namespace
  })
}
