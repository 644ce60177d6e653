import { plainDigits } from '../double-text.ts'
import { formatDuration, formatTimestamp } from '../time-text.ts'
import { textOf, utf8 } from '../../../words/bytes.ts'
import { CelError, ListValue, Uint, typeNameOf, type MapValue, type Value } from '../values.ts'

const CLAUSE = /%(?:%|(?:\.(\d{1,6}))?([a-zA-Z]))/y
const MAX_PRECISION = 1000
const MAX_OUTPUT = 1_000_000

/** 'text %s %.2f'.format([...]): %s %d %f %e %b %x %X %o, each for the next element of the list. */
export function formatText(template: string, args: ListValue): string | CelError {
  let text = ''
  let used = 0
  for (let offset = 0; offset < template.length;) {
    const percent = template.indexOf('%', offset)
    if (percent === -1) return text + template.slice(offset)
    text += template.slice(offset, percent)
    CLAUSE.lastIndex = percent
    const match = CLAUSE.exec(template)
    if (match === null) return new CelError('could not parse formatting clause: unexpected end of string')
    offset = percent + match[0].length
    if (match[2] === undefined) {
      text += '%'
      continue
    }
    if (used >= args.size) return new CelError(`index ${used} out of range`)
    const part = clause(match[2], match[1], args.at(used++))
    if (part instanceof CelError) return part
    text += part
    if (text.length > MAX_OUTPUT) return new CelError(`result too large: at most ${MAX_OUTPUT} characters are allowed`)
  }
  return text
}

function clause(letter: string, precisionText: string | undefined, value: Value): string | CelError {
  const precision = precisionText === undefined ? 6 : Number(precisionText)
  if (precision > MAX_PRECISION) {
    return new CelError(`could not parse formatting clause: precision ${precision} is more than ${MAX_PRECISION}`)
  }
  switch (letter) {
    case 's': return textForm(value)
    case 'd': return decimal(value)
    case 'f': return double(value, 'fixed-point', (number) => fixed(number, precision))
    case 'e': return double(value, 'scientific', (number) => scientific(number, precision))
    case 'b': return binary(value)
    case 'o': return radix(value, 8, 'octal clause can only be used on integers')
    case 'x': return hexadecimal(value)
    case 'X': {
      const text = hexadecimal(value)
      return typeof text === 'string' ? text.toUpperCase() : text
    }
    default: return new CelError(`could not parse formatting clause: unrecognized formatting clause ${JSON.stringify(letter)}`)
  }
}

function wrongType(complaint: string, value: Value): CelError {
  return new CelError(`error during formatting: ${complaint}, was given ${typeNameOf(value)}`)
}

function notFinite(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN'
  return Number.isFinite(value) ? undefined : value > 0 ? 'Infinity' : '-Infinity'
}

function decimal(value: Value): string | CelError {
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint) return String(value.value)
  const special = typeof value === 'number' ? notFinite(value) : undefined
  return special ?? wrongType('decimal clause can only be used on integers', value)
}

function double(value: Value, name: string, format: (number: number) => string): string | CelError {
  if (typeof value !== 'number') return wrongType(`${name} clause can only be used on doubles`, value)
  return notFinite(value) ?? format(value)
}

/** Rounds to even where the number lies exactly between two; toFixed rounds those up. */
function fixed(value: number, precision: number): string {
  if (Math.abs(value) >= 1e21) return `${BigInt(value)}${precision > 0 ? `.${'0'.repeat(precision)}` : ''}`
  const digits = Math.min(precision, 100)
  const zeros = '0'.repeat(precision - digits)
  const exact = value.toFixed(100)
  const cut = exact.length - (100 - digits)
  const isTie = digits < 100 && /^50*$/.test(exact.slice(cut))
  if (!isTie) return value.toFixed(digits) + zeros
  const down = exact.slice(0, cut).replace(/\.$/, '')
  return (/[02468]$/.test(down) ? down : value.toFixed(digits)) + zeros
}

function scientific(value: number, precision: number): string {
  const digits = Math.min(precision, 100)
  const [mantissa = '', exponent = '+0'] = value.toExponential(digits).split('e')
  return `${mantissa}${'0'.repeat(precision - digits)}e${exponent.slice(0, 1)}${exponent.slice(1).padStart(2, '0')}`
}

function radix(value: Value, base: number, complaint: string): string | CelError {
  const number = value instanceof Uint ? value.value : value
  return typeof number === 'bigint' ? number.toString(base) : wrongType(complaint, value)
}

function binary(value: Value): string | CelError {
  const number = typeof value === 'boolean' ? BigInt(value) : value
  return radix(number, 2, 'only integers and bools can be formatted as binary')
}

function hexadecimal(value: Value): string | CelError {
  const bytes = typeof value === 'string' ? utf8(value) : value
  if (bytes instanceof Uint8Array) return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return radix(value, 16, 'only integers, byte buffers, and strings can be formatted as hex')
}

const TEXT_COMPLAINT =
  'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps'

/** What %s writes. */
function textForm(value: Value): string | CelError {
  switch (typeof value) {
    case 'string': return value
    case 'boolean':
    case 'bigint': return String(value)
    case 'number': return notFinite(value) ?? plainDigits(value)
  }
  if (value === null) return 'null'
  if (value instanceof Uint8Array) return textOf(value)
  switch (value.kind) {
    case 'uint': return String(value.value)
    case 'timestamp': return formatTimestamp(value)
    case 'duration': return formatDuration(value)
    case 'type': return value.name
    case 'list': return listForm(value)
    case 'map': return mapForm(value)
    default: return wrongType(TEXT_COMPLAINT, value)
  }
}

function listForm(list: ListValue): string | CelError {
  const parts: string[] = []
  let length = 0
  for (let index = 0; index < list.size && length < MAX_OUTPUT; index++) {
    const part = textForm(list.at(index))
    if (typeof part !== 'string') return part
    parts.push(part)
    length += part.length
  }
  return length >= MAX_OUTPUT ? new CelError(`result too large: at most ${MAX_OUTPUT} characters are allowed`) : `[${parts.join(', ')}]`
}

/** In the order of the keys' texts. */
function mapForm(map: MapValue): string | CelError {
  const parts: [string, string][] = []
  let length = 0
  for (const key of map.keys()) {
    const keyText = textForm(key)
    const valueText = textForm(map.get(key) ?? null)
    if (typeof keyText !== 'string') return keyText
    if (typeof valueText !== 'string') return valueText
    parts.push([keyText, valueText])
    length += keyText.length + valueText.length
    if (length >= MAX_OUTPUT) return new CelError(`result too large: at most ${MAX_OUTPUT} characters are allowed`)
  }
  parts.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return `{${parts.map(([key, value]) => `${key}: ${value}`).join(', ')}}`
}
