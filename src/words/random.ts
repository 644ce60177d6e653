import { present } from './assert.ts'
import type { Random } from './ports.ts'

/** No vowels, no 0/1/3: a random name never spells a word (the alphabet of Kubernetes' generated names). */
const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/** An RFC 9562 version 4 UUID. */
export function uuid(random: Random): string {
  const bytes = random.bytes(16)
  bytes[6] = (present(bytes[6], 'byte 6') & 0x0f) | 0x40
  bytes[8] = (present(bytes[8], 'byte 8') & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
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
