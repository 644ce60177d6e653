import type { Integer } from '../../objects/json.ts'
import { assert } from '../../words/assert.ts'

const FIRST_BYTES = 4096
const TWO_TO_32 = 0x1_0000_0000
const encoder = new TextEncoder()

/**
 * Writes a message from its end to its start, so that the length of what is embedded is known when it is due: fields come in
 * descending order, and a field's content before its tag. One writer serves message after message.
 */
export class WireWriter {
  #bytes = new Uint8Array(FIRST_BYTES)
  /** Everything from here on is written. */
  #start = FIRST_BYTES

  /** How much is written so far: to be given to embedded or to begin with again. */
  get written(): number {
    return this.#bytes.length - this.#start
  }

  /** What was written, in a copy of its own; the writer is empty then. */
  take(): Uint8Array {
    const taken = this.#bytes.slice(this.#start)
    this.#start = this.#bytes.length
    return taken
  }

  /** Two's complement of 64 bits: what is below zero takes ten bytes. */
  number(field: number, value: Integer): void {
    this.#varint(value)
    this.#tag(field, 0)
  }

  double(field: number, value: number): void {
    const view = new DataView(this.#room(8).buffer)
    view.setFloat64(this.#start, value, true)
    this.#tag(field, 1)
  }

  text(field: number, value: string): void {
    const before = this.written
    this.#text(value)
    this.embedded(field, before)
  }

  bytes(field: number, value: Uint8Array): void {
    this.#room(value.length).set(value, this.#start)
    this.#varint(value.length)
    this.#tag(field, 2)
  }

  /** Everything since before is the content of a field. */
  embedded(field: number, before: number): void {
    this.#varint(this.written - before)
    this.#tag(field, 2)
  }

  /** The length of everything that is written, as four bytes, big-endian. */
  length(): void {
    const { written } = this
    const bytes = this.#room(4)
    new DataView(bytes.buffer).setUint32(this.#start, written)
  }

  /** Bytes as they are, in front of all others. */
  raw(value: Uint8Array): void {
    this.#room(value.length).set(value, this.#start)
  }

  /** Names and most values are ASCII. */
  #text(value: string): void {
    const bytes = this.#room(value.length)
    const at = this.#start
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index)
      if (code >= 0x80) {
        this.#start += value.length
        this.raw(encoder.encode(value))
        return
      }
      bytes[at + index] = code
    }
  }

  #tag(field: number, wireType: number): void {
    this.#varint(field * 8 + wireType)
  }

  #varint(value: Integer): void {
    if (typeof value === 'bigint') return this.#halves(Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n)))
    assert(Number.isFinite(value), 'a number on the wire is finite')
    this.#halves(value >>> 0, Math.floor(value / TWO_TO_32) >>> 0)
  }

  /** A number of 64 bits by its lower and upper 32. */
  #halves(lower: number, upper: number): void {
    let low = lower
    let high = upper
    if (high === 0 && low < 0x80) {
      this.#room(1)[this.#start] = low
      return
    }
    let length = 0
    const parts: number[] = []
    do {
      parts.push(low & 0x7f)
      low = ((low >>> 7) | (high << 25)) >>> 0
      high >>>= 7
      length++
    } while (low !== 0 || high !== 0)
    const bytes = this.#room(length)
    for (let index = 0; index < length; index++) bytes[this.#start + index] = (parts[index] ?? 0) | (index === length - 1 ? 0 : 0x80)
  }

  /** So many bytes in front of what is written; the buffer that holds them from #start on. */
  #room(count: number): Uint8Array<ArrayBuffer> {
    if (count > this.#start) this.#grow(count)
    this.#start -= count
    return this.#bytes
  }

  #grow(count: number): void {
    const written = this.written
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, written + count))
    larger.set(this.#bytes.subarray(this.#start), larger.length - written)
    this.#start = larger.length - written
    this.#bytes = larger
  }
}
