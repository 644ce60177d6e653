import type { Type } from './types.ts'
import { Duration, ListValue, ObjectValue, OptionalValue, Timestamp, TypeValue, Uint, type Value } from './values.ts'

export type Guard = (value: Value) => boolean

const anything: Guard = () => true
const isMap: Guard = (value) => typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'map'

/** Whether a value is of a declared parameter's type: the outermost kind only, elements are the implementation's to look at. */
export function guardOf(type: Type): Guard {
  switch (type.kind) {
    case 'bool': return (value) => typeof value === 'boolean'
    case 'int': return (value) => typeof value === 'bigint'
    case 'uint': return (value) => value instanceof Uint
    case 'double': return (value) => typeof value === 'number'
    case 'string': return (value) => typeof value === 'string'
    case 'bytes': return (value) => value instanceof Uint8Array
    case 'null': return (value) => value === null
    case 'timestamp': return (value) => value instanceof Timestamp
    case 'duration': return (value) => value instanceof Duration
    case 'list': return (value) => value instanceof ListValue
    case 'map': return isMap
    case 'type': return (value) => value instanceof TypeValue
    case 'object': return (value) => value instanceof ObjectValue && value.type.name === type.name
    case 'opaque': return opaqueGuard(type.name)
    case 'wrapper': {
      const scalar = guardOf({ kind: type.of })
      return (value) => value === null || scalar(value)
    }
    default: return anything
  }
}

function opaqueGuard(name: string): Guard {
  if (name === 'optional_type') return (value) => value instanceof OptionalValue
  return (value) => typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'opaque' && value.typeName === name
}
