import { BLOCK_BYTES } from '../../apiserver/http.ts'
import { fill } from '../response-writer.ts'

/** A LIST by each of 32 clients at once. */
const MAX_BLOCKS = 128

/** Memory that both threads see. Large answers pass through it: a buffer of its own for each piece would be new memory each time, which costs more than to fill it. */
export class SharedBlocks {
  readonly #blocks: Uint8Array[] = []
  readonly #free: number[] = []
  readonly #show: (block: number, buffer: SharedArrayBuffer) => void

  /** show: tells the other thread of a block, before it is used. */
  constructor(show: (block: number, buffer: SharedArrayBuffer) => void) {
    this.#show = show
  }

  /** The number of a block that is free, filled with the parts, which are as long as it is; undefined: all are under way. */
  fill(parts: readonly Uint8Array[]): number | undefined {
    const number = this.#free.pop() ?? this.#another()
    const block = number === undefined ? undefined : this.#blocks[number]
    if (block === undefined) return undefined
    fill(block, parts)
    return number
  }

  /** The other thread needs it no more. */
  free(block: number): void {
    this.#free.push(block)
  }

  #another(): number | undefined {
    if (this.#blocks.length === MAX_BLOCKS) return undefined
    const buffer = new SharedArrayBuffer(BLOCK_BYTES)
    const number = this.#blocks.push(new Uint8Array(buffer)) - 1
    this.#show(number, buffer)
    return number
  }
}
