import type { Integer } from '../../objects/json.ts'
import { integerFrom } from '../../objects/json-text.ts'
import { badRequest } from '../../words/status-error.ts'

/** One field as it stands on the wire: its number, and its content by wire type. */
export type WireField =
  | { readonly number: number; readonly type: 'varint'; readonly value: Integer }
  | { readonly number: number; readonly type: 'fixed64'; readonly bytes: Uint8Array }
  | { readonly number: number; readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly number: number; readonly type: 'fixed32'; readonly bytes: Uint8Array }

/** The fields of one message, in their order. Throws 400 where the bytes are no message. */
export function* wireFields(bytes: Uint8Array): Iterable<WireField> {
  const cursor = { at: 0 }
  while (cursor.at < bytes.length) {
    const tag = smallVarint(bytes, cursor)
    const number = tag >>> 3
    if (number === 0) throw malformed('a field has the number 0')
    switch (tag & 7) {
      case 0: yield { number, type: 'varint', value: varint(bytes, cursor) }; break
      case 1: yield { number, type: 'fixed64', bytes: take(bytes, cursor, 8) }; break
      case 2: yield { number, type: 'bytes', bytes: take(bytes, cursor, smallVarint(bytes, cursor)) }; break
      case 5: yield { number, type: 'fixed32', bytes: take(bytes, cursor, 4) }; break
      default: throw malformed(`field ${number} has a wire type that is not in use`)
    }
  }
}

/** Varints without tags, one after the other: a packed list of numbers. */
export function* packedVarints(bytes: Uint8Array): Iterable<Integer> {
  const cursor = { at: 0 }
  while (cursor.at < bytes.length) yield varint(bytes, cursor)
}

const MAX_VARINT_BYTES = 10
/** 49 bits: any sum of them is a safe integer. */
const PLAIN_VARINT_BYTES = 7

/** A signed number of 64 bits. */
function varint(bytes: Uint8Array, cursor: { at: number }): Integer {
  let value = 0
  let factor = 1
  for (let index = 0; index < PLAIN_VARINT_BYTES; index++) {
    const byte = bytes[cursor.at + index]
    if (byte === undefined) throw malformed('it ends inside a number')
    value += (byte & 0x7f) * factor
    if (byte < 0x80) {
      cursor.at += index + 1
      return value
    }
    factor *= 128
  }
  return longVarint(bytes, cursor)
}

function longVarint(bytes: Uint8Array, cursor: { at: number }): Integer {
  let value = 0n
  for (let index = 0; index < MAX_VARINT_BYTES; index++) {
    const byte = bytes[cursor.at++]
    if (byte === undefined) throw malformed('it ends inside a number')
    value |= BigInt(byte & 0x7f) << BigInt(7 * index)
    if (byte < 0x80) return integerFrom(BigInt.asIntN(64, value))
  }
  throw malformed('a number is longer than 10 bytes')
}

/** Tags and lengths have 32 bits: no need for big integers. */
function smallVarint(bytes: Uint8Array, cursor: { at: number }): number {
  let value = 0
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[cursor.at++]
    if (byte === undefined) throw malformed('it ends inside a number')
    value |= (byte & 0x7f) << shift
    if (byte < 0x80) return value >>> 0
  }
  throw malformed('a length is longer than 32 bits')
}

function take(bytes: Uint8Array, cursor: { at: number }, length: number): Uint8Array {
  const end = cursor.at + length
  if (end > bytes.length) throw malformed('it ends inside a field')
  const taken = bytes.subarray(cursor.at, end)
  cursor.at = end
  return taken
}

export function malformed(why: string): Error {
  return badRequest(`the body is not a valid protocol buffer: ${why}`)
}
