import { parseTime } from '../../words/instant.ts'
import { byteLength } from '../../words/bytes.ts'
import { parseSloppyCidr, parseSloppyIp } from '../ports-and-addresses.ts'

/** A day by its numbers: 2026-02-30 is none. */
function isDate(text: string): boolean {
  return /^\d{4}-\d\d-\d\d$/.test(text) && parseTime(`${text}T00:00:00Z`) !== undefined && isDayOfMonth(text)
}

function isDayOfMonth(date: string): boolean {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number)
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  return day >= 1 && day <= (days[month - 1] ?? 0)
}

function isDateTime(text: string): boolean {
  return parseTime(text) !== undefined && isDayOfMonth(text.slice(0, 10))
}

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i

/** The digit of the version, and of the newer ones that of the variant (RFC 9562). */
function uuidOfVersion(version: number): (text: string) => boolean {
  const digits = new RegExp(version === 3 ? '^.{12}3' : `^.{12}${version}.{3}[89ab]`, 'i')
  return (text) => UUID.test(text) && digits.test(text.replaceAll('-', ''))
}

/** Letters of all alphabets, and symbols. */
const LETTER = 'a-zA-Z0-9\\p{S}\\p{L}'
/** In a name of one part a dash may only be its second character: upstream's rule. */
const ONE_LABEL = new RegExp(`^[${LETTER}]-?[${LETTER}]{0,62}$`, 'u')
const LABEL = new RegExp(`^[${LETTER}](?:[-${LETTER}]{0,61}[${LETTER}])?$`, 'u')
const LAST_LABEL = new RegExp(`^[${LETTER}](?:-?[${LETTER}]){1,62}$`, 'u')

function isHostname(text: string): boolean {
  const labels = text.split('.')
  const last = labels.pop() ?? ''
  if (utf8Length(text) > 255 || [...labels, last].some((label) => utf8Length(label) > 63)) return false
  return labels.length === 0 ? ONE_LABEL.test(last) : LAST_LABEL.test(last) && labels.every((label) => LABEL.test(label))
}

function utf8Length(text: string): number {
  return byteLength(text, Infinity)
}

/** Number and unit, as Go and people write them: 1h30m, 2.5s, 3 days, 2 hours 5 min. */
const GO_DURATION = /^[-+]?(0|(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*$/
const LONG_DURATION = /^\s*(?:\d+\s*[A-Za-zµ]+\s*)+$/
const TIME_UNIT = /^(?:ns|us|µs|ms|s|m|h|hr|d|w|wk|(?:nano|micro|milli|sec|min|hour|day|week).*)$/

function isDuration(text: string): boolean {
  if (GO_DURATION.test(text)) return true
  return LONG_DURATION.test(text) && (text.toLowerCase().match(/[a-zµ]+/g) ?? []).some((unit) => TIME_UNIT.test(unit))
}

/** RFC 5322: somebody@example.com, "Some Body" <somebody@example.com> */
const ATOM = "[\\w!#$%&'*+/=?^`{|}~\\u0080-\\u{10ffff}-]+"
const DOTTED = `${ATOM}(?:\\.${ATOM})*`
const QUOTED = '"(?:[^"\\\\\\r\\n]|\\\\.)*"'
const ADDRESS = `(?:${DOTTED}|${QUOTED})@(?:${DOTTED}|\\[[^\\[\\]\\\\\\s]*\\])`
const EMAIL = new RegExp(`^${ADDRESS}$`, 'u')
const QUOTED_NAME = new RegExp(`^${QUOTED}`, 'u')
const PLAIN_NAME = /^[^<>@",;:\\[\]()]*/u
const BRACKETED = new RegExp(`^<${ADDRESS}>\\s*$`, 'u')

/** In steps: one expression for all of it would try each way to share out the blanks before the bracket. */
function isNamedEmail(text: string): boolean {
  const start = text.trimStart()
  const name = (start.startsWith('"') ? QUOTED_NAME : PLAIN_NAME).exec(start)
  return name !== null && BRACKETED.test(start.slice(name[0].length).trimStart())
}

/** An absolute URI, or a path that begins at the root; its percent signs begin escapes. */
const URI = /^(?:[a-z][a-z0-9+.-]*:(?:\/\/[^\s/?#]*(?:[/?#].*)?|[^/].*|\/(?!\/).*)?|\/.*)$/i

function isUri(text: string): boolean {
  const [path = ''] = text.split('?', 1)
  return URI.test(text) && !/[\0-\x1f\x7f]/.test(text) && !/%(?![0-9a-f]{2})/i.test(path)
}

/** Only digits and X count. The last one is a check digit. */
function isIsbn(text: string, length: 10 | 13): boolean {
  const digits = text.replace(/[\s-]/g, '')
  if (!(length === 10 ? /^\d{9}[\dX]$/ : /^\d{13}$/).test(digits)) return false
  const weight = (index: number): number => (length === 10 ? index + 1 : index % 2 === 0 ? 1 : 3)
  const sum = [...digits].reduce((total, digit, index) => total + weight(index) * (digit === 'X' ? 10 : Number(digit)), 0)
  return sum % (length === 10 ? 11 : 10) === 0
}

/** The beginnings and lengths of the numbers that companies issue. */
const CARD = /^(?:4\d{12}(?:\d{3})?|5[1-5]\d{14}|6(?:011|5\d\d)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|(?:2131|1800|35\d{3})\d{11})$/

function isCardNumber(text: string): boolean {
  const digits = text.replace(/\D/g, '')
  // Every second digit from the end counts twice, and then the sum of its digits (ISO/IEC 7812).
  const sum = [...digits].reverse().reduce((total, text, index) => {
    const digit = index % 2 === 0 ? Number(text) : 2 * Number(text)
    return total + (digit > 9 ? digit - 9 : digit)
  }, 0)
  return CARD.test(digits) && sum % 10 === 0
}

const OCTET = '\\s*(?:\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])\\s*'
const RGB = new RegExp(`^rgb\\(${OCTET},${OCTET},${OCTET}\\)$`)
const MAC = /^(?:[0-9a-f]{2}([:-]))(?:[0-9a-f]{2}\1){4}(?:[0-9a-f]{2}|(?:[0-9a-f]{2}\1){2}[0-9a-f]{2}|(?:[0-9a-f]{2}\1){14}[0-9a-f]{2})$/i
const DOTTED_MAC = /^[0-9a-f]{4}(?:(?:\.[0-9a-f]{4}){2}|(?:\.[0-9a-f]{4}){3}|(?:\.[0-9a-f]{4}){9})$/i

/** The formats that are looked at, without dashes in their names; any other says nothing, as OpenAPI has it. */
const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  date: isDate,
  datetime: isDateTime,
  duration: isDuration,
  ipv4: (text) => parseSloppyIp(text)?.family === 4 && !text.includes(':'),
  ipv6: (text) => parseSloppyIp(text) !== undefined && text.includes(':'),
  cidr: (text) => parseSloppyCidr(text) !== undefined,
  mac: (text) => MAC.test(text) || DOTTED_MAC.test(text),
  uuid: (text) => UUID.test(text),
  uuid3: uuidOfVersion(3),
  uuid4: uuidOfVersion(4),
  uuid5: uuidOfVersion(5),
  hostname: isHostname,
  email: (text) => EMAIL.test(text.trim()) || isNamedEmail(text),
  uri: isUri,
  byte: (text) => text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text),
  bsonobjectid: (text) => /^[0-9a-f]{24}$/i.test(text),
  hexcolor: (text) => /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text),
  rgbcolor: (text) => RGB.test(text),
  isbn: (text) => isIsbn(text, 10) || isIsbn(text, 13),
  isbn10: (text) => isIsbn(text, 10),
  isbn13: (text) => isIsbn(text, 13),
  creditcard: isCardNumber,
  ssn: (text) => /^\d{3}[- ]?\d{2}[- ]?\d{4}$/.test(text),
}

export function hasFormat(text: string, format: string): boolean {
  return FORMATS[format.replaceAll('-', '')]?.(text) ?? true
}
