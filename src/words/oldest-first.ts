/**
 * The first key of a Map or Set, again and again while it is emptied from the front. A new iterator for each would walk over everything
 * that was deleted before it, since the engine keeps holes: in a map of 10,000 that costs 25 us a key.
 */
export class OldestFirst<K> {
  readonly #collection: { keys(): IterableIterator<K> }
  #cursor: Iterator<K, unknown>

  /** For a collection of which keys are removed in this order: a key that is passed over and stays is not given again before the end. */
  constructor(collection: { keys(): IterableIterator<K> }) {
    this.#collection = collection
    this.#cursor = collection.keys()
  }

  /** Undefined when the collection is empty. The caller deletes the key before it asks for the next. */
  next(): K | undefined {
    const next = this.#cursor.next()
    if (next.done !== true) return next.value
    // At its end an iterator stays ended; what was added since is seen by a new one.
    this.#cursor = this.#collection.keys()
    const first = this.#cursor.next()
    return first.done === true ? undefined : first.value
  }
}

/** A map of the entries that were set last, at most so many. */
export class RecentMap<K, V> {
  readonly #entries = new Map<K, V>()
  readonly #oldest = new OldestFirst(this.#entries)
  readonly #maxEntries: number

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)
  }

  /** The entry is the youngest now; the oldest goes when there are too many. */
  set(key: K, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size <= this.#maxEntries) return
    const oldest = this.#oldest.next()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }

  delete(key: K): void {
    this.#entries.delete(key)
  }

  /** Oldest first. */
  values(): Iterable<V> {
    return this.#entries.values()
  }
}
