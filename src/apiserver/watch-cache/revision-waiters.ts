import type { Revision } from '../../store/store.ts'

interface Waiter {
  readonly revision: Revision
  readonly resolve: () => void
}

/** Those who wait until a revision is there. Most wait for the next one, all writers of a group together. */
export class RevisionWaiters {
  #waiting: Waiter[] = []

  get size(): number {
    return this.#waiting.length
  }

  /** Resolves when the revision is there, or the signal aborts: who has given up is forgotten, whatever revision he wanted. */
  wait(revision: Revision, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve()
      const waiter = { revision, resolve }
      this.#waiting.push(waiter)
      signal?.addEventListener('abort', () => {
        this.#waiting = this.#waiting.filter((other) => other !== waiter)
        resolve()
      }, { once: true })
    })
  }

  /** Everything up to this revision is there. */
  reached(revision: Revision): void {
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    this.#waiting = waiting.filter((waiter) => waiter.revision > revision)
    if (this.#waiting.length === waiting.length) return
    for (const waiter of waiting) if (waiter.revision <= revision) waiter.resolve()
  }
}
