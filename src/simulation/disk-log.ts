import { parseJson } from '../objects/json-text.ts'
import { allObjects, prefixOf, resourcePrefix } from '../apiserver/storage/keys.ts'
import type { KindRef } from '../objects/kind.ts'
import type { KubeObject, ObjectKey } from '../objects/kube-object.ts'
import type { Revision, Store } from '../store/store.ts'
import { textOf } from '../words/bytes.ts'

/** One change of one object as the disk has it. */
export interface Logged {
  readonly revision: Revision
  readonly key: string
  readonly prefix: string
  /** Undefined: deleted. */
  readonly bytes: Uint8Array | undefined
  readonly previous: Uint8Array | undefined
}

interface Current {
  readonly bytes: Uint8Array
  readonly revision: Revision
}

/** The truth: every change that reached the disk, in order, and what stands there now. Only checkers look at it. */
export class DiskLog {
  readonly changes: Logged[] = []
  readonly #current = new Map<string, Map<string, Current>>()
  readonly #decoded = new WeakMap<Uint8Array, KubeObject>()
  readonly #listeners: { readonly prefix: string; readonly listener: (change: Logged) => void }[] = []
  #revision: Revision = 0
  #compacted: Revision = 0

  constructor(engine: Store, end: AbortSignal) {
    void this.#follow(engine, end)
  }

  get revision(): Revision {
    return this.#revision
  }

  /** Watches after an older revision than this may be refused. */
  get compacted(): Revision {
    return this.#compacted
  }

  /** Changes of one kind, as they reach the disk. */
  listen(kind: KindRef, listener: (change: Logged) => void): void {
    this.#listeners.push({ prefix: resourcePrefix(kind), listener })
  }

  get<T extends KubeObject>(kind: KindRef<T>, key: ObjectKey): T | undefined {
    const prefix = resourcePrefix(kind)
    const found = this.#current.get(prefix)?.get(`${prefix}${key.namespace === '' ? '' : `${key.namespace}/`}${key.name}`)
    return found === undefined ? undefined : this.decode<T>(found.bytes)
  }

  list<T extends KubeObject>(kind: KindRef<T>, namespace = ''): readonly T[] {
    const prefix = resourcePrefix(kind)
    const wanted = `${prefix}${namespace === '' ? '' : `${namespace}/`}`
    const found = [...(this.#current.get(prefix) ?? [])].filter(([key]) => key.startsWith(wanted))
    return found.map(([, { bytes }]) => this.decode<T>(bytes))
  }

  /** Keys with the revision of their last change, of one kind or of all. */
  revisions(kind?: KindRef): ReadonlyMap<string, Revision> {
    const tables =
      kind === undefined ? [...this.#current.values()] : [this.#current.get(resourcePrefix(kind)) ?? new Map<string, Current>()]
    return new Map(tables.flatMap((table) => [...table].map(([key, { revision }]) => [key, revision] as const)))
  }

  /** The decode edge: what is on the disk was written by the API server. */
  decode<T extends KubeObject>(bytes: Uint8Array): T {
    const known = this.#decoded.get(bytes) ?? (parseJson(textOf(bytes)) as KubeObject)
    this.#decoded.set(bytes, known)
    return known as T
  }

  compactedUpTo(revision: Revision): void {
    this.#compacted = Math.max(this.#compacted, revision)
  }

  async #follow(engine: Store, end: AbortSignal): Promise<void> {
    for await (const batch of engine.watch(allObjects, 0, end)) {
      if (batch.type !== 'changes') continue
      for (const commit of batch.commits) {
        for (const { key, entry } of commit.changes)
          this.#take({ revision: commit.revision, key, prefix: prefixOf(key), bytes: entry?.value })
      }
      this.#revision = batch.revision
    }
  }

  #take({ prefix, key, bytes, revision }: Omit<Logged, 'previous'>): void {
    const table = this.#current.get(prefix) ?? new Map<string, Current>()
    const change = { prefix, key, bytes, revision, previous: table.get(key)?.bytes }
    this.changes.push(change)
    this.#current.set(prefix, table)
    if (bytes === undefined) table.delete(key)
    else table.set(key, { bytes, revision })
    for (const { prefix: wanted, listener } of this.#listeners) if (wanted === prefix) listener(change)
  }
}
