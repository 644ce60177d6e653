import { objectKeyText, resourcePrefix } from '../../apiserver/storage/keys.ts'
import type { Client } from '../../client/client.ts'
import { revisionOf } from '../../client/object-cache.ts'
import { sameJson } from '../../objects/json.ts'
import type { KindRef } from '../../objects/kind.ts'
import type { KubeObject, ObjectKey } from '../../objects/kube-object.ts'
import { keyOf } from '../../objects/kube-object.ts'
import { isStatus } from '../../words/status-error.ts'
import type { DiskLog } from '../disk-log.ts'
import type { Findings } from './findings.ts'

const NAME = 'acknowledged writes'

/**
 * Every answer that a client gets is held against the disk: what was acknowledged is there, at the revision and with the content that the
 * answer says; what was deleted is gone; a read shows no less than what anybody's acknowledged write has made.
 */
export class AcknowledgedWrites {
  readonly #log: DiskLog
  readonly #findings: Findings
  /** The newest acknowledged revision of each key. */
  readonly #newest = new Map<string, number>()
  readonly #created = new Map<string, string>()
  readonly #doomed = new Set<string>()
  #indexed = 0
  readonly #index = new Map<string, Uint8Array | 'deleted'>()

  constructor(log: DiskLog, findings: Findings) {
    this.#log = log
    this.#findings = findings
  }

  /** The client, with all of its answers looked at. */
  observe(client: Client): Client {
    return {
      ...client,
      get: async (kind, key) => this.#observeGet(kind, key, () => client.get(kind, key)),
      create: async (kind, object, options) => {
        const created = await client.create(kind, object, options)
        this.#created.set(diskKey(kind, keyOf(created)), created.metadata.uid ?? '')
        return this.#written(kind, created)
      },
      update: async (kind, object, options) => this.#written(kind, await client.update(kind, object, options)),
      patch: async (kind, key, patch, options) => this.#written(kind, await client.patch(kind, key, patch, options)),
      delete: async (kind, key, options) => {
        this.#doomed.add(diskKey(kind, key))
        const deleted = await client.delete(kind, key, options)
        if (deleted !== undefined) this.#wasDeleted(kind, key, deleted)
        return deleted
      },
    }
  }

  /** Objects that were created and that nobody asked to delete. */
  lost(kind: KindRef): readonly string[] {
    const prefix = resourcePrefix(kind)
    const current = new Map(this.#log.list(kind).map((object) => [diskKey(kind, keyOf(object)), object.metadata.uid]))
    return [...this.#created]
      .filter(([key, uid]) => key.startsWith(prefix) && !this.#doomed.has(key) && current.get(key) !== uid)
      .map(([key]) => key)
  }

  async #observeGet<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey, get: () => Promise<T>): Promise<T> {
    const name = diskKey(kind, key)
    const floor = this.#newest.get(name) ?? 0
    try {
      const found = await get()
      const shown = revisionOf(found.metadata.resourceVersion)
      if (shown < floor) this.#findings.report(NAME, `a read of ${name} shows revision ${shown} after ${floor} was acknowledged`)
      return found
    } catch (error) {
      if (isStatus(error, 'NotFound') && floor > 0 && !this.#wasAbsentSince(name, floor)) {
        this.#findings.report(NAME, `a read does not find ${name}, of which revision ${floor} was acknowledged`)
      }
      throw error
    }
  }

  #written<T extends KubeObject>(kind: KindRef<T>, written: T): T {
    const name = diskKey(kind, keyOf(written))
    const revision = revisionOf(written.metadata.resourceVersion)
    this.#newest.set(name, Math.max(revision, this.#newest.get(name) ?? 0))
    const found = this.#at(name, revision)
    // The patch that takes the last finalizer of a deleted object away is its deletion.
    if (found === 'deleted' && written.metadata.deletionTimestamp !== undefined) return written
    if (found === undefined || found === 'deleted')
      this.#findings.report(NAME, `${name} was acknowledged at revision ${revision}, where the disk has no such change`)
    else if (!sameJson(content(this.#log.decode(found)), content(written)))
      this.#findings.report(NAME, `${name} at revision ${revision} is not what was acknowledged`)
    return written
  }

  #wasDeleted(kind: KindRef, key: ObjectKey, deleted: KubeObject): void {
    const name = diskKey(kind, key)
    const now = this.#log.get(kind, key)
    if (now === undefined || now.metadata.uid !== deleted.metadata.uid || now.metadata.deletionTimestamp !== undefined) return
    this.#findings.report(NAME, `the deletion of ${name} was acknowledged, and it is there as if nothing had happened`)
  }

  #at(key: string, revision: number): Uint8Array | 'deleted' | undefined {
    const { changes } = this.#log
    for (; this.#indexed < changes.length; this.#indexed++) {
      const change = changes[this.#indexed]
      if (change !== undefined) this.#index.set(`${change.revision} ${change.key}`, change.bytes ?? 'deleted')
    }
    return this.#index.get(`${revision} ${key}`)
  }

  #wasAbsentSince(key: string, revision: number): boolean {
    return this.#log.changes.some((change) => change.key === key && change.revision > revision && change.bytes === undefined)
  }
}

function diskKey(kind: KindRef, key: ObjectKey): string {
  return objectKeyText(resourcePrefix(kind), key)
}

function content({ metadata, ...rest }: KubeObject): object {
  const { resourceVersion: _, ...named } = metadata
  return { ...rest, metadata: named }
}
