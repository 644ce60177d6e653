import { utf8 } from '../../words/bytes.ts'

/**
 * The wire format of protocol buffers, as far as the OpenAPI document needs it. A field is a string with a character for each
 * byte: the engine joins strings without copying, so that deep nesting costs nothing; bytesOf turns the outermost into bytes.
 */
export type Encoded = string

export function textField(number: number, text: string): Encoded {
  return text === '' ? '' : delimited(number, binaryText(text))
}

export function booleanField(number: number, value: boolean): Encoded {
  return value ? `${varint(number << 3)}\u0001` : ''
}

/** An embedded message; one without content still says that it is there. */
export function messageField(number: number, fields: readonly Encoded[]): Encoded {
  return delimited(number, fields.join(''))
}

/** The same of fields that are bytes already. */
export function messageOf(number: number, fields: readonly Uint8Array[]): readonly Uint8Array[] {
  const length = fields.reduce((sum, field) => sum + field.length, 0)
  return [bytesOf(varint((number << 3) | LENGTH_DELIMITED) + varint(length)), ...fields]
}

export function bytesOf(encoded: Encoded): Uint8Array {
  const bytes = new Uint8Array(encoded.length)
  for (let index = 0; index < encoded.length; index++) bytes[index] = encoded.charCodeAt(index)
  return bytes
}

const LENGTH_DELIMITED = 2

function delimited(number: number, content: Encoded): Encoded {
  return varint((number << 3) | LENGTH_DELIMITED) + varint(content.length) + content
}

function binaryText(text: string): Encoded {
  const bytes = utf8(text)
  // As many bytes as characters: all of them ASCII.
  return bytes.length === text.length ? text : Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')
}

function varint(value: number): Encoded {
  if (value < 0x80) return String.fromCharCode(value)
  return String.fromCharCode((value & 0x7f) | 0x80) + varint(value >>> 7)
}
