import { CelError, isError, ListValue, none, noSuchOverload, normalKey, OptionalValue, typeNameOf, Uint, type Value } from './values.ts'

/** value.field; of an optional an optional. What has no fields at all has not this one: cel-go says the same of both. */
export function selectField(value: Value, field: string): Value {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return noSuchKey(field)
  switch (value.kind) {
    case 'object': {
      const declared = value.type.field(field)
      if (declared === undefined) return new CelError(`no such field '${field}'`)
      return found(declared.read(value.source), field)
    }
    case 'map': return found(value.get(field), field)
    case 'optional': return optionalSelect(value, field)
    case 'list': return unsupportedIndex(field)
    default: return noSuchKey(field)
  }
}

/** Null is a value, undefined is none. */
function found(value: Value | undefined, key: string): Value {
  return value === undefined ? noSuchKey(key) : value
}

function noSuchKey(key: string): CelError {
  return new CelError(`no such key: ${key}`)
}

function unsupportedIndex(index: Value): CelError {
  const what = typeof index === 'number' ? `value ${index}` : `type '${typeNameOf(index)}'`
  return new CelError(`unsupported index ${what} in list`)
}

/** has(value.field); false of what can have no fields, as Kubernetes has left it. */
export function hasField(value: Value, field: string): boolean | CelError {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return false
  switch (value.kind) {
    case 'object': {
      const declared = value.type.field(field)
      return declared === undefined ? new CelError(`no such field '${field}'`) : declared.isSet(value.source)
    }
    case 'map': return value.get(field) !== undefined
    case 'optional': return value.value === undefined ? false : hasField(value.value, field)
    case 'list': return unsupportedIndex(field)
    default: return false
  }
}

/** value.?field: nothing where there is no such field. */
export function optionalSelect(value: Value, field: string): Value {
  if (value instanceof OptionalValue) return value.value === undefined ? none : optionalSelect(value.value, field)
  const present = hasField(value, field)
  if (present !== true) return present === false ? none : present
  const selected = selectField(value, field)
  if (isError(selected)) return selected
  return new OptionalValue(selected)
}

/** value[index]; of an optional an optional. */
export function indexValue(value: Value, index: Value): Value {
  if (value instanceof ListValue) return indexList(value, index)
  if (value instanceof OptionalValue) return optionalIndex(value, index)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return noSuchKey(keyText(index))
  if (value.kind !== 'map') return noSuchOverload()
  const found = value.get(index)
  if (found !== undefined) return found
  if (normalKey(index) === undefined && typeof index !== 'number') return noSuchOverload()
  return new CelError(`no such key: ${keyText(index)}`)
}

function keyText(key: Value): string {
  return key instanceof Uint ? String(key.value) : String(key)
}

function indexList(list: ListValue, index: Value): Value {
  const position = listPosition(index)
  if (position === undefined) return unsupportedIndex(index)
  if (position < 0 || position >= list.size) return new CelError(`index out of bounds: ${position}`)
  return list.at(position)
}

function listPosition(index: Value): number | undefined {
  if (typeof index === 'bigint') return Number(index)
  if (index instanceof Uint) return Number(index.value)
  return typeof index === 'number' && Number.isInteger(index) ? index : undefined
}

/** value[?index] */
export function optionalIndex(value: Value, index: Value): Value {
  if (value instanceof OptionalValue) return value.value === undefined ? none : optionalIndex(value.value, index)
  if (value instanceof ListValue) {
    const position = listPosition(index)
    if (position === undefined) return unsupportedIndex(index)
    if (position < 0 || position >= value.size) return none
    const item = value.at(position)
    return isError(item) ? item : new OptionalValue(item)
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return none
  if (value.kind === 'object' && typeof index === 'string') return optionalSelect(value, index)
  if (value.kind !== 'map') return noSuchOverload()
  const found = value.get(index)
  return found === undefined ? none : new OptionalValue(found)
}
