import type { InformerParts } from '../client/informer.ts'
import { kinds } from '../resources/generated/kinds.ts'
import type { ConfigMap, Pod, Secret } from '../resources/generated/types.ts'
import { FollowedObjects } from './followed-objects.ts'
import { referencedNames } from './volumes/plan-volumes.ts'

interface Names {
  readonly namespace: string
  readonly configMaps: ReadonlySet<string>
  readonly secrets: ReadonlySet<string>
}

/** The ConfigMaps and Secrets that this node's pods name. A change reaches the pods at once; while nothing changes nothing is asked. */
export class ObjectReferences {
  readonly #configMaps: FollowedObjects<ConfigMap>
  readonly #secrets: FollowedObjects<Secret>
  readonly #pods = new Map<string, Names>()

  constructor(parts: InformerParts, onChange: (podUids: ReadonlySet<string>) => void) {
    this.#configMaps = new FollowedObjects(kinds.ConfigMap, parts, onChange)
    this.#secrets = new FollowedObjects(kinds.Secret, parts, onChange)
  }

  /** From now on all that the pod names is followed, and what it names no more is not. */
  follow(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    const namespace = pod.metadata.namespace ?? ''
    const before = this.#pods.get(uid)
    const names: Names = { namespace, ...referencedNames(pod) }
    this.#pods.set(uid, names)
    for (const name of names.configMaps) this.#configMaps.use({ namespace, name }, uid)
    for (const name of names.secrets) this.#secrets.use({ namespace, name }, uid)
    if (before !== undefined) this.#dropAll(uid, before, names)
  }

  release(podUid: string): void {
    const names = this.#pods.get(podUid)
    if (names !== undefined) this.#dropAll(podUid, names, { namespace: names.namespace, configMaps: new Set(), secrets: new Set() })
    this.#pods.delete(podUid)
  }

  async whenKnown(podUid: string, signal: AbortSignal): Promise<void> {
    const names = this.#pods.get(podUid)
    if (names === undefined) return
    const { namespace } = names
    for (const name of names.configMaps) await this.#configMaps.whenKnown({ namespace, name }, signal)
    for (const name of names.secrets) await this.#secrets.whenKnown({ namespace, name }, signal)
  }

  configMap(namespace: string, name: string): ConfigMap | undefined {
    return this.#configMaps.get({ namespace, name })
  }

  secret(namespace: string, name: string): Secret | undefined {
    return this.#secrets.get({ namespace, name })
  }

  close(): void {
    this.#configMaps.close()
    this.#secrets.close()
    this.#pods.clear()
  }

  #dropAll(uid: string, before: Names, kept: Names): void {
    const { namespace } = before
    for (const name of before.configMaps) if (!kept.configMaps.has(name)) this.#configMaps.drop({ namespace, name }, uid)
    for (const name of before.secrets) if (!kept.secrets.has(name)) this.#secrets.drop({ namespace, name }, uid)
  }
}
