import { isLongerThan } from '../words/bytes.ts'
import { maxLengthMessage } from './names.ts'

/** Port names and numbers, IP addresses and CIDR ranges: parsing, and what is wrong with them in upstream's words. */
export interface IpAddress {
  readonly family: 4 | 6
  readonly value: bigint
}

export interface Cidr extends IpAddress {
  readonly prefixBits: number
}

/** Names of ports as IANA allows them (RFC 6335). */
export function portNameErrors(value: string): string[] {
  const errors = isLongerThan(value, 15) ? [maxLengthMessage(15)] : []
  if (!/^[-a-z0-9]+$/.test(value)) errors.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  if (!/[a-z]/.test(value)) errors.push('must contain at least one letter (a-z)')
  if (value.includes('--')) errors.push('must not contain consecutive hyphens')
  if (value.startsWith('-') || value.endsWith('-')) errors.push('must not begin or end with a hyphen')
  return errors
}

export function portNumberErrors(value: number): string[] {
  return Number.isInteger(value) && value >= 1 && value <= 65535 ? [] : ['must be between 1 and 65535, inclusive']
}

/** Undefined when the text is no IPv4 or IPv6 address. Zones (%eth0) and leading zeros in IPv4 are refused. */
export function parseIp(text: string): IpAddress | undefined {
  const v4 = parseV4(text)
  if (v4 !== undefined) return { family: 4, value: v4 }
  const v6 = parseV6(text)
  return v6 === undefined ? undefined : { family: 6, value: v6 }
}

/**
 * As the API's older fields have it: leading zeros mean nothing (010.0.0.1 is 10.0.0.1), and an IPv4 address may be written as an IPv6 one
 * (::ffff:10.0.0.1, RFC 4291, 2.5.5.2).
 */
export function parseSloppyIp(text: string): IpAddress | undefined {
  const ip = parseIp(withoutZeros(text))
  return ip?.family === 6 && ip.value >> 32n === 0xffffn ? { family: 4, value: ip.value & 0xffffffffn } : ip
}

/** As other programs read it too: many take 010.0.0.1, which the API accepts, for 8.0.0.1. What is no address stays as it is. */
export function plainAddress(text: string): string {
  if (PLAIN_V4.test(text)) return text
  const ip = parseSloppyIp(text)
  return ip === undefined ? text : formatIp(ip)
}

const PLAIN_V4 = /^[1-9]\d{0,2}(?:\.(?:0|[1-9]\d{0,2})){3}$/

function withoutZeros(text: string): string {
  return text.replace(/(^|[.:/])0+(?=[0-9a-fA-F])/g, '$1')
}

function parseV4(text: string): bigint | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)
  if (match === null) return undefined
  let value = 0
  for (const part of match.slice(1)) {
    if (Number(part) > 255 || (part.length > 1 && part.startsWith('0'))) return undefined
    value = value * 256 + Number(part)
  }
  return BigInt(value)
}

function parseV6(text: string): bigint | undefined {
  if (text.length > 45 || !/^[0-9a-fA-F:.]+$/.test(text)) return undefined
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const groups = halves.map((half, index) => parseGroups(half, index === halves.length - 1))
  const [head, tail] = groups
  if (head === undefined) return undefined
  let words = head
  if (halves.length === 2) {
    if (tail === undefined || head.length + tail.length > 7) return undefined
    words = [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail]
  }
  if (words.length !== 8) return undefined
  return words.reduce((value, word) => (value << 16n) | BigInt(word), 0n)
}

/** The 16-bit groups of one side of '::'; the last side may end in a dotted IPv4 address. */
function parseGroups(half: string, isLast: boolean): number[] | undefined {
  if (half === '') return []
  const parts = half.split(':')
  const words: number[] = []
  for (const [index, part] of parts.entries()) {
    if (isLast && index === parts.length - 1 && part.includes('.')) {
      const v4 = parseV4(part)
      if (v4 === undefined) return undefined
      words.push(Number(v4 >> 16n), Number(v4 & 0xffffn))
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) words.push(Number.parseInt(part, 16))
    else return undefined
  }
  return words
}

/** The address in its canonical text form (RFC 5952 for IPv6). */
export function formatIp(ip: IpAddress): string {
  if (ip.family === 6 && ip.value >> 32n === 0xffffn) return `::ffff:${formatIp({ family: 4, value: ip.value })}`
  if (ip.family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((ip.value >> shift) & 0xffn)).join('.')
  const words = Array.from({ length: 8 }, (_, index) => Number((ip.value >> BigInt(112 - 16 * index)) & 0xffffn))
  let best = { start: 0, length: 0 }
  for (let start = 0; start < 8; start++) {
    let length = 0
    while (start + length < 8 && words[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  const hex = words.map((word) => word.toString(16))
  if (best.length < 2) return hex.join(':')
  return `${hex.slice(0, best.start).join(':')}::${hex.slice(best.start + best.length).join(':')}`
}

/** 10.0.0.0/8, fd00::/8. The host bits are kept: see networkOf. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf('/')
  if (slash === -1) return undefined
  const ip = parseIp(text.slice(0, slash))
  const bits = text.slice(slash + 1)
  if (ip === undefined || !/^(0|[1-9]\d{0,2})$/.test(bits)) return undefined
  const prefixBits = Number(bits)
  return prefixBits > (ip.family === 4 ? 32 : 128) ? undefined : { ...ip, prefixBits }
}

/** As the API's older fields have it: 010.0.0.0/08 is 10.0.0.0/8. */
export function parseSloppyCidr(text: string): Cidr | undefined {
  return parseCidr(withoutZeros(text))
}

/** The first address of the range. */
export function networkOf(cidr: Cidr): IpAddress {
  const hostBits = BigInt((cidr.family === 4 ? 32 : 128) - cidr.prefixBits)
  return { family: cidr.family, value: (cidr.value >> hostBits) << hostBits }
}

export function cidrContains(cidr: Cidr, ip: IpAddress): boolean {
  if (cidr.family !== ip.family) return false
  const hostBits = BigInt((cidr.family === 4 ? 32 : 128) - cidr.prefixBits)
  return cidr.value >> hostBits === ip.value >> hostBits
}

export function ipErrors(value: string): string[] {
  return parseSloppyIp(value) === undefined ? ['must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'] : []
}

export function cidrErrors(value: string): string[] {
  return parseSloppyCidr(value) === undefined ? ['must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'] : []
}
