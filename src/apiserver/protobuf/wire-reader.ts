import { badRequest } from '../../words/status-error.ts'

/** One field as it stands on the wire: its number, and its content by wire type. */
export type WireField =
  | { readonly number: number; readonly type: 'varint'; readonly value: bigint }
  | { readonly number: number; readonly type: 'fixed64'; readonly bytes: Uint8Array }
  | { readonly number: number; readonly type: 'bytes'; readonly bytes: Uint8Array }
  | { readonly number: number; readonly type: 'fixed32'; readonly bytes: Uint8Array }

/** The fields of one message, in their order. Throws 400 where the bytes are no message. */
export function* wireFields(bytes: Uint8Array): Iterable<WireField> {
  const cursor = { at: 0 }
  while (cursor.at < bytes.length) {
    const tag = varint(bytes, cursor)
    const number = Number(tag >> 3n)
    if (number === 0) throw malformed('a field has the number 0')
    switch (Number(tag & 7n)) {
      case 0: yield { number, type: 'varint', value: varint(bytes, cursor) }; break
      case 1: yield { number, type: 'fixed64', bytes: take(bytes, cursor, 8) }; break
      case 2: yield { number, type: 'bytes', bytes: take(bytes, cursor, Number(varint(bytes, cursor))) }; break
      case 5: yield { number, type: 'fixed32', bytes: take(bytes, cursor, 4) }; break
      default: throw malformed(`field ${number} has a wire type that is not in use`)
    }
  }
}

/** Varints without tags, one after the other: a packed list of numbers. */
export function* packedVarints(bytes: Uint8Array): Iterable<bigint> {
  const cursor = { at: 0 }
  while (cursor.at < bytes.length) yield varint(bytes, cursor)
}

const MAX_VARINT_BYTES = 10

function varint(bytes: Uint8Array, cursor: { at: number }): bigint {
  let value = 0n
  for (let index = 0; index < MAX_VARINT_BYTES; index++) {
    const byte = bytes[cursor.at++]
    if (byte === undefined) throw malformed('it ends inside a number')
    value |= BigInt(byte & 0x7f) << BigInt(7 * index)
    if (byte < 0x80) return BigInt.asUintN(64, value)
  }
  throw malformed('a number is longer than 10 bytes')
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
