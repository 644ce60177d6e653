/** IPv4 addresses as numbers: 10.96.0.1 is 0x0a600001. */
export interface Ipv4Range {
  readonly cidr: string
  /** Without the network's own address. */
  readonly first: number
  /** Without the broadcast address. */
  readonly last: number
}

/** Undefined unless the text is four decimal numbers without leading zeros (a zero in front meant octal to some readers). */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let address = 0
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined
    address = address * 256 + Number(part)
  }
  return address
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
  if (address === undefined || !isPrefix || address % size !== 0) {
    throw new Error(
      `service range ${JSON.stringify(cidr)}: give an IPv4 network such as 10.96.0.0/16, with a prefix of 8 to 28 bits and no host bits set`,
    )
  }
  return { cidr, first: address + 1, last: address + size - 2 }
}
