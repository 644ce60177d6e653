const CHUNK = 512

/**
 * A map that walks its keys in order from any point: get in O(1), insert and delete in O(sqrt n) by keeping sorted chunks of
 * keys that split when full. Ranges by prefix make it the index by namespace too, because keys are PREFIX/NAMESPACE/NAME.
 */
export class SortedMap<V> {
  readonly #values = new Map<string, V>()
  readonly #chunks: string[][] = []

  get size(): number {
    return this.#values.size
  }

  get(key: string): V | undefined {
    return this.#values.get(key)
  }

  set(key: string, value: V): void {
    if (!this.#values.has(key)) this.#insert(key)
    this.#values.set(key, value)
  }

  delete(key: string): void {
    if (!this.#values.delete(key)) return
    const index = this.#chunkOf(key)
    const chunk = this.#chunks[index]
    if (chunk === undefined) return
    chunk.splice(lowerBound(chunk, key), 1)
    if (chunk.length === 0) this.#chunks.splice(index, 1)
  }

  /** Values whose keys are at or after start and start with prefix, in order of their keys. */
  *range(prefix: string, start: string): Generator<V> {
    const from = start > prefix ? start : prefix
    for (let index = this.#chunkOf(from); index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index] ?? []
      for (let at = lowerBound(chunk, from); at < chunk.length; at++) {
        const key = chunk[at] ?? ''
        if (!key.startsWith(prefix)) return
        const value = this.#values.get(key)
        if (value !== undefined) yield value
      }
    }
  }

  /** How many keys range would walk, by chunks instead of keys. */
  countFrom(prefix: string, start: string): number {
    const from = start > prefix ? start : prefix
    let count = 0
    for (let index = this.#chunkOf(from); index < this.#chunks.length; index++) {
      const chunk = this.#chunks[index] ?? []
      const first = lowerBound(chunk, from)
      if (chunk.at(-1)?.startsWith(prefix) === true) {
        count += chunk.length - first
        continue
      }
      for (let at = first; at < chunk.length && chunk[at]?.startsWith(prefix) === true; at++) count++
      return count
    }
    return count
  }

  #insert(key: string): void {
    const index = this.#chunkOf(key)
    const chunk = this.#chunks[index]
    if (chunk === undefined) {
      const last = this.#chunks.at(-1)
      if (last === undefined || last.length >= CHUNK) this.#chunks.push([key])
      else last.push(key)
      return
    }
    chunk.splice(lowerBound(chunk, key), 0, key)
    if (chunk.length > CHUNK) this.#chunks.splice(index + 1, 0, chunk.splice(CHUNK / 2))
  }

  /** The first chunk whose last key is not before this one; the number of chunks where all are. */
  #chunkOf(key: string): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#chunks[middle]?.at(-1) ?? '') < key) low = middle + 1
      else high = middle
    }
    return low
  }
}

function lowerBound(sorted: readonly string[], key: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}
