import { isInt, isUint, Uint } from './values.ts'
import { utf8 } from '../../words/bytes.ts'

/** Longer numbers are not even looked at; leading zeros are allowed. */
const MAX_DIGITS = 200

/** 12, 0x1F, with its sign; undefined when it is beyond 64 bits. */
export function readInt(text: string): bigint | undefined {
  if (text.length > MAX_DIGITS) return undefined
  const negative = text.startsWith('-')
  const value = BigInt(negative ? text.slice(1) : text)
  const signed = negative ? -value : value
  return isInt(signed) ? signed : undefined
}

/** 12u, 0x1Fu. */
export function readUint(text: string): Uint | undefined {
  if (text.length > MAX_DIGITS) return undefined
  const value = BigInt(text.slice(0, -1))
  return isUint(value) ? new Uint(value) : undefined
}

/** Undefined when it is beyond the doubles. */
export function readDouble(text: string): number | undefined {
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92, "'": 39, '"': 34, '`': 96, '?': 63,
}

/** The text between the quotes and how it is to be read. */
interface Quoted {
  readonly body: string
  readonly raw: boolean
}

function unquote(literal: string): Quoted {
  const prefix = /^[bBrR]*/.exec(literal)?.[0] ?? ''
  const rest = literal.slice(prefix.length)
  const width = rest.startsWith('"""') || rest.startsWith("'''") ? 3 : 1
  // A carriage return within triple quotes is a line feed, with or without one after it.
  const body = rest.slice(width, rest.length - width).replace(/\r\n?/g, '\n')
  return { body, raw: /[rR]/.test(prefix) }
}

/** The value of a string literal; undefined when an escape is wrong. */
export function readString(literal: string): string | undefined {
  const { body, raw } = unquote(literal)
  if (raw || !body.includes('\\')) return body
  let text = ''
  for (const part of escapedParts(body)) {
    if (part === undefined) return undefined
    if (typeof part === 'string') text += part
    else {
      if (part.code > 0x10ffff || (part.code >= 0xd800 && part.code < 0xe000)) return undefined
      text += String.fromCodePoint(part.code)
    }
  }
  return text
}

/** The value of a bytes literal: \x and octal escapes are single bytes, \u is not allowed. */
export function readBytes(literal: string): Uint8Array | undefined {
  const { body, raw } = unquote(literal)
  if (raw || !body.includes('\\')) return utf8(body)
  const bytes: number[] = []
  for (const part of escapedParts(body)) {
    if (part === undefined) return undefined
    if (typeof part === 'string') bytes.push(...utf8(part))
    else if (part.unicode) return undefined
    else bytes.push(part.code)
  }
  return Uint8Array.from(bytes)
}

interface Escape {
  readonly code: number
  /** Written as \u or \U. */
  readonly unicode: boolean
}

const ESCAPE = /\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|([abfnrtv\\'"`?]))/y

function* escapedParts(body: string): Iterable<string | Escape | undefined> {
  let offset = 0
  while (offset < body.length) {
    const next = body.indexOf('\\', offset)
    if (next === -1) {
      yield body.slice(offset)
      return
    }
    if (next > offset) yield body.slice(offset, next)
    ESCAPE.lastIndex = next
    const match = ESCAPE.exec(body)
    if (match === null) {
      yield undefined
      return
    }
    yield escapeOf(match)
    offset = next + match[0].length
  }
}

function escapeOf(match: RegExpExecArray): Escape {
  const [, hex, short, long, octal, simple] = match
  const unicode = short ?? long
  if (unicode !== undefined) return { code: Number.parseInt(unicode, 16), unicode: true }
  if (hex !== undefined) return { code: Number.parseInt(hex, 16), unicode: false }
  if (octal !== undefined) return { code: Number.parseInt(octal, 8), unicode: false }
  return { code: SIMPLE_ESCAPES[simple ?? ''] ?? 0, unicode: false }
}
