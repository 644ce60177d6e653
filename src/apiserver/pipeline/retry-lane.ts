/**
 * Writers of one object that came into each other's way once take turns from then on, so that n of them cost n attempts
 * and not n squared. Writers that have not met a conflict do not queue.
 */
export class RetryLane {
  readonly #tails = new Map<string, Promise<void>>()

  /** Resolves when it is the caller's turn, with the function that gives the turn on. */
  async turn(key: string): Promise<() => void> {
    const before = this.#tails.get(key)
    let done: () => void = () => {}
    const mine = new Promise<void>((resolve) => {
      done = resolve
    })
    this.#tails.set(key, mine)
    await before
    return () => {
      if (this.#tails.get(key) === mine) this.#tails.delete(key)
      done()
    }
  }
}
