import { ScalarType } from '@bufbuild/protobuf'
import type { ReflectMessage } from '@bufbuild/protobuf/reflect'
import type {
  Duration as DurationMessage, ListValue as ListMessage, Struct, Timestamp as TimestampMessage,
  Value as ValueMessage,
} from '@bufbuild/protobuf/wkt'
import type { ProtobufTypes } from './protobuf-types.testing.ts'
import { SECOND } from './time-range.ts'
import { Duration, EntryMap, ListValue, Timestamp, Uint, type Value } from './values.ts'

export function scalarValue(scalar: ScalarType, raw: unknown): Value {
  switch (scalar) {
    case ScalarType.BOOL:
    case ScalarType.STRING:
    case ScalarType.BYTES:
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT: return raw as Value
    case ScalarType.UINT32:
    case ScalarType.UINT64:
    case ScalarType.FIXED32:
    case ScalarType.FIXED64: return new Uint(BigInt(raw as bigint | number))
    default: return BigInt(raw as bigint | number)
  }
}

/** Values of google.protobuf types that CEL has its own for; undefined for all other messages. */
export function wellKnownValue(_types: ProtobufTypes, reflected: ReflectMessage): Value | undefined {
  const { message, desc } = reflected
  switch (desc.typeName) {
    case 'google.protobuf.Timestamp': return new Timestamp(nanosOf(message as TimestampMessage))
    case 'google.protobuf.Duration': return new Duration(nanosOf(message as DurationMessage))
    case 'google.protobuf.Struct': return structValue(message as Struct)
    case 'google.protobuf.ListValue': return ListValue.of((message as ListMessage).values.map(jsonValue))
    case 'google.protobuf.Value': return jsonValue(message as ValueMessage)
    default: {
      if (!/^google\.protobuf\.\w+Value$/.test(desc.typeName)) return undefined
      const [field] = desc.fields
      return field?.fieldKind === 'scalar' ? scalarValue(field.scalar, reflected.get(field)) : undefined
    }
  }
}

function nanosOf(message: { seconds: bigint; nanos: number }): bigint {
  return message.seconds * SECOND + BigInt(message.nanos)
}

function structValue(struct: Struct): Value {
  return EntryMap.of(Object.entries(struct.fields).map(([key, value]) => [key, jsonValue(value)]))
}

function jsonValue({ kind }: ValueMessage): Value {
  switch (kind.case) {
    case 'boolValue':
    case 'numberValue':
    case 'stringValue': return kind.value
    case 'structValue': return structValue(kind.value)
    case 'listValue': return ListValue.of(kind.value.values.map(jsonValue))
    default: return null
  }
}
