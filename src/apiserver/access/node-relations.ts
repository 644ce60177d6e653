import type { KubeObject } from '../../objects/kube-object.ts'
import type { KindRef } from '../../objects/kind.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { PersistentVolume, Pod } from '../../resources/generated/types.ts'
import type { ObjectReader } from '../access.ts'
import { openedReferences, type PodReferences } from './pod-references.ts'
import type { PodsOfNodes } from './pods-of-nodes.ts'
import { volumeNamesSecret } from './volume-secrets.ts'

/** What is related to a node because of its pods: pod <- claim <- volume <- secret, and all that a pod names itself. */
export class NodeRelations {
  readonly #reader: ObjectReader
  readonly #pods: PodsOfNodes
  /** Objects are immutable, so a pod's references are worked out once. */
  readonly #references = new WeakMap<Pod, PodReferences>()

  constructor(reader: ObjectReader, pods: PodsOfNodes) {
    this.#reader = reader
    this.#pods = pods
  }

  hasPod(nodeName: string, namespace: string, name: string): boolean {
    return this.#reader.get(kinds.Pod, { namespace, name })?.spec?.nodeName === nodeName
  }

  hasSecret(nodeName: string, namespace: string, name: string): boolean {
    return this.#hasPodWith(nodeName, namespace, ({ secrets }) => secrets.has(name))
      || this.#reader.list(kinds.PersistentVolume).some(
        (volume) => volumeNamesSecret(volume, namespace, name) && this.#hasVolumeOf(nodeName, volume),
      )
  }

  hasConfigMap(nodeName: string, namespace: string, name: string): boolean {
    return this.#hasPodWith(nodeName, namespace, ({ configMaps }) => configMaps.has(name))
  }

  hasClaim(nodeName: string, namespace: string, name: string): boolean {
    return this.#hasPodWith(nodeName, namespace, ({ claims }) => claims.has(name))
  }

  hasResourceClaim(nodeName: string, namespace: string, name: string): boolean {
    return this.#hasPodWith(nodeName, namespace, ({ resourceClaims }) => resourceClaims.has(name))
  }

  hasServiceAccount(nodeName: string, namespace: string, name: string): boolean {
    return this.#hasPodWith(nodeName, namespace, ({ serviceAccount }) => serviceAccount === name)
  }

  hasVolume(nodeName: string, name: string): boolean {
    const volume = this.#reader.get(kinds.PersistentVolume, { namespace: '', name })
    return volume !== undefined && this.#hasVolumeOf(nodeName, volume)
  }

  /** Of a kind whose spec says which node it is for. */
  isNamedBy(nodeName: string, kind: KindRef<KubeObject & { spec?: { nodeName?: string } }>, name: string): boolean {
    return this.#reader.get(kind, { namespace: '', name })?.spec?.nodeName === nodeName
  }

  #hasVolumeOf(nodeName: string, { spec }: PersistentVolume): boolean {
    const { namespace, name } = spec?.claimRef ?? {}
    return namespace !== undefined && name !== undefined && this.hasClaim(nodeName, namespace, name)
  }

  #hasPodWith(nodeName: string, namespace: string, has: (references: PodReferences) => boolean): boolean {
    for (const pod of this.#pods.of(nodeName, namespace)) if (has(this.#referencesOf(pod))) return true
    return false
  }

  #referencesOf(pod: Pod): PodReferences {
    const known = this.#references.get(pod)
    if (known !== undefined) return known
    const references = openedReferences(pod)
    this.#references.set(pod, references)
    return references
  }
}
