import type { FieldSetPool } from '../../objects/apply/field-set-pool.ts'
import type { FieldSet } from '../../objects/apply/field-set.ts'
import { isObject } from '../../objects/json.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import type { Revision } from '../../store/store.ts'
import { decodeObject, servedText } from '../storage/encoding.ts'
import { prefixOf } from '../storage/keys.ts'
import { AlikeObjects } from './alike-objects.ts'
import { RecentBytes } from './recent-bytes.ts'

/** Lists and reads of what is in use need no encoding; the rest of a large cluster is a tenth of its bytes as parsed objects. */
const KEPT_BYTES = 128 * 1024 * 1024

/** How the cache's objects become bytes and back, and which of them keep both. */
export class ObjectForms {
  readonly #sets: FieldSetPool
  readonly #alike = new AlikeObjects()
  readonly recent = new RecentBytes(KEPT_BYTES)

  constructor(sets: FieldSetPool) {
    this.#sets = sets
  }

  /** Makes an object that is the caller's own share what it has in common with others of its resource. */
  shareAlike(key: string, object: KubeObject): void {
    this.#alike.share(prefixOf(key), object)
  }

  decode(key: string, bytes: Uint8Array, revision: Revision): KubeObject {
    const object = decodeObject(bytes, revision)
    for (const entry of object.metadata.managedFields ?? []) {
      if (isObject(entry.fieldsV1)) entry.fieldsV1 = this.#sets.shared(entry.fieldsV1 as FieldSet)
    }
    this.shareAlike(key, object)
    return object
  }

  /** As it is served. */
  textOf(object: KubeObject): string {
    return servedText(object, this.#sets)
  }
}
