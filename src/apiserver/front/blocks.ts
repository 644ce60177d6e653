import { utf8Into } from '../../words/bytes.ts'
import { BLOCK_BYTES, type ByteSink, type CopyingSink } from '../http.ts'

/**
 * Bytes and texts one after the other, written in blocks of one length, which pass between threads in memory that both see. Bytes of its
 * own for each text would bring about one full collection after the other.
 */
export class Blocks {
  readonly #sink: ByteSink
  #block = new Uint8Array(BLOCK_BYTES)
  #used = 0
  mustWait = false

  constructor(sink: ByteSink) {
    this.#sink = sink
  }

  /** How many bytes that was. */
  add(part: Uint8Array | string): number {
    if (typeof part === 'string') return this.addText(part)
    this.addBytes(part)
    return part.length
  }

  /** How many bytes that was. */
  addText(text: string): number {
    let bytes = 0
    for (let rest = text; ;) {
      const { read, written } = utf8Into(rest, this.#block.subarray(this.#used))
      this.#used += written
      bytes += written
      if (this.#used === BLOCK_BYTES || read < rest.length) this.flush()
      if (read === rest.length) return bytes
      rest = rest.slice(read)
    }
  }

  addBytes(bytes: Uint8Array): void {
    for (let taken = 0; taken < bytes.length;) {
      const part = bytes.length - taken <= BLOCK_BYTES - this.#used
        ? bytes.subarray(taken)
        : bytes.subarray(taken, taken + BLOCK_BYTES - this.#used)
      this.#block.set(part, this.#used)
      this.#used += part.length
      taken += part.length
      if (this.#used === BLOCK_BYTES) this.flush()
    }
  }

  flush(): void {
    if (this.#used === 0) return
    const bytes = this.#used === BLOCK_BYTES ? this.#block : this.#block.subarray(0, this.#used)
    this.#used = 0
    if (!this.#pass(bytes)) this.mustWait = true
  }

  #pass(bytes: Uint8Array): boolean {
    if (isCopying(this.#sink)) return this.#sink.writeCopy(bytes)
    // The sink may keep what it was given.
    this.#block = new Uint8Array(BLOCK_BYTES)
    return this.#sink.write(bytes)
  }

  drained(): Promise<void> {
    this.mustWait = false
    return this.#sink.drained()
  }
}

function isCopying(sink: ByteSink): sink is CopyingSink {
  return 'writeCopy' in sink
}
