/**
 * resource.Quantity: an exact number of at most nine decimal places, with the family of suffixes it was written in.
 * The canonical text keeps upstream's rules: no fraction, the largest suffix that keeps the number whole.
 */
export type QuantityFormat = 'decimal' | 'binary' | 'exponent'

export interface Quantity {
  /** In units of 10^-9. */
  readonly nanos: bigint
  readonly format: QuantityFormat
}

export const zero: Quantity = { nanos: 0n, format: 'decimal' }

const NANO = 1_000_000_000n
const MAX_BINARY = ((1n << 63n) - 1n) * NANO
/** 1e27 and beyond have no use; the bound keeps '1e999999999' from filling the memory. */
const MAX_EXPONENT = 64
const MAX_CHARACTERS = 128

const DECIMAL_SUFFIXES = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'] as const
const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const

const SPLIT = /^([+-]?)([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[-+]?[0-9]*)$/
const FORMAT_MESSAGE = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
const SUFFIX_MESSAGE = "unable to parse quantity's suffix"

export type ParsedQuantity = Quantity | { readonly error: string }

/** Undefined where the text is no quantity; see readQuantity for the reason. */
export function parseQuantity(text: string): Quantity | undefined {
  const read = readQuantity(text)
  return 'error' in read ? undefined : read
}

/** 100m, 1.5, 2Gi, 3e6; or what is wrong, in upstream's words. */
export function readQuantity(text: string): ParsedQuantity {
  const match = text.length > MAX_CHARACTERS ? null : SPLIT.exec(text)
  if (match === null) return { error: FORMAT_MESSAGE }
  const [, sign, whole = '', fraction = '', suffix = ''] = match
  if (whole === '' && fraction === '') return { error: FORMAT_MESSAGE }
  const scale = interpretSuffix(suffix)
  if (scale === undefined) return { error: SUFFIX_MESSAGE }
  const digits = BigInt(whole + fraction)
  const scaled = scale.format === 'binary' ? digits << BigInt(scale.exponent) : digits
  const exponent = (scale.format === 'binary' ? 0 : scale.exponent) - fraction.length + 9
  let nanos = exponent >= 0 ? scaled * 10n ** BigInt(exponent) : divideUp(scaled, 10n ** BigInt(-exponent))
  if (scale.format === 'binary' && nanos > MAX_BINARY) nanos = MAX_BINARY
  const format = scale.format === 'binary' && nanos > 0n && nanos < NANO ? 'decimal' : scale.format
  return { nanos: sign === '-' ? -nanos : nanos, format }
}

interface SuffixScale {
  readonly exponent: number
  readonly format: QuantityFormat
}

function interpretSuffix(suffix: string): SuffixScale | undefined {
  const decimal = DECIMAL_SUFFIXES.findIndex((known) => known === suffix)
  if (decimal !== -1) return { exponent: 3 * (decimal - 3), format: 'decimal' }
  const binary = BINARY_SUFFIXES.findIndex((known) => known === suffix)
  if (binary !== -1) return { exponent: 10 * binary, format: 'binary' }
  const match = /^[eE]([-+]?[0-9]{1,9})$/.exec(suffix)
  const exponent = Number(match?.[1] ?? Number.NaN)
  return Math.abs(exponent) <= MAX_EXPONENT ? { exponent, format: 'exponent' } : undefined
}

/** Away from zero: who asks for a little gets at least a little. */
function divideUp(value: bigint, divisor: bigint): bigint {
  return value >= 0n ? (value + divisor - 1n) / divisor : -((-value + divisor - 1n) / divisor)
}

/** The canonical text: 1000m is 1, 0.5 is 500m, 1024Ki is 1Mi. */
export function formatQuantity(quantity: Quantity): string {
  const { nanos } = quantity
  if (nanos === 0n) return '0'
  if (quantity.format === 'binary' && nanos % NANO === 0n && (nanos >= 1024n * NANO || nanos <= -1024n * NANO)) {
    return formatBinary(nanos / NANO)
  }
  return formatDecimal(nanos, quantity.format === 'exponent')
}

function formatBinary(value: bigint): string {
  let amount = value
  let index = 0
  while (index < BINARY_SUFFIXES.length - 1 && amount % 1024n === 0n) {
    amount /= 1024n
    index++
  }
  return `${amount}${BINARY_SUFFIXES[index] ?? ''}`
}

function formatDecimal(nanos: bigint, asExponent: boolean): string {
  let amount = nanos
  let thousands = -3
  while (amount % 1000n === 0n) {
    amount /= 1000n
    thousands++
  }
  const suffix = DECIMAL_SUFFIXES[thousands + 3]
  if (!asExponent && suffix !== undefined) return `${amount}${suffix}`
  return thousands === 0 ? `${amount}` : `${amount}e${3 * thousands}`
}

// What nearly every manifest has: up to three digits and a suffix that is canonical as it stands (250m, 2, 64Mi).
const CANONICAL = /^[1-9][0-9]{0,2}(?:m|Ki|Mi|Gi|Ti|k|M|G|T)?$/

/** The text in canonical form; undefined when it is no quantity. */
export function canonicalQuantity(text: string): string | undefined {
  if (CANONICAL.test(text) || text === '0') return text
  const quantity = parseQuantity(text)
  return quantity === undefined ? undefined : formatQuantity(quantity)
}

export function compareQuantities(a: Quantity, b: Quantity): -1 | 0 | 1 {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0
}

/** A sum takes the format of its first part that is not zero. */
export function addQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos + b.nanos, format: a.nanos === 0n ? b.format : a.format }
}

export function subtractQuantities(a: Quantity, b: Quantity): Quantity {
  return { nanos: a.nanos - b.nanos, format: a.nanos === 0n ? b.format : a.format }
}

/** Rounded up to whole units, as Quantity.Value() does. Exact up to 2^53. */
export function quantityToNumber(quantity: Quantity): number {
  return Number(divideUp(quantity.nanos, NANO))
}

/** Rounded up to thousandths, as Quantity.MilliValue() does. */
export function quantityToMilli(quantity: Quantity): number {
  return Number(divideUp(quantity.nanos, 1_000_000n))
}

export function quantityFromMilli(milli: number): Quantity {
  return { nanos: BigInt(Math.ceil(milli)) * 1_000_000n, format: 'decimal' }
}

const SIMPLE = /^([0-9]{1,6})(m|k|M|G|Ki|Mi|Gi)?$/

/** Whole units, rounded up: '1500m' is 2, '64Mi' is 67108864. Undefined when the text is no quantity. */
export function wholeUnits(text: string): number | undefined {
  const match = SIMPLE.exec(text)
  if (match !== null) {
    const number = Number(match[1])
    return match[2] === 'm' ? Math.ceil(number / 1000) : number * simpleFactor(match[2])
  }
  const quantity = parseQuantity(text)
  return quantity === undefined ? undefined : quantityToNumber(quantity)
}

/** Thousandths, rounded up: '1500m' is 1500, '2' is 2000. Undefined when the text is no quantity. */
export function milliUnits(text: string): number | undefined {
  const match = SIMPLE.exec(text)
  if (match !== null) return match[2] === 'm' ? Number(match[1]) : Number(match[1]) * simpleFactor(match[2]) * 1000
  const quantity = parseQuantity(text)
  return quantity === undefined ? undefined : quantityToMilli(quantity)
}

function simpleFactor(suffix: string | undefined): number {
  switch (suffix) {
    case 'k': return 1e3
    case 'M': return 1e6
    case 'G': return 1e9
    case 'Ki': return 1024
    case 'Mi': return 1024 ** 2
    case 'Gi': return 1024 ** 3
    default: return 1
  }
}
