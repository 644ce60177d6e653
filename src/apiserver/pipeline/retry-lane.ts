import { modified } from './metadata.ts'
import type { WriteRequest } from './write-request.ts'

const MAX_ATTEMPTS = 100

/**
 * Writers of one object that came into each other's way once take turns from then on, so that n of them cost n attempts
 * and not n squared. Writers that have not met a conflict do not queue.
 */
export class RetryLane {
  readonly #tails = new Map<string, Promise<void>>()

  /**
   * For a write of the key whose first attempt met another write: tried again until it meets none, which gives something else than
   * undefined. Throws 409 Conflict where it meets too many.
   */
  async again<T>(request: WriteRequest, key: string, attempt: () => Promise<T | undefined>): Promise<T> {
    const release = await this.#turn(key)
    try {
      for (let attempts = 2; attempts <= MAX_ATTEMPTS && !request.signal.aborted; attempts++) {
        const result = await attempt()
        if (result !== undefined) return result
      }
      throw modified(request.resource, request.key.name)
    } finally {
      release()
    }
  }

  /** Resolves when it is the caller's turn, with the function that gives the turn on. */
  async #turn(key: string): Promise<() => void> {
    const before = this.#tails.get(key)
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#tails.set(key, promise)
    await before
    return () => {
      if (this.#tails.get(key) === promise) this.#tails.delete(key)
      resolve()
    }
  }
}
