import type { Type as TypeMessage, Decl } from '@bufbuild/cel-spec/cel/expr/checked_pb.js'
import type { Value as ValueMessage } from '@bufbuild/cel-spec/cel/expr/value_pb.js'
import type { Any } from '@bufbuild/protobuf/wkt'
import { anyUnpack } from '@bufbuild/protobuf/wkt'
import { member, overload, declare, type FunctionDeclaration } from './declaration.ts'
import { EnumValue, type ProtobufTypes } from './protobuf-types.testing.ts'
import {
  anyType, boolType, bytesType, doubleType, durationType, dynType, intType, listType, mapType, nullType, opaqueType, parameterType,
  stringType, timestampType, typeType, uintType, wrapperType, type ScalarKind, type Type,
} from './types.ts'
import { CelError, EntryMap, ListValue, TypeValue, typeNameOf, Uint, type Value } from './values.ts'

/** The values of the specification's cases as CEL values. */
export function specValue(types: ProtobufTypes, message: ValueMessage | undefined): Value {
  const kind = message?.kind
  switch (kind?.case) {
    case 'boolValue':
    case 'doubleValue':
    case 'stringValue':
    case 'bytesValue':
    case 'int64Value': return kind.value
    case 'uint64Value': return new Uint(kind.value)
    case 'nullValue': return null
    case 'typeValue': return new TypeValue(kind.value)
    case 'enumValue': return types.strongEnums ? new EnumValue(kind.value.type, BigInt(kind.value.value)) : BigInt(kind.value.value)
    case 'objectValue': return unpacked(types, kind.value)
    case 'listValue': return ListValue.of(kind.value.values.map((item) => specValue(types, item)))
    case 'mapValue': return EntryMap.of(kind.value.entries.map((entry) => [specValue(types, entry.key), specValue(types, entry.value)]))
    default: return new CelError('no value')
  }
}

function unpacked(types: ProtobufTypes, carrier: Any): Value {
  const message = anyUnpack(carrier, types.registry)
  return message === undefined ? new CelError(`unknown type ${carrier.typeUrl}`) : types.toValue(message)
}

const PRIMITIVES: readonly (ScalarKind | undefined)[] = [undefined, 'bool', 'int', 'uint', 'double', 'string', 'bytes']
const PLAIN: Readonly<Record<ScalarKind, Type>> = {
  bool: boolType, int: intType, uint: uintType, double: doubleType, string: stringType, bytes: bytesType,
}

function specType(types: ProtobufTypes, message: TypeMessage | undefined): Type {
  const kind = message?.typeKind
  switch (kind?.case) {
    case 'primitive': return PLAIN[PRIMITIVES[kind.value] ?? 'bool']
    case 'wrapper': return wrapperType(PRIMITIVES[kind.value] ?? 'bool')
    case 'wellKnown': return [dynType, anyType, timestampType, durationType][kind.value] ?? dynType
    case 'null': return nullType
    case 'listType': return listType(specType(types, kind.value.elemType))
    case 'mapType': return mapType(specType(types, kind.value.keyType), specType(types, kind.value.valueType))
    case 'messageType': return types.typeOf(kind.value)
    case 'typeParam': return parameterType(kind.value)
    case 'type': return typeType(kind.value.typeKind.case === undefined ? undefined : specType(types, kind.value))
    case 'abstractType': return opaqueType(kind.value.name, ...kind.value.parameterTypes.map((type) => specType(types, type)))
    default: return dynType
  }
}

export interface SpecDeclarations {
  readonly variables: Readonly<Record<string, Type>>
  readonly functions: readonly FunctionDeclaration[]
}

export function specDeclarations(types: ProtobufTypes, declarations: readonly Decl[]): SpecDeclarations {
  const variables: Record<string, Type> = {}
  const functions: FunctionDeclaration[] = []
  for (const { name, declKind } of declarations) {
    if (declKind.case === 'ident') variables[name] = specType(types, declKind.value.type)
    if (declKind.case !== 'function') continue
    functions.push(declare(name, ...declKind.value.overloads.map((declared) => {
      const parameters = declared.params.map((type) => specType(types, type))
      const make = declared.isInstanceFunction ? member : overload
      return make(declared.overloadId, parameters, specType(types, declared.resultType))
    })))
  }
  return { variables, functions }
}

/** The same value of the same type; NaN is the same as NaN here. */
export function sameValue(a: Value, b: Value): boolean {
  if (typeNameOf(a) !== typeNameOf(b)) return false
  if (typeof a === 'number') return Object.is(a, b)
  if (a === null || typeof a !== 'object' || b === null || typeof b !== 'object') return a === b
  if (a instanceof Uint8Array || b instanceof Uint8Array) return String(a) === String(b)
  switch (a.kind) {
    case 'list': return b.kind === 'list' && a.size === b.size && a.values().every((item, index) => sameValue(item, b.at(index)))
    case 'map': return b.kind === 'map' && a.size === b.size && a.keys().every((key) => sameOrBothAbsent(a.get(key), b.get(key)))
    case 'object': {
      if (b.kind !== 'object') return false
      const names = a.type.setFields(a.source)
      return names.length === b.type.setFields(b.source).length
        && names.every((name) => sameOrBothAbsent(a.type.field(name)?.read(a.source), b.type.field(name)?.read(b.source)))
    }
    case 'uint': return b.kind === 'uint' && a.value === b.value
    case 'timestamp':
    case 'duration': return (b.kind === 'timestamp' || b.kind === 'duration') && a.nanos === b.nanos
    case 'type': return b.kind === 'type' && a.name === b.name
    case 'opaque': return b.kind === 'opaque' && a.equals(b)
    default: return false
  }
}

function sameOrBothAbsent(a: Value | undefined, b: Value | undefined): boolean {
  return a === undefined || b === undefined ? a === b : sameValue(a, b)
}
