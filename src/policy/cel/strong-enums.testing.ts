import type { DescEnum, Registry } from '@bufbuild/protobuf'
import { declare, overload, type FunctionDeclaration } from './declaration.ts'
import { EnumValue } from './protobuf-types.testing.ts'
import { intType, opaqueType, stringType, type Type } from './types.ts'
import { CelError, type Value } from './values.ts'

function enumsOf(registry: Registry): DescEnum[] {
  return [...registry].filter((desc): desc is DescEnum => desc.kind === 'enum')
}

/** Enums as types of their own: made of numbers and names, and turned into ints. */
export function strongEnumFunctions(registry: Registry): FunctionDeclaration[] {
  return enumsOf(registry).flatMap(enumFunctions)
}

export function strongEnumTypes(registry: Registry): [string, Type][] {
  return enumsOf(registry).map((desc) => [desc.typeName, opaqueType(desc.typeName)])
}

function enumFunctions(desc: DescEnum): FunctionDeclaration[] {
  const { typeName } = desc
  const type = opaqueType(typeName)
  const ofNumber = (value: bigint): Value => (
    BigInt.asIntN(32, value) === value ? new EnumValue(typeName, value) : new CelError('range error')
  )
  const ofName = (name: string): Value => {
    const value = desc.values.find((candidate) => candidate.name === name)
    return value === undefined ? new CelError(`invalid enum name ${name}`) : new EnumValue(typeName, BigInt(value.number))
  }
  return [
    declare(
      typeName,
      overload(`int_to_${typeName}`, [intType], type, ofNumber),
      overload(`string_to_${typeName}`, [stringType], type, ofName),
    ),
    declare('int', overload(`${typeName}_to_int`, [type], intType, (value: EnumValue) => value.number)),
  ]
}
