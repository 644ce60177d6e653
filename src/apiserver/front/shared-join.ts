import { joinBytes } from '../../words/bytes.ts'

/**
 * Joins the frames of watchers that are told the same, one after the other, in the same turn: who comes with the very frames
 * of the one before gets its bytes. So a commit that 50 clients watch is joined once. Keeps the last result only.
 */
export class SharedJoin {
  #frames: readonly Uint8Array[] = []
  #joined: Uint8Array = new Uint8Array(0)

  join(frames: readonly Uint8Array[]): Uint8Array {
    const [first] = frames
    if (frames.length === 1 && first !== undefined) return first
    if (this.#isLast(frames)) return this.#joined
    this.#frames = frames
    this.#joined = joinBytes(frames)
    return this.#joined
  }

  #isLast(frames: readonly Uint8Array[]): boolean {
    if (frames.length !== this.#frames.length) return false
    for (let index = 0; index < frames.length; index++) if (frames[index] !== this.#frames[index]) return false
    return true
  }
}
