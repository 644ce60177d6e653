import {
  create, ScalarType, type DescEnum, type DescExtension, type DescField, type DescMessage, type Message,
  type Registry,
} from '@bufbuild/protobuf'
import { reflect, type ReflectList, type ReflectMap, type ReflectMessage } from '@bufbuild/protobuf/reflect'
import { clearExtension, getExtension, hasExtension, setExtension } from '@bufbuild/protobuf'
import { anyUnpack, type Any } from '@bufbuild/protobuf/wkt'
import type { ObjectField, ObjectType, TypeProvider } from './object-type.ts'
import { fillField, fillFromValue } from './protobuf-writing.testing.ts'
import { scalarValue, wellKnownValue } from './protobuf-reading.testing.ts'
import {
  anyType, boolType, bytesType, doubleType, durationType, dynType, intType, listType, mapType, objectType, opaqueType, stringType,
  timestampType, uintType, wrapperType, type Type,
} from './types.ts'
import { CelError, EntryMap, ListValue, ObjectValue, type OpaqueValue, type Value } from './values.ts'

/** Messages of a protobuf registry as CEL types: what the conformance cases are written over. */
export interface ProtobufTypes {
  readonly provider: TypeProvider
  readonly registry: Registry
  /** Enum values are ints, or (strong) values of their own types. */
  readonly strongEnums: boolean
  toValue(message: Message): Value
  typeOf(typeName: string): Type
}

export function protobufTypes(registry: Registry, options: { strongEnums: boolean }): ProtobufTypes {
  const known = new Map<string, ObjectType | undefined>()
  const types: ProtobufTypes = {
    registry,
    strongEnums: options.strongEnums,
    toValue: (message) => {
      const desc = registry.getMessage(message.$typeName)
      return desc === undefined ? new CelError(`unknown type: ${message.$typeName}`) : valueOf(types, reflect(desc, message))
    },
    typeOf: (name) => namedType(name) ?? objectType(name),
    provider: {
      objectType: (name) => {
        if (!known.has(name)) known.set(name, messageType(types, registry.getMessage(name)))
        return known.get(name)
      },
      namedType,
      constant: (name) => enumConstant(types, name),
    },
  }
  return types
}

const NAMED: Readonly<Record<string, Type>> = {
  'google.protobuf.BoolValue': wrapperType('bool'),
  'google.protobuf.BytesValue': wrapperType('bytes'),
  'google.protobuf.DoubleValue': wrapperType('double'),
  'google.protobuf.FloatValue': wrapperType('double'),
  'google.protobuf.Int32Value': wrapperType('int'),
  'google.protobuf.Int64Value': wrapperType('int'),
  'google.protobuf.UInt32Value': wrapperType('uint'),
  'google.protobuf.UInt64Value': wrapperType('uint'),
  'google.protobuf.StringValue': wrapperType('string'),
  'google.protobuf.Timestamp': timestampType,
  'google.protobuf.Duration': durationType,
  'google.protobuf.Any': anyType,
  'google.protobuf.Value': dynType,
  'google.protobuf.ListValue': listType(dynType),
  'google.protobuf.Struct': mapType(stringType, dynType),
}

function namedType(name: string): Type | undefined {
  return NAMED[name]
}

export class EnumValue implements OpaqueValue {
  readonly kind = 'opaque'
  readonly typeName: string
  readonly number: bigint

  constructor(typeName: string, number: bigint) {
    this.typeName = typeName
    this.number = number
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof EnumValue && other.number === this.number
  }
}

function enumConstant(types: ProtobufTypes, name: string): { type: Type; value: Value } | undefined {
  const dot = name.lastIndexOf('.')
  const desc = types.registry.getEnum(name.slice(0, Math.max(0, dot)))
  const value = desc?.values.find((candidate) => candidate.name === name.slice(dot + 1))
  if (desc === undefined || value === undefined) return undefined
  return { type: enumType(types, desc), value: enumValue(types, desc, value.number) }
}

function enumType(types: ProtobufTypes, desc: DescEnum): Type {
  return types.strongEnums && desc.typeName !== 'google.protobuf.NullValue' ? opaqueType(desc.typeName) : intType
}

function enumValue(types: ProtobufTypes, desc: DescEnum, number: number): Value {
  if (desc.typeName === 'google.protobuf.NullValue') return null
  return types.strongEnums ? new EnumValue(desc.typeName, BigInt(number)) : BigInt(number)
}

function scalarType(scalar: ScalarType): Type {
  switch (scalar) {
    case ScalarType.BOOL: return boolType
    case ScalarType.STRING: return stringType
    case ScalarType.BYTES: return bytesType
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT: return doubleType
    case ScalarType.UINT32:
    case ScalarType.UINT64:
    case ScalarType.FIXED32:
    case ScalarType.FIXED64: return uintType
    default: return intType
  }
}

function fieldType(types: ProtobufTypes, field: DescField | DescExtension): Type {
  switch (field.fieldKind) {
    case 'scalar': return scalarType(field.scalar)
    case 'enum': return enumType(types, field.enum)
    case 'message': return types.typeOf(field.message.typeName)
    case 'list': {
      if (field.listKind === 'scalar') return listType(scalarType(field.scalar))
      return listType(field.listKind === 'enum' ? enumType(types, field.enum) : types.typeOf(field.message.typeName))
    }
    case 'map': {
      const key = scalarType(field.mapKey)
      if (field.mapKind === 'scalar') return mapType(key, scalarType(field.scalar))
      return mapType(key, field.mapKind === 'enum' ? enumType(types, field.enum) : types.typeOf(field.message.typeName))
    }
  }
}

function messageType(types: ProtobufTypes, desc: DescMessage | undefined): ObjectType | undefined {
  if (desc === undefined) return undefined
  const fields = new Map<string, ObjectField>(desc.fields.map((field) => [field.name, {
    type: fieldType(types, field),
    read: (source: unknown) => readField(types, reflect(desc, source as Message), field),
    isSet: (source: unknown) => reflect(desc, source as Message).isSet(field),
  }]))
  return {
    name: desc.typeName,
    field: (name) => fields.get(name) ?? extensionField(types, desc, name),
    setFields: (source) => {
      const message = reflect(desc, source as Message)
      return desc.fields.filter((field) => message.isSet(field)).map((field) => field.name)
    },
    create: (values) => createMessage(types, desc, values),
    isJson: false,
  }
}

function extensionField(types: ProtobufTypes, desc: DescMessage, name: string): ObjectField | undefined {
  const extension = types.registry.getExtension(name)
  if (extension === undefined || extension.extendee.typeName !== desc.typeName) return undefined
  return {
    type: fieldType(types, extension),
    isSet: (source) => hasExtension(source as Message, extension),
    read: (source) => {
      const raw: unknown = getExtension(source as Message, extension)
      return extensionValue(types, extension, raw)
    },
  }
}

function extensionValue(types: ProtobufTypes, extension: DescExtension, raw: unknown): Value {
  switch (extension.fieldKind) {
    case 'scalar': return scalarValue(extension.scalar, raw)
    case 'enum': return enumValue(types, extension.enum, Number(raw))
    case 'message': return types.toValue(raw as Message)
    default: return ListValue.of((raw as unknown[]).map((item) => (
      extension.listKind === 'scalar' ? scalarValue(extension.scalar, item)
        : extension.listKind === 'enum' ? enumValue(types, extension.enum, Number(item)) : types.toValue(item as Message)
    )))
  }
}

function valueOf(types: ProtobufTypes, message: ReflectMessage): Value {
  if (message.desc.typeName === 'google.protobuf.Any') {
    const carrier = message.message as Any
    const unpacked = anyUnpack(carrier, types.registry)
    if (unpacked === undefined) return new CelError(carrier.typeUrl === '' ? 'empty Any' : `unknown type: ${carrier.typeUrl}`)
    return types.toValue(unpacked)
  }
  const wellKnown = wellKnownValue(types, message)
  if (wellKnown !== undefined) return wellKnown
  const type = types.provider.objectType(message.desc.typeName)
  return type === undefined ? new CelError('unknown type') : new ObjectValue(type, message.message)
}

function readField(types: ProtobufTypes, message: ReflectMessage, field: DescField): Value {
  switch (field.fieldKind) {
    case 'scalar': return scalarValue(field.scalar, message.get(field))
    case 'enum': return enumValue(types, field.enum, Number(message.get(field)))
    case 'message': {
      const { typeName } = field.message
      const isNullable = NAMED[typeName]?.kind === 'wrapper' || ['google.protobuf.Any', 'google.protobuf.Value'].includes(typeName)
      return !message.isSet(field) && isNullable ? null : valueOf(types, message.get(field) as ReflectMessage)
    }
    case 'list': return ListValue.of([...(message.get(field) as ReflectList)].map((item) => itemValue(types, field, item)))
    case 'map': {
      const entries = [...(message.get(field) as ReflectMap)]
      return EntryMap.of(entries.map(([key, item]) => [scalarValue(field.mapKey, key), itemValue(types, field, item)]))
    }
  }
}

function itemValue(types: ProtobufTypes, field: DescField, item: unknown): Value {
  if (field.scalar !== undefined) return scalarValue(field.scalar, item)
  return field.enum !== undefined ? enumValue(types, field.enum, Number(item)) : valueOf(types, item as ReflectMessage)
}

function createMessage(types: ProtobufTypes, desc: DescMessage, values: ReadonlyMap<string, Value>): Value {
  const message = reflect(desc, create(desc))
  for (const [name, value] of values) {
    const field = desc.fields.find((candidate) => candidate.name === name)
    if (field !== undefined) {
      const error = fillField(types, message, field, value)
      if (error !== undefined) return error
      continue
    }
    const extension = types.registry.getExtension(name)
    if (extension === undefined) return new CelError(`no such field '${name}'`)
    setExtensionValue(types, message.message, extension, value)
  }
  return valueOf(types, message)
}

function setExtensionValue(types: ProtobufTypes, message: Message, extension: DescExtension, value: Value): void {
  clearExtension(message, extension)
  if (extension.fieldKind === 'message') {
    const inner = reflect(extension.message, create(extension.message))
    fillFromValue(types, inner, value)
    setExtension(message, extension, inner.message)
  } else setExtension(message, extension, typeof value === 'bigint' ? Number(value) : value)
}

