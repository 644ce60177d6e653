import { create, ScalarType, type DescField, type DescMessage, type Message } from '@bufbuild/protobuf'
import { reflect, type ReflectList, type ReflectMap, type ReflectMessage } from '@bufbuild/protobuf/reflect'
import {
  anyPack, ListValueSchema, NullValue, StructSchema, ValueSchema, type Any, type ListValue as ListMessage,
  type Struct, type Value as ValueMessage,
} from '@bufbuild/protobuf/wkt'
import { toBase64 } from '../../words/bytes.ts'
import { EnumValue, type ProtobufTypes } from './protobuf-types.testing.ts'
import { floorDivide, SECOND } from './time-range.ts'
import { formatDuration, formatTimestamp } from './time-text.ts'
import { CelError, Duration, ListValue, ObjectValue, Timestamp, Uint, type MapValue, type Value } from './values.ts'

type Failed = CelError | undefined

const RANGES: Readonly<Partial<Record<ScalarType, readonly [bigint, bigint]>>> = {
  [ScalarType.INT32]: [-(2n ** 31n), 2n ** 31n - 1n],
  [ScalarType.SINT32]: [-(2n ** 31n), 2n ** 31n - 1n],
  [ScalarType.SFIXED32]: [-(2n ** 31n), 2n ** 31n - 1n],
  [ScalarType.UINT32]: [0n, 2n ** 32n - 1n],
  [ScalarType.FIXED32]: [0n, 2n ** 32n - 1n],
}

/** What protobuf-es stores for a CEL value of a scalar field. */
function scalarRaw(scalar: ScalarType, value: Value): unknown {
  if (scalar === ScalarType.FLOAT && typeof value === 'number') return Math.fround(value)
  const isDouble = scalar === ScalarType.FLOAT || scalar === ScalarType.DOUBLE
  if (isDouble) return typeof value === 'number' ? value : new CelError('unsupported field type')
  const number = value instanceof Uint ? value.value : typeof value === 'bigint' ? value : undefined
  if (number === undefined) return value === null || typeof value === 'number' ? new CelError('unsupported field type') : value
  const range = RANGES[scalar]
  if (range === undefined) return number
  return number < range[0] || number > range[1] ? new CelError('range error') : Number(number)
}

function enumRaw(value: Value): unknown {
  const number = value instanceof EnumValue ? value.number : value
  if (number === null) return 0
  if (typeof number !== 'bigint') return new CelError('unsupported field type')
  return number < -(2n ** 31n) || number >= 2n ** 31n ? new CelError('range error') : Number(number)
}

function messageRaw(types: ProtobufTypes, desc: DescMessage, value: Value): ReflectMessage | CelError {
  const message = reflect(desc, create(desc))
  return fillFromValue(types, message, value) ?? message
}

function itemRaw(types: ProtobufTypes, field: DescField, value: Value): unknown {
  if (field.scalar !== undefined) return scalarRaw(field.scalar, value)
  if (field.enum !== undefined) return enumRaw(value)
  return field.message === undefined ? new CelError('unsupported field type') : messageRaw(types, field.message, value)
}

/** Null leaves a message field unset, but is a value for Any and Value. */
function leavesUnset(field: DescField, value: Value): boolean {
  const takesNull = ['google.protobuf.Any', 'google.protobuf.Value']
  return value === null && field.fieldKind === 'message' && !takesNull.includes(field.message.typeName)
}

export function fillField(types: ProtobufTypes, message: ReflectMessage, field: DescField, value: Value): Failed {
  if (leavesUnset(field, value)) {
    const name = field.message?.typeName
    return name === 'google.protobuf.Struct' || name === 'google.protobuf.ListValue' ? new CelError('unsupported field type') : undefined
  }
  switch (field.fieldKind) {
    case 'list': {
      if (!(value instanceof ListValue)) return new CelError('unsupported field type')
      const list = message.get(field) as ReflectList
      for (const item of value.values()) {
        const raw = itemRaw(types, field, item)
        if (raw instanceof CelError) return raw
        list.add(raw as never)
      }
      return undefined
    }
    case 'map': return fillMap(types, message, field, value)
    default: {
      const raw = itemRaw(types, field, value)
      if (raw instanceof CelError) return raw
      message.set(field, raw as never)
      return undefined
    }
  }
}

function fillMap(types: ProtobufTypes, message: ReflectMessage, field: DescField & { fieldKind: 'map' }, value: Value): Failed {
  const isObject = typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
  if (!isObject || value.kind !== 'map') return new CelError('unsupported field type')
  const map = message.get(field) as ReflectMap
  for (const key of value.keys()) {
    const rawKey = scalarRaw(field.mapKey, key)
    const raw = itemRaw(types, field, value.get(key) ?? null)
    if (rawKey instanceof CelError) return rawKey
    if (raw instanceof CelError) return raw
    map.set(rawKey as never, raw as never)
  }
  return undefined
}

/** Makes the message say the value. */
export function fillFromValue(types: ProtobufTypes, message: ReflectMessage, value: Value): Failed {
  const { typeName } = message.desc
  switch (typeName) {
    case 'google.protobuf.Any': return fillAny(types, message.message as Any, value)
    case 'google.protobuf.Value': {
      const json = jsonMessage(value)
      if (json instanceof CelError) return json
      ;(message.message as ValueMessage).kind = json.kind
      return undefined
    }
    case 'google.protobuf.Struct':
    case 'google.protobuf.ListValue': return fillJsonContainer(message.message, value)
    case 'google.protobuf.Timestamp':
    case 'google.protobuf.Duration': return fillTime(message.message as Message & { seconds: bigint; nanos: number }, value)
  }
  if (value instanceof ObjectValue && value.type.name === typeName) {
    for (const field of message.fields) {
      const source = reflect(message.desc, value.source as Message)
      if (source.isSet(field)) message.set(field, source.get(field) as never)
    }
    return undefined
  }
  const [field] = message.fields
  if (/^google\.protobuf\.\w+Value$/.test(typeName) && field !== undefined) return fillField(types, message, field, value)
  return new CelError('unsupported field type')
}

function fillTime(message: { seconds: bigint; nanos: number }, value: Value): Failed {
  if (!(value instanceof Timestamp || value instanceof Duration)) return new CelError('unsupported field type')
  const seconds = value instanceof Timestamp ? floorDivide(value.nanos, SECOND) : value.nanos / SECOND
  message.seconds = seconds
  message.nanos = Number(value.nanos - seconds * SECOND)
  return undefined
}

function fillJsonContainer(message: Message, value: Value): Failed {
  const json = jsonMessage(value)
  if (json instanceof CelError) return json
  const { kind } = json
  const name = message.$typeName
  if (kind.case === 'structValue' && name === 'google.protobuf.Struct') (message as Struct).fields = kind.value.fields
  else if (kind.case === 'listValue' && name === 'google.protobuf.ListValue') (message as ListMessage).values = kind.value.values
  else return new CelError('unsupported field type')
  return undefined
}

/** JSON as google.protobuf.Value: ints beyond 2^53 are text there. */
function jsonMessage(value: Value): ValueMessage | CelError {
  const make = (kind: ValueMessage['kind']): ValueMessage => create(ValueSchema, { kind: kind as never })
  const number = value instanceof Uint ? value.value : value
  switch (typeof number) {
    case 'boolean': return make({ case: 'boolValue', value: number })
    case 'number': return make({ case: 'numberValue', value: number })
    case 'string': return make({ case: 'stringValue', value: number })
    case 'bigint': {
      const isSafe = number >= -(2n ** 53n) + 1n && number <= 2n ** 53n - 1n
      return isSafe ? make({ case: 'numberValue', value: Number(number) }) : make({ case: 'stringValue', value: String(number) })
    }
  }
  if (number === null) return make({ case: 'nullValue', value: NullValue.NULL_VALUE })
  if (number instanceof Uint8Array) return make({ case: 'stringValue', value: toBase64(number) })
  switch (number.kind) {
    case 'list': return jsonList(number, make)
    case 'map': return jsonStruct(number, make)
    case 'timestamp': return make({ case: 'stringValue', value: formatTimestamp(number) })
    case 'duration': return make({ case: 'stringValue', value: formatDuration(number) })
    case 'object': return jsonObject(number, make)
    default: return new CelError(`no JSON for ${number.kind}`)
  }
}

type Make = (kind: ValueMessage['kind']) => ValueMessage

function jsonObject(value: ObjectValue, make: Make): ValueMessage | CelError {
  if (value.type.name === 'google.protobuf.Empty') return make({ case: 'structValue', value: create(StructSchema) })
  if (value.type.name !== 'google.protobuf.FieldMask') return new CelError(`no JSON for ${value.type.name}`)
  const { paths } = value.source as { paths: string[] }
  const camel = paths.map((path) => path.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()))
  return make({ case: 'stringValue', value: camel.join(',') })
}

function jsonList(list: ListValue, make: Make): ValueMessage | CelError {
  const values: ValueMessage[] = []
  for (const item of list.values()) {
    const json = jsonMessage(item)
    if (json instanceof CelError) return json
    values.push(json)
  }
  return make({ case: 'listValue', value: create(ListValueSchema, { values }) })
}

function jsonStruct(map: MapValue, make: Make): ValueMessage | CelError {
  const struct = create(StructSchema)
  for (const key of map.keys()) {
    const json = jsonMessage(map.get(key) ?? null)
    if (json instanceof CelError) return json
    if (typeof key !== 'string') return new CelError('bad key type')
    struct.fields[key] = json
  }
  return make({ case: 'structValue', value: struct })
}

/** The message that carries a value in an Any: a wrapper for scalars. */
function carrierName(value: Value): string {
  switch (typeof value) {
    case 'boolean': return 'google.protobuf.BoolValue'
    case 'bigint': return 'google.protobuf.Int64Value'
    case 'number': return 'google.protobuf.DoubleValue'
    case 'string': return 'google.protobuf.StringValue'
  }
  if (value === null) return 'google.protobuf.Value'
  if (value instanceof Uint8Array) return 'google.protobuf.BytesValue'
  switch (value.kind) {
    case 'uint': return 'google.protobuf.UInt64Value'
    case 'timestamp': return 'google.protobuf.Timestamp'
    case 'duration': return 'google.protobuf.Duration'
    case 'list': return 'google.protobuf.ListValue'
    case 'map': return 'google.protobuf.Struct'
    case 'object': return value.type.name
    default: return ''
  }
}

function fillAny(types: ProtobufTypes, carried: Any, value: Value): Failed {
  const desc = types.registry.getMessage(carrierName(value))
  if (desc === undefined) return new CelError('unsupported field type')
  const message = value instanceof ObjectValue ? (value.source as Message) : undefined
  const carrier = message ?? create(desc)
  if (message === undefined) {
    const error = fillFromValue(types, reflect(desc, carrier), value)
    if (error !== undefined) return error
  }
  const packed = anyPack(desc, carrier)
  carried.typeUrl = packed.typeUrl
  carried.value = packed.value
  return undefined
}

