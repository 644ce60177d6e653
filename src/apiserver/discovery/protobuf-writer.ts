import { joinBytes, utf8 } from '../../words/bytes.ts'

/** The wire format of protocol buffers, as far as the OpenAPI document needs it. Each function gives the bytes of one field. */
export function textField(number: number, text: string): Uint8Array {
  return text === '' ? NOTHING : bytesField(number, utf8(text))
}

export function booleanField(number: number, value: boolean): Uint8Array {
  return value ? Uint8Array.of(...varint(number << 3), 1) : NOTHING
}

/** An embedded message; one without content still says that it is there. */
export function messageField(number: number, fields: readonly Uint8Array[]): Uint8Array {
  return bytesField(number, joinBytes(fields))
}

const NOTHING = new Uint8Array(0)
const LENGTH_DELIMITED = 2

function bytesField(number: number, bytes: Uint8Array): Uint8Array {
  const head = [...varint((number << 3) | LENGTH_DELIMITED), ...varint(bytes.length)]
  const whole = new Uint8Array(head.length + bytes.length)
  whole.set(head)
  whole.set(bytes, head.length)
  return whole
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  bytes.push(rest)
  return bytes
}
