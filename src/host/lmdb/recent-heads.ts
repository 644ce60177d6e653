import type { Head } from '../../store/store.ts'

const KEYS_OF_A_GENERATION = 8192

/**
 * The heads of the keys that were written or asked for last, as they stand on the disk: most writes are about one of them, and need not
 * read it to be judged. Bounded: when the young generation is full it becomes the old one, and what was old is forgotten.
 */
export class RecentHeads {
  #young = new Map<string, Head>()
  #old = new Map<string, Head>()

  get(key: string): Head | undefined {
    return this.#young.get(key) ?? this.#old.get(key)
  }

  set(key: string, head: Head): void {
    if (this.#young.size >= KEYS_OF_A_GENERATION) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, head)
  }
}
