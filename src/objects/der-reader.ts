import { textOf } from '../words/bytes.ts'

/** Reads the Distinguished Encoding Rules (ITU-T X.690) of certificates and of requests for them. */
export interface DerValue {
  /** The first byte: class, whether it is constructed, and number. */
  readonly tag: number
  readonly content: Uint8Array
  /** With its tag and length: what a signature covers. */
  readonly whole: Uint8Array
}

export const DER = {
  boolean: 0x01, integer: 0x02, bitString: 0x03, octetString: 0x04, objectId: 0x06, utf8String: 0x0c, sequence: 0x30, set: 0x31,
  numericString: 0x12, printableString: 0x13, teletexString: 0x14, ia5String: 0x16, utcTime: 0x17, generalizedTime: 0x18, bmpString: 0x1e,
} as const

/** [0], [1], ... as certificates use them. */
export function contextTag(number: number, form: 'constructed' | 'primitive'): number {
  return 0x80 | (form === 'constructed' ? 0x20 : 0) | number
}

/** What is wrong with the bytes: they are no DER, or say something else than was expected. */
export class DerError extends Error {
  override readonly name = 'DerError'
}

/** The one value that the bytes are. */
export function readDer(bytes: Uint8Array): DerValue {
  const values = readDerAll(bytes)
  const [value] = values
  if (value === undefined || values.length !== 1) throw new DerError('malformed DER: there must be exactly one value')
  return value
}

/** The values that the bytes are, one after the other: the members of a sequence. */
export function readDerAll(bytes: Uint8Array): DerValue[] {
  const values: DerValue[] = []
  let offset = 0
  while (offset < bytes.length) {
    const value = valueAt(bytes, offset)
    values.push(value)
    offset += value.whole.length
  }
  return values
}

/** The members of a value that must have that tag. */
export function membersOf(value: DerValue | undefined, tag: number, what: string): DerValue[] {
  return readDerAll(contentOf(value, tag, what))
}

export function contentOf(value: DerValue | undefined, tag: number, what: string): Uint8Array {
  if (value?.tag !== tag) throw new DerError(`malformed ${what}`)
  return value.content
}

function valueAt(bytes: Uint8Array, offset: number): DerValue {
  const tag = bytes[offset]
  const first = bytes[offset + 1]
  if (tag === undefined || first === undefined) throw new DerError('malformed DER: truncated')
  if ((tag & 0x1f) === 0x1f) throw new DerError('malformed DER: unknown tag')
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f
  const start = offset + 2 + lengthBytes
  const length = lengthBytes === 0 ? first : longLength(bytes.subarray(offset + 2, start), lengthBytes)
  const end = start + length
  if (end > bytes.length) throw new DerError('malformed DER: truncated')
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(offset, end) }
}

/** The shortest form is the only one. */
function longLength(bytes: Uint8Array, count: number): number {
  if (count === 0 || count > 4 || bytes.length !== count || bytes[0] === 0) throw new DerError('malformed DER: bad length')
  const length = bytes.reduce((sum, byte) => sum * 256 + byte, 0)
  if (length < 0x80) throw new DerError('malformed DER: bad length')
  return length
}

/** 1.2.840.113549.1.9.14 */
export function objectIdText(content: Uint8Array): string {
  const numbers: number[] = []
  let number = 0
  for (const byte of content) {
    number = number * 128 + (byte & 0x7f)
    if (byte >= 0x80) continue
    numbers.push(number)
    number = 0
  }
  const [head = 0, ...rest] = numbers
  const first = Math.min(2, Math.floor(head / 40))
  return [first, head - 40 * first, ...rest].join('.')
}

/**
 * A text of any kind that names are written in. Who compares names must read them as who trusts them does: the same name in
 * another encoding is the same name.
 */
export function stringText(value: DerValue | undefined, what: string): string {
  const { tag, content } = value ?? { tag: undefined, content: new Uint8Array() }
  switch (tag) {
    case DER.utf8String: return textOf(content)
    case DER.numericString: case DER.printableString: case DER.ia5String: return asciiText(content, what)
    case DER.teletexString: return [...content].map((byte) => String.fromCharCode(byte)).join('')
    case DER.bmpString: return wideText(content, what)
    default: throw new DerError(`invalid ${what}: unsupported string type`)
  }
}

function asciiText(content: Uint8Array, what: string): string {
  if (content.some((byte) => byte > 0x7f)) throw new DerError(`invalid ${what}: it has other characters than its type allows`)
  return textOf(content)
}

/** UTF-16, the higher byte first, as far as it needs no pairs. */
function wideText(content: Uint8Array, what: string): string {
  if (content.length % 2 !== 0) throw new DerError(`invalid ${what}: it ends within a character`)
  const codes = Array.from({ length: content.length / 2 }, (_, index) => (content[2 * index] ?? 0) * 256 + (content[2 * index + 1] ?? 0))
  return codes.map((code) => String.fromCharCode(code)).join('')
}

/** The bits of a bit string, which in certificates are always whole bytes. */
export function bitStringBytes(value: DerValue | undefined, what: string): Uint8Array {
  const content = contentOf(value, DER.bitString, what)
  if (content.length === 0 || (content[0] ?? 0) > 7) throw new DerError(`malformed ${what}`)
  return content.subarray(1)
}
