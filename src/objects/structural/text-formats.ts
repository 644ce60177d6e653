import { fromBase64 } from '../../words/bytes.ts'
import { parseTime } from '../../words/instant.ts'
import { parseCidr, parseIp } from '../ports-and-addresses.ts'

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
const uuidOfVersion = (version: number) => (text: string): boolean => UUID.test(text) && text.replaceAll('-', '')[12] === String(version)
const HOSTNAME = /^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.?$/i
/** Number and unit, as Go and people write them: 1h30m, 2.5s, 3 days. */
const DURATION = /^[-+]?(0|(\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))*$/
const LONG_DURATION = /^\d+(\.\d+)? ?(ns|nano|us|micro|ms|milli|s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|w|wks?|weeks?)$/i

/** The formats that are looked at; any other says nothing, as OpenAPI has it. */
const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  date: isDate,
  'date-time': isDateTime,
  datetime: isDateTime,
  duration: (text) => DURATION.test(text) || LONG_DURATION.test(text),
  ipv4: (text) => parseIp(text)?.family === 4,
  ipv6: (text) => parseIp(text)?.family === 6,
  cidr: (text) => parseCidr(text) !== undefined,
  mac: (text) => /^([0-9a-f]{2}[:-]){5}([0-9a-f]{2}[:-][0-9a-f]{2}[:-])?[0-9a-f]{2}$|^([0-9a-f]{4}\.){2,3}[0-9a-f]{4}$/i.test(text),
  uuid: (text) => UUID.test(text),
  uuid3: uuidOfVersion(3),
  uuid4: uuidOfVersion(4),
  uuid5: uuidOfVersion(5),
  hostname: (text) => text.length <= 255 && HOSTNAME.test(text),
  email: (text) => /^[^\s@<>"]+@[^\s@<>"]+$/.test(text),
  uri: (text) => /^([a-z][a-z0-9+.-]*:\S*|\/\S*)$/i.test(text),
  byte: (text) => fromBase64(text) !== undefined,
  bsonobjectid: (text) => /^[0-9a-f]{24}$/i.test(text),
  hexcolor: (text) => /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.test(text),
  rgbcolor: (text) => /^rgb\( *(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5]) *(, *(\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5]) *){2}\)$/.test(text),
}

export function hasFormat(text: string, format: string): boolean {
  return FORMATS[format]?.(text) ?? true
}
