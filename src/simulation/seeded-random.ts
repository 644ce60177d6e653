import { present } from '../words/assert.ts'
import type { Random } from '../words/ports.ts'

/** Randomness that a seed determines: sfc32 by Chris Doty-Humphrey (PractRand), public domain. */
export class SeededRandom implements Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number, stream = '') {
    this.#a = seed >>> 0
    this.#b = Math.floor(seed / 0x1_0000_0000) >>> 0
    this.#c = hashText(stream)
    for (let turn = 0; turn < 15; turn++) this.#next32()
  }

  /** A stream of its own, so that what one part draws does not shift what another one gets. */
  fork(stream: string): SeededRandom {
    return new SeededRandom(this.#next32(), stream)
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let index = 0; index < length; index++) bytes[index] = this.#next32() & 0xff
    return bytes
  }

  /** In [0, 1). */
  next(): number {
    return this.#next32() / 0x1_0000_0000
  }

  chance(share: number): boolean {
    return this.next() < share
  }

  /** A whole number from low to high, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  pick<T>(choices: readonly [T, ...T[]] | readonly T[]): T {
    return present(choices[this.between(0, choices.length - 1)], 'a choice')
  }

  #next32(): number {
    const result = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + result | 0
    return result >>> 0
  }
}

/** FNV-1a with 32 bits. */
export function hashText(text: string, start = 0x811c9dc5): number {
  let hash = start
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}
