import { present } from './assert.ts'
import type { Random } from './ports.ts'

/** No vowels, no 0/1/3: a random name never spells a word (the alphabet of Kubernetes' generated names). */
const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/** 00 to ff: an object's uid is made of these in a tenth of the time that formatting its bytes takes. */
const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** An RFC 9562 version 4 UUID. */
export function uuid(random: Random): string {
  const bytes = random.bytes(16)
  bytes[6] = (present(bytes[6], 'byte 6') & 0x0f) | 0x40
  bytes[8] = (present(bytes[8], 'byte 8') & 0x3f) | 0x80
  let text = ''
  for (let index = 0; index < 16; index += 1) {
    if (index === 4 || index === 6 || index === 8 || index === 10) text += '-'
    text += HEX[bytes[index] ?? 0] ?? ''
  }
  return text
}

/** The suffix of metadata.generateName: five characters of an alphabet that spells no words. */
export function nameSuffix(random: Random, length = 5): string {
  return Array.from(random.bytes(length), (byte) => NAME_ALPHABET.charAt(byte % NAME_ALPHABET.length)).join('')
}

/** Maps digits and letters to the alphabet of generated names, as pod-template-hash does. */
export function safeEncode(text: string): string {
  return Array.from(text, (c) => NAME_ALPHABET.charAt(c.charCodeAt(0) % NAME_ALPHABET.length)).join('')
}

/** A number in [0, 1) with 32 bits, for jitter. */
export function fraction(random: Random): number {
  const [a = 0, b = 0, c = 0, d = 0] = random.bytes(4)
  return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) / 0x1_0000_0000
}
