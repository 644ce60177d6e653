/**
 * JSON text and back, with integers as Kubernetes reads them: one that fits in 64 bits is exact, any other number is a double. Integers
 * that a double cannot tell apart from their neighbours are bigints (9007199254740993 -> 9007199254740993n), all others numbers. Texts
 * without such integers, nearly all there are, cost what JSON.parse and JSON.stringify do.
 */

declare global {
  interface JSON {
    /** ECMAScript's JSON.parse source text access: what stringify writes as it is. */
    rawJSON(text: string): object
  }
}

type Revive = (key: string, value: unknown, context: { readonly source?: string }) => unknown
type ParseWith = (text: string, revive: Revive) => unknown

// Written out: 16{} is a loop for the engine, and this a search that leaps.
const LONG = /[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]/
/** Not within a name, a hash or a fraction. */
const LONG_NUMBER = /(?:^|[[:,\s])-?[0-9]{16}/
const INTEGER = /^-?[0-9]+$/

const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n

/** Throws SyntaxError where the text is no JSON. */
export function parseJson(text: string): unknown {
  return mayHoldLongIntegers(text) ? (JSON.parse as ParseWith)(text, exactNumber) : JSON.parse(text)
}

/** Integers with 16 digits and more: all beyond 2^53 have them. A yes may be false, a no never is. */
export function mayHoldLongIntegers(text: string): boolean {
  return LONG.test(text) && LONG_NUMBER.test(text)
}

function exactNumber(_key: string, value: unknown, { source }: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value
  return integerOf(source) ?? value
}

/** The integer that a decimal text says, where it fits in 64 bits: a number where that is exact, else a bigint. */
export function integerOf(text: string): number | bigint | undefined {
  if (!INTEGER.test(text)) return undefined
  const number = Number(text)
  if (Number.isSafeInteger(number)) return number
  // Longer ones cannot fit: no time is spent on thousands of digits.
  if (text.length > MAX_CHARACTERS && text.replace(/^(-?)0+/, '$1').length > MAX_CHARACTERS) return undefined
  const exact = BigInt(text)
  return isInt64(exact) ? exact : undefined
}

const MAX_CHARACTERS = 20

export function isInt64(value: bigint): boolean {
  return value >= MIN_INT64 && value <= MAX_INT64
}

/** A bigint as JSON values hold it: a number where that is exact. */
export function integerFrom(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** indent: spaces, as people read it. As with JSON.stringify, what has no text (undefined) is left to its caller. */
export function jsonText(value: unknown, indent = 0): string {
  try {
    return JSON.stringify(value, null, indent)
  } catch (error) {
    // Whatever else is wrong with the value, as that it contains itself, is thrown again.
    if (!(error instanceof TypeError)) throw error
    return JSON.stringify(value, rawInteger, indent)
  }
}

function rawInteger(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? JSON.rawJSON(String(value)) : value
}
