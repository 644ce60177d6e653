import { declare, member, overload, specialized, type FunctionDeclaration, type Overload } from '../declaration.ts'
import { matchPattern, withPattern } from '../pattern.ts'
import { codePoints } from '../source.ts'
import { SECOND } from '../time-range.ts'
import { wallField, type WallTime } from '../time-fields.ts'
import {
  boolType, bytesType, durationType, intType, listType, mapType, parameterType, stringType, timestampType,
} from '../types.ts'
import type { Duration, ListValue, MapValue, Timestamp } from '../values.ts'

const A = parameterType('A')
const B = parameterType('B')

const size = declare(
  'size',
  overload('size_string', [stringType], intType, (text: string) => BigInt(codePoints(text))),
  overload('size_bytes', [bytesType], intType, (bytes: Uint8Array) => BigInt(bytes.length)),
  overload('size_list', [listType(A)], intType, (list: ListValue) => BigInt(list.size)),
  overload('size_map', [mapType(A, B)], intType, (map: MapValue) => BigInt(map.size)),
  member('string_size', [stringType], intType, (text: string) => BigInt(codePoints(text))),
  member('bytes_size', [bytesType], intType, (bytes: Uint8Array) => BigInt(bytes.length)),
  member('list_size', [listType(A)], intType, (list: ListValue) => BigInt(list.size)),
  member('map_size', [mapType(A, B)], intType, (map: MapValue) => BigInt(map.size)),
)

const matchesCompiled = withPattern((text, pattern) => pattern.test(text), (error) => error)

const S = stringType

const texts: readonly FunctionDeclaration[] = [
  declare('contains', member('contains_string', [S, S], boolType, (text: string, part: string) => text.includes(part))),
  declare('startsWith', member('starts_with_string', [S, S], boolType, (text: string, part: string) => text.startsWith(part))),
  declare('endsWith', member('ends_with_string', [S, S], boolType, (text: string, part: string) => text.endsWith(part))),
  declare(
    'matches',
    specialized(overload('matches', [stringType, stringType], boolType, matchPattern), matchesCompiled),
    specialized(member('matches_string', [stringType, stringType], boolType, matchPattern), matchesCompiled),
  ),
]

/** getHours() in UTC, getHours('Europe/Berlin') there. */
function onTimestamp(id: string, field: (wall: WallTime) => number, idWithZone = `${id}_with_tz`): Overload[] {
  const read = wallField(field)
  return [
    member(id, [timestampType], intType, (timestamp: Timestamp) => read(timestamp, 'UTC')),
    member(idWithZone, [timestampType, stringType], intType, read),
  ]
}

function onDuration(id: string, unit: bigint): Overload {
  return member(id, [durationType], intType, (duration: Duration) => duration.nanos / unit)
}

const times: readonly FunctionDeclaration[] = [
  declare('getFullYear', ...onTimestamp('timestamp_to_year', (wall) => wall.year)),
  declare('getMonth', ...onTimestamp('timestamp_to_month', (wall) => wall.month - 1)),
  declare('getDayOfYear', ...onTimestamp('timestamp_to_day_of_year', (wall) => wall.dayOfYear)),
  declare('getDayOfMonth', ...onTimestamp('timestamp_to_day_of_month', (wall) => wall.day - 1)),
  declare('getDate', ...onTimestamp('timestamp_to_day_of_month_1_based', (wall) => wall.day)),
  declare('getDayOfWeek', ...onTimestamp('timestamp_to_day_of_week', (wall) => wall.dayOfWeek)),
  declare('getHours', ...onTimestamp('timestamp_to_hours', (wall) => wall.hour), onDuration('duration_to_hours', 3600n * SECOND)),
  declare('getMinutes', ...onTimestamp('timestamp_to_minutes', (wall) => wall.minute), onDuration('duration_to_minutes', 60n * SECOND)),
  declare(
    'getSeconds',
    ...onTimestamp('timestamp_to_seconds', (wall) => wall.second, 'timestamp_to_seconds_tz'),
    onDuration('duration_to_seconds', SECOND),
  ),
  declare(
    'getMilliseconds',
    ...onTimestamp('timestamp_to_milliseconds', (wall) => wall.millisecond),
    onDuration('duration_to_milliseconds', 1_000_000n),
  ),
]

export const standardFunctions: readonly FunctionDeclaration[] = [size, ...texts, ...times]
