import { integerFrom, isInt64 } from '../../objects/json-text.ts'
import { toBase64 } from '../../words/bytes.ts'
import { formatDuration, formatTimestamp } from './time-text.ts'
import { CelError, JsonMap, ListValue, type MapValue, type Value } from './values.ts'

/** A CEL value as JSON; an error where it has none (a type, a quantity). What came from JSON unchanged is given back as it was. */
export function toJson(value: Value): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
    case 'number': return value
    case 'bigint': return integerFrom(value)
  }
  if (value === null) return null
  if (value instanceof Uint8Array) return toBase64(value)
  switch (value.kind) {
    case 'uint': return isInt64(value.value) ? integerFrom(value.value) : Number(value.value)
    case 'timestamp': return formatTimestamp(value)
    case 'duration': return formatDuration(value)
    case 'list': return listJson(value)
    case 'map': return mapJson(value)
    case 'object': return value.source
    case 'optional': return value.value === undefined ? null : toJson(value.value)
    default: return new CelError(`${value.kind === 'opaque' ? value.typeName : value.kind} has no JSON form`)
  }
}

function listJson(list: ListValue): unknown {
  if (list.wrap !== undefined) return list.items
  const items = list.values().map(toJson)
  return items.find((item) => item instanceof CelError) ?? items
}

function mapJson(map: MapValue): unknown {
  if (map instanceof JsonMap) return map.source
  const json: Record<string, unknown> = {}
  for (const key of map.keys()) {
    if (typeof key !== 'string') return new CelError('only maps with string keys have a JSON form')
    const inner = toJson(map.get(key) ?? null)
    if (inner instanceof CelError) return inner
    Object.defineProperty(json, key, { value: inner, enumerable: true, configurable: true, writable: true })
  }
  return json
}
