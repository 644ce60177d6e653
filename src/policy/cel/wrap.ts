import type { ListSemantics } from './list-semantics.ts'
import type { ObjectType, TypeProvider } from './object-type.ts'
import type { Type } from './types.ts'
import { CelError, JsonMap, ListValue, ObjectValue, type Value, type Wrap } from './values.ts'
import { fromBase64 } from '../../words/bytes.ts'
import { parseDuration, parseTimestamp } from './time-text.ts'

/**
 * Makes CEL values of plain JSON as they are read, by their declared types: a number of an integer field is an int, one of a number
 * field a double. Nothing is converted before it is looked at. CEL values pass as they are.
 */
export function wrapOf(type: Type, types: TypeProvider): Wrap {
  switch (type.kind) {
    case 'bool':
    case 'string': return passScalar
    case 'int': return wrapInt
    case 'double': return wrapDouble
    case 'bytes': return wrapBytes
    case 'timestamp': return (raw) => (typeof raw === 'string' ? parseTimestamp(raw) : wrapDyn(raw))
    case 'duration': return (raw) => (typeof raw === 'string' ? parseDuration(raw) : wrapDyn(raw))
    case 'wrapper': return wrapOf({ kind: type.of }, types)
    case 'list': return wrapListOf(wrapOf(type.element, types))
    case 'map': return wrapMapOf(wrapOf(type.value, types))
    case 'object': {
      const declared = types.objectType(type.name)
      return declared === undefined ? wrapDyn : wrapObjectOf(declared)
    }
    default: return wrapDyn
  }
}

function passScalar(raw: unknown): Value {
  return typeof raw === 'string' || typeof raw === 'boolean' ? raw : wrapDyn(raw)
}

function wrapInt(raw: unknown): Value {
  return typeof raw === 'number' && Number.isInteger(raw) ? BigInt(raw) : wrapDyn(raw)
}

function wrapDouble(raw: unknown): Value {
  return typeof raw === 'number' ? raw : typeof raw === 'bigint' ? Number(raw) : wrapDyn(raw)
}

/** Bytes are base64 in JSON. */
function wrapBytes(raw: unknown): Value {
  if (typeof raw !== 'string') return wrapDyn(raw)
  return fromBase64(raw) ?? new CelError('invalid base64')
}

export function wrapListOf(element: Wrap, semantics?: ListSemantics): Wrap {
  return (raw) => (Array.isArray(raw) ? ListValue.wrapping(raw, element, semantics) : wrapDyn(raw))
}

export function wrapMapOf(value: Wrap): Wrap {
  return (raw) => (isPlainObject(raw) ? new JsonMap(raw, value) : wrapDyn(raw))
}

export function wrapObjectOf(type: ObjectType): Wrap {
  return (raw) => (isPlainObject(raw) ? new ObjectValue(type, raw) : wrapDyn(raw))
}

function isPlainObject(raw: unknown): raw is Readonly<Record<string, unknown>> {
  if (typeof raw !== 'object' || raw === null) return false
  const prototype: unknown = Object.getPrototypeOf(raw)
  return prototype === Object.prototype || prototype === null
}

/** Without a schema: whole numbers are ints, others doubles, as Kubernetes decodes JSON. */
export function wrapDyn(raw: unknown): Value {
  switch (typeof raw) {
    case 'string':
    case 'boolean':
    case 'bigint': return raw
    case 'number': return Number.isSafeInteger(raw) ? BigInt(raw) : raw
    case 'object': return raw === null ? null : wrapDynObject(raw)
    default: return new CelError(`no CEL value: ${typeof raw}`)
  }
}

function wrapDynObject(raw: object): Value {
  if (Array.isArray(raw)) return ListValue.wrapping(raw, wrapDyn)
  // What is no plain object is one of the classes of values.ts: inputs may hold those too.
  return isPlainObject(raw) ? new JsonMap(raw, wrapDyn) : (raw as Value)
}
