import type { Entry } from '../../store/store.ts'

const MAX_BYTES = 8 * 1024 * 1024

/**
 * The newest version of the keys that were written last, as it stands on the disk: most writes replace one of them, and need not
 * read it back to be judged. Bounded by the bytes of the values; the key that was not written for longest goes first.
 */
export class RecentEntries {
  readonly #entries = new Map<string, Entry>()
  #bytes = 0

  get(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  /** entry undefined: the key was deleted. */
  set(key: string, entry: Entry | undefined): void {
    this.#forget(key)
    if (entry === undefined) return
    this.#entries.set(key, entry)
    this.#bytes += entry.value.length
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= MAX_BYTES) return
      this.#forget(oldest)
    }
  }

  #forget(key: string): void {
    const known = this.#entries.get(key)
    if (known === undefined) return
    this.#entries.delete(key)
    this.#bytes -= known.value.length
  }
}
