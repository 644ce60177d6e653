import { parseSloppyIp } from '../../objects/ports-and-addresses.ts'

/** IPv4 addresses as numbers: 10.96.0.1 is 0x0a600001. */
export interface Ipv4Range {
  readonly cidr: string
  /** Without the network's own address. */
  readonly first: number
  /** Without the broadcast address. */
  readonly last: number
}

/** In each way that the API takes: 010.96.0.1 and ::ffff:10.96.0.1 are 10.96.0.1. */
export function parseIpv4(text: string): number | undefined {
  const ip = parseSloppyIp(text)
  return ip?.family === 4 ? Number(ip.value) : undefined
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.')
}

const SMALLEST_PREFIX_BITS = 8
const LARGEST_PREFIX_BITS = 28

/** 10.96.0.0/16 -> 10.96.0.1 to 10.96.255.254. Throws where the text is no such range: a defect of the configuration. */
export function parseServiceRange(cidr: string): Ipv4Range {
  const [base = '', bits = ''] = cidr.split('/')
  const address = parseIpv4(base)
  const prefixBits = Number(bits)
  const isPrefix = /^\d+$/.test(bits) && prefixBits >= SMALLEST_PREFIX_BITS && prefixBits <= LARGEST_PREFIX_BITS
  const size = 2 ** (32 - prefixBits)
  if (address === undefined || formatIpv4(address) !== base || !isPrefix || address % size !== 0) {
    throw new Error(
      `service range ${JSON.stringify(cidr)}: give an IPv4 network such as 10.96.0.0/16, with a prefix of 8 to 28 bits and no host bits set`,
    )
  }
  return { cidr, first: address + 1, last: address + size - 2 }
}
