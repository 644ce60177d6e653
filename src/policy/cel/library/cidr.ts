import { cidrContains, formatIp, networkOf, parseCidr, type Cidr } from '../../../objects/ports-and-addresses.ts'
import type { CallCosts } from '../call-cost.ts'
import { sizeForCost, STRING_FACTOR } from '../call-cost.ts'
import { declare, member, overload } from '../declaration.ts'
import type { Library } from '../environment.ts'
import { boolType, intType, opaqueType, stringType } from '../types.ts'
import { CelError, type OpaqueValue, type Value } from '../values.ts'
import { prefixProblem } from './address-problem.ts'
import { ipType, IpValue, isMapped, parseAddress } from './ip.ts'
import { traversal } from './standard.ts'

const TYPE_NAME = 'net.CIDR'
const cidrType = opaqueType(TYPE_NAME)

class CidrValue implements OpaqueValue {
  readonly kind = 'opaque'
  readonly typeName = TYPE_NAME
  readonly cidr: Cidr

  constructor(cidr: Cidr) {
    this.cidr = cidr
  }

  get size(): number {
    return Math.ceil(this.cidr.prefixBits / 8)
  }

  equals(other: OpaqueValue): boolean {
    if (!(other instanceof CidrValue)) return false
    return other.cidr.family === this.cidr.family && other.cidr.value === this.cidr.value && other.cidr.prefixBits === this.cidr.prefixBits
  }
}

function parse(text: string): CidrValue | CelError {
  const cidr = parseCidr(text)
  if (cidr === undefined) return new CelError(`network address parse error during conversion from string: ${prefixProblem(text)}`)
  return isMapped(cidr) ? new CelError(`IPv4-mapped IPv6 address ${JSON.stringify(text)} is not allowed`) : new CidrValue(cidr)
}

function masked({ cidr }: CidrValue): CidrValue {
  return new CidrValue({ ...networkOf(cidr), prefixBits: cidr.prefixBits })
}

function containsIp(range: CidrValue, address: IpValue): boolean {
  return cidrContains(range.cidr, address.address)
}

function containsCidr(outer: CidrValue, inner: CidrValue): boolean {
  return outer.cidr.prefixBits <= inner.cidr.prefixBits && cidrContains(outer.cidr, inner.cidr)
}

/** An error of the second operand is the answer. */
function withParsed<T extends Value>(parsed: T | CelError, use: (value: T) => Value): Value {
  return parsed instanceof CelError ? parsed : use(parsed)
}

function compareCost(args: readonly Value[]): number {
  return Math.ceil(sizeForCost(args[0] ?? null) * 2 * STRING_FACTOR)
}

function textCost(args: readonly Value[]): number {
  return Math.ceil(sizeForCost(args[1] ?? null) * STRING_FACTOR)
}

function maskCost(args: readonly Value[]): number {
  return Math.ceil(sizeForCost(args[0] ?? null) * STRING_FACTOR) + 1
}

const costs: CallCosts = new Map([
  ['cidr', traversal()],
  ['isCIDR', traversal()],
  ['cidr_contains_ip_ip', { before: compareCost }],
  ['cidr_contains_ip_string', { before: (args) => compareCost(args) + textCost(args) }],
  ['cidr_contains_cidr', { before: (args) => compareCost(args) + maskCost(args) }],
  ['cidr_contains_cidr_string', { before: (args) => compareCost(args) + maskCost(args) + textCost(args) }],
])

/** Address ranges: cidr('10.0.0.0/8').containsIP('10.1.2.3'). */
export const cidrLibrary: Library = {
  name: 'net.cidr',
  types: new Map([[TYPE_NAME, cidrType]]),
  costs,
  functions: [
    declare('cidr', overload('string_to_cidr', [stringType], cidrType, parse)),
    declare('isCIDR', overload('is_cidr', [stringType], boolType, (text: string) => parse(text) instanceof CidrValue)),
    declare('string', overload('cidr_to_string', [cidrType], stringType, ({ cidr }: CidrValue) => `${formatIp(cidr)}/${cidr.prefixBits}`)),
    declare('ip', member('cidr_ip', [cidrType], ipType, ({ cidr }: CidrValue) => new IpValue({ family: cidr.family, value: cidr.value }))),
    declare('prefixLength', member('cidr_prefix_length', [cidrType], intType, ({ cidr }: CidrValue) => BigInt(cidr.prefixBits))),
    declare('masked', member('cidr_masked', [cidrType], cidrType, masked)),
    declare(
      'containsIP',
      member('cidr_contains_ip_ip', [cidrType, ipType], boolType, containsIp),
      member('cidr_contains_ip_string', [cidrType, stringType], boolType, (range: CidrValue, text: string) => (
        withParsed(parseAddress(text), (address) => containsIp(range, address))
      )),
    ),
    declare(
      'containsCIDR',
      member('cidr_contains_cidr', [cidrType, cidrType], boolType, containsCidr),
      member('cidr_contains_cidr_string', [cidrType, stringType], boolType, (outer: CidrValue, text: string) => (
        withParsed(parse(text), (inner) => containsCidr(outer, inner))
      )),
    ),
  ],
}
