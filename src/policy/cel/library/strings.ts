import { tooLong } from '../arithmetic.ts'
import type { CallCosts } from '../call-cost.ts'
import { sizeForCost, STRING_FACTOR } from '../call-cost.ts'
import { declare, member, overload, type FunctionDeclaration } from '../declaration.ts'
import type { Library } from '../environment.ts'
import { codePoints } from '../source.ts'
import { dynType, intType, listType, stringType } from '../types.ts'
import { CelError, ListValue, type Value } from '../values.ts'
import { traversal } from './standard.ts'
import { formatText } from './text-format.ts'

function outOfRange(index: bigint): CelError {
  return new CelError(`index out of range: ${index}`)
}

/** Where a code point begins, in UTF-16 units; undefined beyond the end. The place after the last one counts. */
function unitOffset(text: string, index: bigint): number | undefined {
  if (index < 0n || index > text.length) return undefined
  let unit = 0
  for (let left = Number(index); left > 0; left--) {
    if (unit >= text.length) return undefined
    unit += (text.codePointAt(unit) ?? 0) > 0xffff ? 2 : 1
  }
  return unit
}

function charAt(text: string, index: bigint): Value {
  const unit = unitOffset(text, index)
  if (unit === undefined) return outOfRange(index)
  const code = text.codePointAt(unit)
  return code === undefined ? '' : String.fromCodePoint(code)
}

/** Offsets count code points; JavaScript's search counts UTF-16 units. */
function indexOf(text: string, part: string, from = 0n): Value {
  const start = unitOffset(text, from)
  if (part === '') return from
  if (start === undefined) return outOfRange(from)
  const unit = text.indexOf(part, start)
  return unit === -1 ? -1n : BigInt(codePoints(text.slice(0, unit)))
}

function lastIndexOf(text: string, part: string, from?: bigint): Value {
  if (part === '') return from ?? BigInt(codePoints(text))
  const start = from === undefined ? text.length : unitOffset(text, from)
  if (start === undefined || (from !== undefined && start === text.length)) return outOfRange(from ?? 0n)
  const unit = text.lastIndexOf(part, start)
  return unit === -1 ? -1n : BigInt(codePoints(text.slice(0, unit)))
}

function substring(text: string, start: bigint, end?: bigint): Value {
  const from = unitOffset(text, start)
  if (from === undefined) return outOfRange(start)
  if (end === undefined) return text.slice(from)
  const to = unitOffset(text, end)
  if (to === undefined) return outOfRange(end)
  return start > end ? new CelError(`invalid substring range. start: ${start}, end: ${end}`) : text.slice(from, to)
}

function replace(text: string, old: string, replacement: string, limit = -1n): Value {
  if (limit === 0n) return text
  const parts = old === '' ? ['', ...text, ''] : text.split(old)
  const count = limit < 0n ? parts.length - 1 : Math.min(Number(limit), parts.length - 1)
  const error = tooLong(text.length + count * replacement.length)
  if (error !== undefined) return error
  // Between characters an empty text is found before the first one too.
  if (old === '') return parts.slice(1, -1).reduce<string>((all, part, index) => all + (index < count ? replacement : '') + part, '')
    + (parts.length - 1 <= count ? replacement : '')
  return parts.slice(0, count + 1).join(replacement) + parts.slice(count + 1).map((part) => old + part).join('')
}

function split(text: string, separator: string, limit = -1n): Value {
  if (limit === 0n) return ListValue.of([])
  if (limit === 1n) return ListValue.of([text])
  const parts = separator === '' ? [...text] : text.split(separator)
  if (limit < 0n || parts.length <= limit) return ListValue.of(parts)
  const count = Number(limit) - 1
  return ListValue.of([...parts.slice(0, count), parts.slice(count).join(separator)])
}

function join(list: ListValue, separator = ''): Value {
  const texts = list.values()
  let length = separator.length * texts.length
  for (const text of texts) {
    if (typeof text !== 'string') return new CelError(`join: invalid input: ${String(text)}`)
    length += text.length
  }
  return tooLong(length) ?? texts.join(separator)
}

function asciiCase(text: string, from: RegExp, change: (letter: string) => string): string {
  return text.replace(from, change)
}

const QUOTED: Readonly<Record<string, string>> = {
  '\u0007': '\\a', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v', '\\': '\\\\', '"': '\\"',
}

function quote(text: string): string {
  // eslint-disable-next-line no-control-regex
  return `"${text.toWellFormed().replace(/[\u0007\b\f\n\r\t\v\\"]/g, (character) => QUOTED[character] ?? character)}"`
}

const S = stringType
const I = intType

const functions: readonly FunctionDeclaration[] = [
  declare('charAt', member('string_char_at_int', [S, I], S, charAt)),
  declare('indexOf', member('string_index_of_string', [S, S], I, indexOf), member('string_index_of_string_int', [S, S, I], I, indexOf)),
  declare(
    'lastIndexOf',
    member('string_last_index_of_string', [S, S], I, lastIndexOf),
    member('string_last_index_of_string_int', [S, S, I], I, lastIndexOf),
  ),
  declare('lowerAscii', member('string_lower_ascii', [S], S, (text: string) => asciiCase(text, /[A-Z]+/g, (part) => part.toLowerCase()))),
  declare('upperAscii', member('string_upper_ascii', [S], S, (text: string) => asciiCase(text, /[a-z]+/g, (part) => part.toUpperCase()))),
  declare(
    'replace',
    member('string_replace_string_string', [S, S, S], S, replace),
    member('string_replace_string_string_int', [S, S, S, I], S, replace),
  ),
  declare(
    'split',
    member('string_split_string', [S, S], listType(S), split),
    member('string_split_string_int', [S, S, I], listType(S), split),
  ),
  declare('substring', member('string_substring_int', [S, I], S, substring), member('string_substring_int_int', [S, I, I], S, substring)),
  declare('trim', member('string_trim', [S], S, (text: string) => text.replace(/^[\p{White_Space}]+|[\p{White_Space}]+$/gu, ''))),
  declare('join', member('list_join', [listType(S)], S, join), member('list_join_string', [listType(S), S], S, join)),
  declare('format', member('string_format', [S, listType(dynType)], S, formatText)),
  declare('strings.quote', overload('strings_quote', [S], S, quote)),
]

/** What version 3 of the extension added. */
const reverse = declare('reverse', member('string_reverse', [S], S, (text: string) => [...text].toReversed().join('')))

/** As Kubernetes charges them. */
const costs: CallCosts = new Map([
  ['lowerAscii', traversal()],
  ['upperAscii', traversal()],
  ['substring', traversal()],
  ['trim', traversal()],
  ['string_reverse', traversal()],
  ['strings.quote', traversal()],
  ['indexOf', traversal()],
  ['lastIndexOf', traversal()],
  ['replace', traversal(0, 2)],
  ['split', traversal(0, 2)],
  ['join', {
    before: ([list = null]) => sizeForCost(list) * STRING_FACTOR,
    after: (_args, result) => Math.ceil(sizeForCost(result) * 2 * STRING_FACTOR),
  }],
  // cel-go charges 1, however much text comes out.
  ['format', { before: () => 1, after: (_args, result) => Math.floor(sizeForCost(result) * STRING_FACTOR) }],
])

/** The strings extension, version 2: what Kubernetes has. */
export const stringsLibrary2: Library = { name: 'strings', functions, costs }

/** All of the strings extension. */
export const stringsLibrary: Library = { name: 'strings', functions: [...functions, reverse], costs }
