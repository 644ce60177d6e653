/**
 * The protobuf wire format (proto3) for messages that are described as data. Small on purpose: the usual library brings descriptors and
 * reflection that cost the node agent a fifth of its memory, for a hundred messages whose fields fit on a page.
 */

type Coding =
  | { readonly kind: 'string' | 'bytes' | 'bool' | 'int32' | 'int64' | 'map' }
  | { readonly kind: 'list'; readonly item: Coding }
  | { readonly kind: 'message'; readonly type: MessageType }

/** A field with what may be given for it and what is read of it; types is never there, it only carries them. */
export interface Field<Input = unknown, Output = unknown> {
  readonly number: number
  readonly coding: Coding
  readonly types?: { readonly input: Input; readonly output: Output }
}

export type Fields = Readonly<Record<string, Field>>

export interface MessageType<F extends Fields = Fields> {
  readonly fields: F
  readonly entries: readonly (readonly [string, Field])[]
  readonly byNumber: ReadonlyMap<number, readonly [string, Field]>
}

/** What may be given to be written: every field may be left out. */
export type InputOf<T> =
  T extends MessageType<infer F> ? { readonly [K in keyof F]?: (F[K] extends Field<infer I> ? I : never) | undefined } : never

/** What is read: absent values are '', 0, false, [], {}; an absent message is undefined. */
export type OutputOf<T> =
  T extends MessageType<infer F> ? { readonly [K in keyof F]: F[K] extends Field<unknown, infer O> ? O : never } : never

/** Describes a message: message({ name: text(1), uid: text(2) }). */
export function message<F extends Fields>(fields: F): MessageType<F> {
  const entries = Object.entries(fields)
  return { fields, entries, byNumber: new Map(entries.map((entry) => [entry[1].number, entry])) }
}

export const text = (number: number): Field<string, string> => ({ number, coding: { kind: 'string' } })
export const bytes = (number: number): Field<Uint8Array, Uint8Array> => ({ number, coding: { kind: 'bytes' } })
export const bool = (number: number): Field<boolean, boolean> => ({ number, coding: { kind: 'bool' } })
/** uint32 and enums too. */
export const int32 = (number: number): Field<number, number> => ({ number, coding: { kind: 'int32' } })
/** uint64 too: nothing here passes 2^63. */
export const int64 = (number: number): Field<bigint, bigint> => ({ number, coding: { kind: 'int64' } })
/** map<string, string> */
export const textMap = (number: number): Field<Readonly<Record<string, string>>, Readonly<Record<string, string>>> => (
  { number, coding: { kind: 'map' } })

/** A message inside a message. */
export function inner<T extends MessageType>(number: number, type: T): Field<InputOf<T>, OutputOf<T> | undefined> {
  return { number, coding: { kind: 'message', type } }
}

/** list(text(3)) is a repeated field with number 3. */
export function list<I, O>(item: Field<I, O>): Field<readonly I[], readonly Exclude<O, undefined>[]> {
  return { number: item.number, coding: { kind: 'list', item: item.coding } }
}

export function encodeMessage<T extends MessageType>(type: T, value: InputOf<T>): Buffer {
  const output = { buffer: Buffer.allocUnsafe(512), length: 0 }
  writeFields(output, type, value)
  return output.buffer.subarray(0, output.length)
}

export function decodeMessage<T extends MessageType>(type: T, input: Uint8Array): OutputOf<T> {
  // The result is built from the same fields that its type is computed from.
  const buffer = input instanceof Buffer ? input : Buffer.from(input.buffer, input.byteOffset, input.byteLength)
  return readFields({ buffer, at: 0 }, type, input.length) as OutputOf<T>
}

interface Output {
  buffer: Buffer
  length: number
}

const VARINT_LIMIT_BYTES = 10
const WIRE = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const

function writeFields(output: Output, type: MessageType, value: Readonly<Record<string, unknown>>): void {
  for (const [name, field] of type.entries) {
    const given = value[name]
    if (given !== undefined) writeField(output, field.number, field.coding, given)
  }
}

function writeField(output: Output, number: number, coding: Coding, value: unknown): void {
  switch (coding.kind) {
    case 'list': {
      for (const item of value as readonly unknown[]) writeItem(output, number, coding.item, item)
      return
    }
    case 'map': {
      for (const [key, entry] of Object.entries(value as Readonly<Record<string, string>>)) {
        writeDelimited(output, number, encodeMessage(MAP_ENTRY, { key, value: entry }))
      }
      return
    }
    // proto3 does not write the default of a field, except in a list.
    default:
      if (value !== '' && value !== false && value !== 0 && value !== 0n) writeItem(output, number, coding, value)
  }
}

function writeItem(output: Output, number: number, coding: Coding, value: unknown): void {
  switch (coding.kind) {
    case 'string': return writeDelimited(output, number, Buffer.from(value as string))
    case 'bytes': return writeDelimited(output, number, value as Uint8Array)
    case 'message': return writeDelimited(output, number, encodeMessage(coding.type, value as InputOf<MessageType>))
    default:
      writeVarint(output, BigInt(number * 8 + WIRE.varint))
      writeVarint(output, BigInt(value as number | bigint | boolean))
  }
}

function writeDelimited(output: Output, number: number, content: Uint8Array): void {
  writeVarint(output, BigInt(number * 8 + WIRE.delimited))
  writeVarint(output, BigInt(content.length))
  reserve(output, content.length)
  output.buffer.set(content, output.length)
  output.length += content.length
}

/** Negative numbers are written as 64-bit two's complement: ten bytes. */
function writeVarint(output: Output, value: bigint): void {
  reserve(output, 10)
  let rest = BigInt.asUintN(64, value)
  while (rest > 0x7fn) {
    output.buffer[output.length] = Number(rest & 0x7fn) | 0x80
    output.length += 1
    rest >>= 7n
  }
  output.buffer[output.length] = Number(rest)
  output.length += 1
}

function reserve(output: Output, more: number): void {
  if (output.length + more <= output.buffer.length) return
  const larger = Buffer.allocUnsafe(Math.max(output.buffer.length * 2, output.length + more))
  output.buffer.copy(larger, 0, 0, output.length)
  output.buffer = larger
}

interface Input {
  readonly buffer: Buffer
  at: number
}

function readFields(input: Input, type: MessageType, end: number): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [name, field] of type.entries) result[name] = defaultOf(field.coding)
  while (input.at < end) {
    const tag = readNumber(input, end)
    const found = type.byNumber.get(Math.floor(tag / 8))
    if (found === undefined) skip(input, tag % 8, end)
    else result[found[0]] = readField(input, found[1].coding, { wire: tag % 8, end, before: result[found[0]] })
  }
  return result
}

interface Reading {
  readonly wire: number
  readonly end: number
  /** The value until now: a list or a map of this very message, which is added to. */
  readonly before: unknown
}

function readField(input: Input, coding: Coding, reading: Reading): unknown {
  const { wire, end, before } = reading
  if (coding.kind === 'map') {
    const entry = decodeMessage(MAP_ENTRY, readDelimited(input, end))
    const map = before as Record<string, string>
    map[entry.key] = entry.value
    return map
  }
  if (coding.kind !== 'list') return readItem(input, coding, end)
  const items = before as unknown[]
  const isNumber = coding.item.kind === 'int32' || coding.item.kind === 'int64' || coding.item.kind === 'bool'
  if (!isNumber || wire !== WIRE.delimited) {
    items.push(readItem(input, coding.item, end))
    return items
  }
  // Numbers come packed: one length, then one after the other.
  const packed = { buffer: Buffer.from(readDelimited(input, end)), at: 0 }
  while (packed.at < packed.buffer.length) items.push(readItem(packed, coding.item, packed.buffer.length))
  return items
}

function readItem(input: Input, coding: Coding, end: number): unknown {
  switch (coding.kind) {
    case 'string': return readDelimited(input, end).toString('utf8')
    case 'bytes': return Uint8Array.from(readDelimited(input, end))
    case 'bool': return readNumber(input, end) !== 0
    case 'int32': return readNumber(input, end) | 0
    case 'int64': return BigInt.asIntN(64, readVarint(input, end))
    case 'message': return decodeMessage(coding.type, readDelimited(input, end))
    default: throw new Error('a list of lists is not a protobuf field')
  }
}

function readDelimited(input: Input, end: number): Buffer {
  const length = readNumber(input, end)
  if (input.at + length > end) throw new Error('a protobuf message ends too early')
  const content = input.buffer.subarray(input.at, input.at + length)
  input.at += length
  return content
}

/** The lowest 32 bits of a number, unsigned: all that tags, lengths and small values have. */
function readNumber(input: Input, end: number): number {
  let value = 0
  for (let index = 0; index < VARINT_LIMIT_BYTES; index += 1) {
    const byte = nextByte(input, end)
    if (index < 5) value |= (byte & 0x7f) << (index * 7)
    if (byte < 0x80) return value >>> 0
  }
  throw new Error('a protobuf number is longer than ten bytes')
}

function readVarint(input: Input, end: number): bigint {
  let value = 0n
  for (let index = 0; index < VARINT_LIMIT_BYTES; index += 1) {
    const byte = nextByte(input, end)
    value |= BigInt(byte & 0x7f) << BigInt(index * 7)
    if (byte < 0x80) return BigInt.asUintN(64, value)
  }
  throw new Error('a protobuf number is longer than ten bytes')
}

function nextByte(input: Input, end: number): number {
  const byte = input.at < end ? input.buffer[input.at] : undefined
  if (byte === undefined) throw new Error('a protobuf message ends too early')
  input.at += 1
  return byte
}

/** Fields that are not described here: of newer versions, or of no use. */
function skip(input: Input, wire: number, end: number): void {
  if (wire === WIRE.varint) readNumber(input, end)
  else if (wire === WIRE.delimited) readDelimited(input, end)
  else if (wire === WIRE.fixed64) input.at += 8
  else if (wire === WIRE.fixed32) input.at += 4
  else throw new Error(`a protobuf field has the unknown wire type ${wire}`)
}

function defaultOf(coding: Coding): unknown {
  switch (coding.kind) {
    case 'string': return ''
    case 'bytes': return new Uint8Array(0)
    case 'bool': return false
    case 'int32': return 0
    case 'int64': return 0n
    case 'list': return []
    case 'map': return {}
    case 'message': return undefined
  }
}

const MAP_ENTRY = message({ key: text(1), value: text(2) })
