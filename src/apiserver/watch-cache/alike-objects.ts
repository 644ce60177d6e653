import { isObject, sameJson, shareUnchanged } from '../../objects/json.ts'
import { controllerOf } from '../../objects/kube-object.ts'
import type { KubeObject } from '../../objects/kube-object.ts'

const TEMPLATES_OF_A_GENERATION = 500

/**
 * Objects that are made after one pattern (the pods of a ReplicaSet, the leases of nodes) are equal in most of their parts. A new one takes
 * the equal parts of the one before, and its own copies are garbage at once: of each of many pods little more than the metadata is kept,
 * and young collections have less to copy.
 * Bounded: when the young generation is full it becomes the old one, and what was old is forgotten.
 */
export class AlikeObjects {
  #young = new Map<string, KubeObject>()
  #old = new Map<string, KubeObject>()

  /** The object is a fresh one that belongs to the caller; equal parts are exchanged in place. Its metadata's own members are, too. */
  share(resource: string, object: KubeObject): void {
    const pattern = patternOf(resource, object)
    const last = this.#young.get(pattern) ?? this.#old.get(pattern)
    if (last !== undefined) {
      shareMembers(object, last, 'metadata')
      shareMembers(object.metadata, last.metadata, 'managedFields')
      // Their sets of fields are kept once for all objects (FieldSetPool): nobody may change them in place.
      const { managedFields } = last.metadata
      if (managedFields !== undefined && sameJson(object.metadata.managedFields, managedFields)) {
        object.metadata.managedFields = managedFields
      }
    }
    if (this.#young.size >= TEMPLATES_OF_A_GENERATION && !this.#young.has(pattern)) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(pattern, object)
  }
}

function patternOf(resource: string, object: KubeObject): string {
  const { namespace = '', generateName = '' } = object.metadata
  return `${resource} ${controllerOf(object)?.uid ?? `${namespace}/${generateName}`}`
}

function shareMembers(object: object, last: object, except: string | undefined): void {
  if (!isObject(object) || !isObject(last)) return
  for (const name in object) {
    const value = object[name]
    if (name === except || value === undefined) continue
    object[name] = shareUnchanged(value, last[name])
  }
}
