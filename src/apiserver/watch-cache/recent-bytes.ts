/** An object whose bytes can be made again. */
export interface Holder {
  /** Since it was last asked. */
  wasRead(): boolean
  giveUpBytes(): void
}

/**
 * Which objects keep their bytes beside what was parsed of them: those that were written or read last, up to a bound. Two generations: when
 * the young one has half of the bound, the old one's objects give up their bytes, but for those that were read meanwhile.
 */
export class RecentBytes {
  readonly #halfBytes: number
  #young = new Map<Holder, number>()
  #old = new Map<Holder, number>()
  #youngBytes = 0

  constructor(boundBytes: number) {
    this.#halfBytes = boundBytes / 2
  }

  add(holder: Holder, bytes: number): void {
    this.#young.set(holder, bytes)
    this.#youngBytes += bytes
    if (this.#youngBytes > this.#halfBytes) this.#turn()
  }

  remove(holder: Holder): void {
    const bytes = this.#young.get(holder)
    if (bytes === undefined) return void this.#old.delete(holder)
    this.#young.delete(holder)
    this.#youngBytes -= bytes
  }

  clear(): void {
    this.#young = new Map()
    this.#old = new Map()
    this.#youngBytes = 0
  }

  #turn(): void {
    const kept = new Map<Holder, number>()
    let keptBytes = 0
    for (const [holder, bytes] of this.#old) {
      if (holder.wasRead()) {
        kept.set(holder, bytes)
        keptBytes += bytes
      } else holder.giveUpBytes()
    }
    this.#old = this.#young
    this.#young = kept
    this.#youngBytes = keptBytes
  }
}
