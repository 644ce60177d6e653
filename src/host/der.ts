/** Distinguished encoding rules (ITU-T X.690), as far as certificates need them: every value is tag, length, contents. */
const TAG = {
  boolean: 0x01, integer: 0x02, bitString: 0x03, octetString: 0x04, oid: 0x06, utf8: 0x0c, utcTime: 0x17, generalizedTime: 0x18,
  sequence: 0x30, set: 0x31,
}

function encode(tag: number, contents: Uint8Array): Buffer {
  const length = contents.length
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), contents])
  const digits = Buffer.from(length.toString(16).padStart(length > 0xffff ? 6 : length > 0xff ? 4 : 2, '0'), 'hex')
  return Buffer.concat([Buffer.from([tag, 0x80 | digits.length]), digits, contents])
}

export function sequence(...items: readonly Uint8Array[]): Buffer {
  return encode(TAG.sequence, Buffer.concat(items))
}

export function setOf(item: Uint8Array): Buffer {
  return encode(TAG.set, item)
}

/** A value with a context tag, as [0] EXPLICIT is written. */
export function tagged(number: number, contents: Uint8Array): Buffer {
  return encode(0xa0 | number, contents)
}

/** A primitive value whose own tag is replaced, as [2] IMPLICIT IA5String is written. */
export function taggedPrimitive(number: number, contents: Uint8Array): Buffer {
  return encode(0x80 | number, contents)
}

/** Bytes of a positive number, most significant first. */
export function integer(bytes: Uint8Array): Buffer {
  const isNegative = ((bytes[0] ?? 0) & 0x80) !== 0
  return encode(TAG.integer, isNegative ? Buffer.concat([Buffer.from([0]), bytes]) : bytes)
}

export function booleanTrue(): Buffer {
  return encode(TAG.boolean, Buffer.from([0xff]))
}

export function octetString(contents: Uint8Array): Buffer {
  return encode(TAG.octetString, contents)
}

/** unusedBits: how many of the last byte's lowest bits say nothing. */
export function bitString(contents: Uint8Array, unusedBits = 0): Buffer {
  return encode(TAG.bitString, Buffer.concat([Buffer.from([unusedBits]), contents]))
}

export function utf8String(text: string): Buffer {
  return encode(TAG.utf8, Buffer.from(text, 'utf8'))
}

/** 1.2.840.10045.4.3.2: the first two numbers share a byte, the others are written in base 128. */
export function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const part of rest) {
    const digits = [part & 0x7f]
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128)) digits.unshift((left & 0x7f) | 0x80)
    bytes.push(...digits)
  }
  return encode(TAG.oid, Buffer.from(bytes))
}

/** RFC 5280 section 4.1.2.5: two digits for the year until 2049, four from 2050 on. */
export function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '')
  return date.getUTCFullYear() < 2050 ? encode(TAG.utcTime, Buffer.from(digits.slice(2))) : encode(TAG.generalizedTime, Buffer.from(digits))
}
