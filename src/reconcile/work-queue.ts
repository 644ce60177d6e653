import { OldestFirst } from '../words/oldest-first.ts'

/** Keys in order of arrival, each at most once, never more than maxKeys: the owner must remember that one was turned away. */
export class WorkQueue {
  /** A Set keeps insertion order and drops duplicates. */
  readonly #keys = new Set<string>()
  readonly #oldest = new OldestFirst(this.#keys)
  readonly #maxKeys: number

  constructor(maxKeys: number) {
    this.#maxKeys = maxKeys
  }

  get size(): number {
    return this.#keys.size
  }

  /** False when the queue is full. */
  add(key: string): boolean {
    if (this.#keys.size >= this.#maxKeys && !this.#keys.has(key)) return false
    this.#keys.add(key)
    return true
  }

  take(): string | undefined {
    const key = this.#oldest.next()
    if (key !== undefined) this.#keys.delete(key)
    return key
  }
}
