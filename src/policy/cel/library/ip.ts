import { formatIp, parseIp, type IpAddress } from '../../../objects/ports-and-addresses.ts'
import { declare, member, overload, type FunctionDeclaration } from '../declaration.ts'
import type { Library } from '../environment.ts'
import { boolType, intType, opaqueType, stringType } from '../types.ts'
import { CelError, type OpaqueValue } from '../values.ts'
import { addressProblem } from './address-problem.ts'
import { traversal } from './standard.ts'

const TYPE_NAME = 'net.IP'
export const ipType = opaqueType(TYPE_NAME)

export class IpValue implements OpaqueValue {
  readonly kind = 'opaque'
  readonly typeName = TYPE_NAME
  readonly address: IpAddress

  constructor(address: IpAddress) {
    this.address = address
  }

  get size(): number {
    return this.address.family === 4 ? 4 : 16
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof IpValue && other.address.family === this.address.family && other.address.value === this.address.value
  }
}

/** ::ffff:1.2.3.4, an IPv4 address in disguise: refused, so that every address has one spelling. */
export function isMapped(address: IpAddress): boolean {
  return address.family === 6 && address.value >> 32n === 0xffffn
}

export function parseAddress(text: string): IpValue | CelError {
  const address = parseIp(text)
  if (address === undefined) {
    const zone = /%./.test(text) && parseIp(text.slice(0, text.indexOf('%'))) !== undefined
    return new CelError(zone
      ? `IP address ${JSON.stringify(text)} with zone value is not allowed`
      : `IP Address ${JSON.stringify(text.slice(0, 60))} parse error during conversion from string: ${addressProblem(text)}`)
  }
  return isMapped(address) ? new CelError(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`) : new IpValue(address)
}

/** Whether the first bits of the address are those. */
function startsWith(address: IpAddress, family: 4 | 6, bits: number, prefix: bigint): boolean {
  return address.family === family && address.value >> BigInt((family === 4 ? 32 : 128) - bits) === prefix
}

function isUnspecified(address: IpAddress): boolean {
  return address.value === 0n
}

function isLoopback(address: IpAddress): boolean {
  return startsWith(address, 4, 8, 127n) || (address.family === 6 && address.value === 1n)
}

function isLinkLocalUnicast(address: IpAddress): boolean {
  return startsWith(address, 4, 16, 0xa9fen) || startsWith(address, 6, 10, 0xfe80n >> 6n)
}

function isLinkLocalMulticast(address: IpAddress): boolean {
  // The scope is the fourth hexadecimal digit; the flags before it may be anything.
  return startsWith(address, 4, 24, 0xe00000n) || (address.family === 6 && (address.value >> 112n & 0xff0fn) === 0xff02n)
}

function isMulticast(address: IpAddress): boolean {
  return startsWith(address, 4, 4, 0xen) || startsWith(address, 6, 8, 0xffn)
}

function isGlobalUnicast(address: IpAddress): boolean {
  const isBroadcast = address.family === 4 && address.value === 0xffffffffn
  return !isBroadcast && !isUnspecified(address) && !isLoopback(address) && !isMulticast(address) && !isLinkLocalUnicast(address)
}

function question(name: string, id: string, holds: (address: IpAddress) => boolean): FunctionDeclaration {
  return declare(name, member(id, [ipType], boolType, ({ address }: IpValue) => holds(address)))
}

/** IP addresses: ip('10.0.0.1').isLoopback(). */
export const ipLibrary: Library = {
  name: 'kubernetes.net.ip',
  types: new Map([[TYPE_NAME, ipType]]),
  functions: [
    declare('ip', overload('string_to_ip', [stringType], ipType, parseAddress)),
    declare('isIP', overload('is_ip', [stringType], boolType, (text: string) => parseAddress(text) instanceof IpValue)),
    declare('ip.isCanonical', overload('ip_is_canonical', [stringType], boolType, (text: string) => {
      const parsed = parseAddress(text)
      return parsed instanceof CelError ? parsed : formatIp(parsed.address) === text
    })),
    declare('string', overload('ip_to_string', [ipType], stringType, ({ address }: IpValue) => formatIp(address))),
    declare('family', member('ip_family', [ipType], intType, ({ address }: IpValue) => BigInt(address.family))),
    question('isUnspecified', 'ip_is_unspecified', isUnspecified),
    question('isLoopback', 'ip_is_loopback', isLoopback),
    question('isLinkLocalMulticast', 'ip_is_link_local_multicast', isLinkLocalMulticast),
    question('isLinkLocalUnicast', 'ip_is_link_local_unicast', isLinkLocalUnicast),
    question('isGlobalUnicast', 'ip_is_global_unicast', isGlobalUnicast),
  ],
  costs: new Map([['string_to_ip', traversal()], ['isIP', traversal()], ['ip.isCanonical', traversal(0, 2)]]),
}
