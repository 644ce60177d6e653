import type { Integer } from './json.ts'
import { isInt64 } from './json-text.ts'
import { formatTime, parseTime } from '../words/instant.ts'
import { canonicalQuantity } from './quantity.ts'
import type { ScalarType } from './schema.ts'

const MAX_INT32 = 2 ** 31 - 1

/** The value in the form in which it is stored; undefined when it is not of that type. */
export function canonicalScalar(type: ScalarType, value: unknown): string | Integer | boolean | undefined {
  switch (type) {
    case 'string': return typeof value === 'string' ? value : undefined
    case 'boolean': return typeof value === 'boolean' ? value : undefined
    case 'int32': return isInt32(value) ? value : undefined
    case 'int64': return canonicalInt64(value)
    case 'double': return typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : undefined
    case 'int-or-string': return typeof value === 'string' || isInt32(value) ? value : undefined
    case 'quantity': return canonicalQuantityValue(value)
    case 'time': return typeof value === 'string' ? canonicalTime(value) : undefined
    case 'micro-time': return typeof value === 'string' ? canonicalMicroTime(value) : undefined
    case 'bytes': return typeof value === 'string' ? canonicalBase64(value) : undefined
  }
}

/** 1e18, which JSON says as a double, is an integer too. */
function canonicalInt64(value: unknown): Integer | undefined {
  if (typeof value === 'bigint') return isInt64(value) ? value : undefined
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return typeof value === 'number' ? value : undefined
  return Number.isInteger(value) ? canonicalInt64(BigInt(value)) : undefined
}

function isInt32(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value <= MAX_INT32 && value >= -MAX_INT32 - 1
}

/** cpu: 1 is as good as cpu: "1". */
function canonicalQuantityValue(value: unknown): string | undefined {
  if (typeof value === 'string') return canonicalQuantity(value.trim())
  return typeof value === 'number' || typeof value === 'bigint' ? canonicalQuantity(String(value)) : undefined
}

/** 2026-11-23T05:14:26Z: UTC, whole seconds. */
function canonicalTime(text: string): string | undefined {
  const instant = parseTime(text)
  if (instant === undefined) return undefined
  return text.length === 20 && text.endsWith('Z') && text.charAt(10) === 'T' ? text : formatTime(instant)
}

const FRACTION = /\.(\d+)/

/** 2026-11-23T05:14:26.123456Z: UTC, six digits, taken from the text because a number of milliseconds would round them. */
function canonicalMicroTime(text: string): string | undefined {
  const instant = parseTime(text)
  if (instant === undefined) return undefined
  const digits = FRACTION.exec(text)?.[1] ?? ''
  const seconds = parseTime(text.replace(FRACTION, ''))
  if (seconds === undefined) return undefined
  return formatTime(seconds).replace('Z', `.${digits.slice(0, 6).padEnd(6, '0')}Z`)
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Line breaks within base64 are allowed (RFC 2045) and dropped. */
function canonicalBase64(text: string): string | undefined {
  const joined = text.includes('\n') || text.includes('\r') ? text.replace(/[\r\n]/g, '') : text
  return joined.length % 4 === 0 && BASE64.test(joined) ? joined : undefined
}
