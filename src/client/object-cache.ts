import type { KindRef } from '../objects/kind.ts'
import type { KubeObject, ObjectKey } from '../objects/kube-object.ts'
import { controllerOf, keyOf, keyText } from '../objects/kube-object.ts'

/** object is absent when it went, previous when it came. */
export interface CacheChange<T> {
  readonly object: T | undefined
  readonly previous: T | undefined
}

/** Revisions of one store compare as numbers; what is no number counts as "nothing seen yet". */
export function revisionOf(resourceVersion: string | undefined): number {
  const revision = Number(resourceVersion ?? '')
  return Number.isSafeInteger(revision) ? revision : 0
}

/**
 * The objects of one kind as of one revision, with indexes by namespace and by controlling owner. Objects are shared, never changed.
 * Listeners are told after the whole change is in place, so that what they read agrees with what they were told.
 */
export class ObjectCache<T extends KubeObject = KubeObject> {
  readonly kind: KindRef<T>
  readonly #namespaces = new Map<string, Map<string, T>>()
  /**
   * By uid of every owner; objects without a controller also stand under their namespace with a mark that no uid has. Made when it is first
   * asked for: of most kinds nobody asks.
   */
  #owners: Map<string, Map<string, T>> | undefined
  readonly #changeListeners = new Set<(change: CacheChange<T>) => void>()
  readonly #progressListeners = new Set<(revision: number) => void>()
  #revision = 0
  #size = 0

  constructor(kind: KindRef<T>) {
    this.kind = kind
  }

  /** Every change of this kind up to this revision is in. */
  get revision(): number {
    return this.#revision
  }

  get size(): number {
    return this.#size
  }

  get(key: ObjectKey): T | undefined {
    return this.#namespaces.get(key.namespace)?.get(key.name)
  }

  list(namespace?: string): readonly T[] {
    if (namespace !== undefined) return [...(this.#namespaces.get(namespace)?.values() ?? [])]
    const all: T[] = []
    for (const objects of this.#namespaces.values()) all.push(...objects.values())
    return all
  }

  /** Objects whose controller is this owner. */
  ownedBy(ownerUid: string): readonly T[] {
    return this.dependentsOf(ownerUid).filter((object) => controllerOf(object)?.uid === ownerUid)
  }

  /** Objects that name this owner, as their controller or not. */
  dependentsOf(ownerUid: string): readonly T[] {
    const dependents = this.#byOwner().get(ownerUid)
    return dependents === undefined ? [] : [...dependents.values()]
  }

  /** Objects of a namespace that no controller owns: what may be adopted. */
  unowned(namespace: string): readonly T[] {
    return [...(this.#byOwner().get(unownedMark(namespace))?.values() ?? [])]
  }

  /** Returns the function that ends it. */
  listen(listener: (change: CacheChange<T>) => void): () => void {
    this.#changeListeners.add(listener)
    return () => this.#changeListeners.delete(listener)
  }

  /** Told after each change and each bookmark, with the revision reached. */
  listenProgress(listener: (revision: number) => void): () => void {
    this.#progressListeners.add(listener)
    return () => this.#progressListeners.delete(listener)
  }

  upsert(object: T): void {
    const previous = this.#put(object)
    this.#advance(revisionOf(object.metadata.resourceVersion))
    this.#tell([{ object, previous }])
  }

  /** last carries the revision of the deletion. */
  remove(last: T): void {
    const previous = this.#take(last.metadata.namespace ?? '', last.metadata.name ?? '')
    this.#advance(revisionOf(last.metadata.resourceVersion))
    this.#tell(previous === undefined ? [] : [{ object: undefined, previous }])
  }

  reach(revision: number): void {
    if (revision <= this.#revision) return
    this.#advance(revision)
    this.#tell([])
  }

  /** A new whole state: what differs from the present one is told as changes. */
  replace(objects: Iterable<T>, revision: number): void {
    const changes: CacheChange<T>[] = []
    const gone = new Set<T>(this.list())
    for (const object of objects) {
      const previous = this.get({ namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '' })
      if (previous !== undefined) gone.delete(previous)
      if (previous !== undefined && sameVersion(previous, object)) continue
      changes.push({ object, previous: this.#put(object) })
    }
    for (const previous of gone) {
      this.#take(previous.metadata.namespace ?? '', previous.metadata.name ?? '')
      changes.push({ object: undefined, previous })
    }
    this.#revision = Math.max(this.#revision, revision)
    this.#tell(changes)
  }

  /** An entry is replaced where it stands, which also keeps their order. */
  #put(object: T): T | undefined {
    const namespace = object.metadata.namespace ?? ''
    const name = object.metadata.name ?? ''
    const previous = this.get({ namespace, name })
    if (previous === undefined) this.#size += 1
    insert(this.#namespaces, namespace, name, object)
    if (this.#owners === undefined) return previous
    if (previous !== undefined && !sameOwners(previous, object)) eraseOwned(this.#owners, previous)
    insertOwned(this.#owners, object)
    return previous
  }

  #take(namespace: string, name: string): T | undefined {
    const previous = this.#namespaces.get(namespace)?.get(name)
    if (previous === undefined) return undefined
    erase(this.#namespaces, namespace, name)
    if (this.#owners !== undefined) eraseOwned(this.#owners, previous)
    this.#size -= 1
    return previous
  }

  #byOwner(): Map<string, Map<string, T>> {
    if (this.#owners !== undefined) return this.#owners
    const owners = new Map<string, Map<string, T>>()
    for (const object of this.list()) insertOwned(owners, object)
    this.#owners = owners
    return owners
  }

  #advance(revision: number): void {
    if (revision > this.#revision) this.#revision = revision
  }

  #tell(changes: readonly CacheChange<T>[]): void {
    for (const change of changes) for (const listener of this.#changeListeners) listener(change)
    for (const listener of this.#progressListeners) listener(this.#revision)
  }
}

function sameVersion(a: KubeObject, b: KubeObject): boolean {
  return a === b || (a.metadata.uid === b.metadata.uid && a.metadata.resourceVersion === b.metadata.resourceVersion)
}

function unownedMark(namespace: string): string {
  return `\u0000${namespace}`
}

function sameOwners(a: KubeObject, b: KubeObject): boolean {
  const before = a.metadata.ownerReferences ?? []
  const after = b.metadata.ownerReferences ?? []
  if (before === after) return true
  return (
    before.length === after.length
    && before.every(({ uid, controller }, index) => uid === after[index]?.uid && controller === after[index].controller)
  )
}

function ownerMarks(object: KubeObject): readonly string[] {
  const marks = (object.metadata.ownerReferences ?? []).map((reference) => reference.uid)
  return controllerOf(object) === undefined ? [...marks, unownedMark(object.metadata.namespace ?? '')] : marks
}

function insertOwned<T extends KubeObject>(owners: Map<string, Map<string, T>>, object: T): void {
  const key = keyText(keyOf(object))
  for (const mark of ownerMarks(object)) insert(owners, mark, key, object)
}

function eraseOwned<T extends KubeObject>(owners: Map<string, Map<string, T>>, object: T): void {
  const key = keyText(keyOf(object))
  for (const mark of ownerMarks(object)) erase(owners, mark, key)
}

function insert<T>(index: Map<string, Map<string, T>>, outer: string, inner: string, object: T): void {
  const bucket = index.get(outer)
  if (bucket === undefined) index.set(outer, new Map([[inner, object]]))
  else bucket.set(inner, object)
}

function erase<T>(index: Map<string, Map<string, T>>, outer: string, inner: string): void {
  const bucket = index.get(outer)
  bucket?.delete(inner)
  if (bucket?.size === 0) index.delete(outer)
}
