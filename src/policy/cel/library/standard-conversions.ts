import { declare, overload, type FunctionDeclaration } from '../declaration.ts'
import { formatDouble, parseDouble } from '../double-text.ts'
import { formatDuration, formatTimestamp, parseDuration, parseTimestamp } from '../time-text.ts'
import { checkedTimestamp, floorDivide, SECOND } from '../time-range.ts'
import {
  boolType, bytesType, doubleType, durationType, dynType, intType, parameterType, stringType, timestampType, typeType, uintType,
} from '../types.ts'
import { CelError, isInt, isUint, TypeValue, typeNameOf, Uint, type Duration, type Timestamp, type Value } from '../values.ts'
import { utf8 } from '../../../words/bytes.ts'

const A = parameterType('A')

function same<T extends Value>(value: T): T {
  return value
}

function intOf(value: bigint): Value {
  return isInt(value) ? value : new CelError('integer overflow')
}

function uintOf(value: bigint): Value {
  return isUint(value) ? new Uint(value) : new CelError('unsigned integer overflow')
}

/** Towards zero. The bounds themselves are refused: near them doubles are too far apart to be exact. */
function intOfDouble(value: number): Value {
  return value > -(2 ** 63) && value < 2 ** 63 ? BigInt(Math.trunc(value)) : new CelError('integer overflow')
}

function uintOfDouble(value: number): Value {
  return value >= 0 && value < 2 ** 64 ? new Uint(BigInt(Math.trunc(value))) : new CelError('unsigned integer overflow')
}

function intOfText(text: string): Value {
  return /^[+-]?\d{1,40}$/.test(text) ? intOf(BigInt(text.replace('+', ''))) : notA('int')
}

function uintOfText(text: string): Value {
  return /^\d{1,40}$/.test(text) ? uintOf(BigInt(text)) : notA('uint')
}

function notA(type: string): CelError {
  return new CelError(`type conversion error from 'string' to '${type}'`)
}

const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])

function boolOfText(text: string): Value {
  if (TRUE.has(text)) return true
  return FALSE.has(text) ? false : notA('bool')
}

function textOfBytes(bytes: Uint8Array): Value {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return new CelError('invalid UTF-8 in bytes, cannot convert to string')
  }
}

export const standardConversions: readonly FunctionDeclaration[] = [
  declare(
    'int',
    overload('int64_to_int64', [intType], intType, same),
    overload('uint64_to_int64', [uintType], intType, (value: Uint) => intOf(value.value)),
    overload('double_to_int64', [doubleType], intType, intOfDouble),
    overload('string_to_int64', [stringType], intType, intOfText),
    overload('timestamp_to_int64', [timestampType], intType, (value: Timestamp) => floorDivide(value.nanos, SECOND)),
    overload('duration_to_int64', [durationType], intType, (value: Duration) => value.nanos),
  ),
  declare(
    'uint',
    overload('uint64_to_uint64', [uintType], uintType, same),
    overload('int64_to_uint64', [intType], uintType, uintOf),
    overload('double_to_uint64', [doubleType], uintType, uintOfDouble),
    overload('string_to_uint64', [stringType], uintType, uintOfText),
  ),
  declare(
    'double',
    overload('double_to_double', [doubleType], doubleType, same),
    overload('int64_to_double', [intType], doubleType, (value: bigint) => Number(value)),
    overload('uint64_to_double', [uintType], doubleType, (value: Uint) => Number(value.value)),
    overload('string_to_double', [stringType], doubleType, (text: string) => parseDouble(text) ?? notA('double')),
  ),
  declare('bool', overload('bool_to_bool', [boolType], boolType, same), overload('string_to_bool', [stringType], boolType, boolOfText)),
  declare(
    'string',
    overload('string_to_string', [stringType], stringType, same),
    overload('bool_to_string', [boolType], stringType, String),
    overload('int64_to_string', [intType], stringType, String),
    overload('uint64_to_string', [uintType], stringType, (value: Uint) => String(value.value)),
    overload('double_to_string', [doubleType], stringType, formatDouble),
    overload('bytes_to_string', [bytesType], stringType, textOfBytes),
    overload('timestamp_to_string', [timestampType], stringType, formatTimestamp),
    overload('duration_to_string', [durationType], stringType, formatDuration),
  ),
  declare('bytes', overload('bytes_to_bytes', [bytesType], bytesType, same), overload('string_to_bytes', [stringType], bytesType, utf8)),
  declare(
    'timestamp',
    overload('timestamp_to_timestamp', [timestampType], timestampType, same),
    overload('string_to_timestamp', [stringType], timestampType, parseTimestamp),
    overload('int64_to_timestamp', [intType], timestampType, (seconds: bigint) => checkedTimestamp(seconds * SECOND)),
  ),
  declare(
    'duration',
    overload('duration_to_duration', [durationType], durationType, same),
    overload('string_to_duration', [stringType], durationType, parseDuration),
  ),
  declare('dyn', overload('to_dyn', [A], dynType, same)),
  declare('type', overload('type', [A], typeType(A), (value: Value) => new TypeValue(typeNameOf(value)))),
]
