import { readJson } from './json-reader.ts'
import type { Integer, JsonObject } from './json.ts'

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

// Written out: 16{} is a loop for the engine, and this a search that leaps.
const LONG = /[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]/
/** Not within a name, a hash or a fraction. */
const LONG_NUMBER = /(?:^|[[:,\s])-?[0-9]{16}/
const INTEGER = /^-?[0-9]+$/

const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n

/** Only numbers with an exponent of three digits, or with 300 digits, can be beyond a double's range. Hashes look like it too. */
const LARGE_EXPONENT = /[0-9][eE]\+?[0-9][0-9][0-9]/

/** Throws SyntaxError where the text is no JSON, or has a number such as 1e400 that no double can hold. */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text)
  const isReadAgain = mayHoldLongIntegers(text) || LARGE_EXPONENT.test(text) || (text.includes('\\') && hasKeyWithBackslash(value))
  return isReadAgain ? readJson(text, exactNumber) : value
}

/**
 * V8's JSON.parse (13.6 to 14.6 at least) compares a key's text as it is written with keys that it knows: once it has seen
 * {"a":1,"\\":2}, it reads {"a":1,"\n":2} as the same. What it takes for the key then begins like the text, escape and all: every key
 * misread so has a backslash in it, and what has none is as it was written. https://github.com/nodejs/node/issues/63785
 */
function hasKeyWithBackslash(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(hasKeyWithBackslash)
  for (const key in value) if (key.includes('\\') || hasKeyWithBackslash((value as JsonObject)[key])) return true
  return false
}

/** Integers with 16 digits and more: all beyond 2^53 have them. A yes may be false, a no never is. */
export function mayHoldLongIntegers(text: string): boolean {
  return LONG.test(text) && LONG_NUMBER.test(text)
}

function exactNumber(text: string): Integer {
  const number = Number(text)
  if (!Number.isFinite(number)) throw new SyntaxError(`json: cannot unmarshal number ${shortened(text)} into Go value of type float64`)
  return text.length < MIN_LONG_CHARACTERS || Number.isSafeInteger(number) ? number : (integerOf(text) ?? number)
}

function shortened(text: string): string {
  return text.length <= MAX_NUMBER_CHARACTERS ? text : `${text.slice(0, MAX_NUMBER_CHARACTERS)}...`
}

const MAX_NUMBER_CHARACTERS = 40

/** 2^53 has so many digits. */
const MIN_LONG_CHARACTERS = 16

/** The integer that a decimal text says, where it fits in 64 bits: a number where that is exact, else a bigint. */
export function integerOf(text: string): Integer | undefined {
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
export function integerFrom(value: bigint): Integer {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** indent: spaces, as people read it. As with JSON.stringify, what has no text (undefined) is left to its caller. */
export function jsonText(value: unknown, indent = 0): string {
  try {
    return JSON.stringify(value, null, indent)
  } catch (error) {
    // Whatever else is wrong with the value is thrown again.
    if (!(error instanceof TypeError)) throw error
    return JSON.stringify(withRawIntegers(value), null, indent)
  }
}

/** A copy of what holds bigints, in which they are texts that are written as they are. A replacer would ask about every value. */
function withRawIntegers(value: unknown): unknown {
  if (typeof value === 'bigint') return JSON.rawJSON(String(value))
  if (typeof value !== 'object' || value === null) return value
  return Array.isArray(value) ? listWithRawIntegers(value) : objectWithRawIntegers(value as JsonObject)
}

function listWithRawIntegers(list: readonly unknown[]): readonly unknown[] {
  let copy: unknown[] | undefined
  for (let index = 0; index < list.length; index++) {
    const raw = withRawIntegers(list[index])
    if (raw !== list[index]) (copy ??= [...list])[index] = raw
  }
  return copy ?? list
}

function objectWithRawIntegers(object: JsonObject): JsonObject {
  let copy: JsonObject | undefined
  for (const key in object) {
    const raw = withRawIntegers(object[key])
    if (raw !== object[key]) (copy ??= { ...object })[key] = raw
  }
  return copy ?? object
}
