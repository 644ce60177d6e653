import type { ObjectField, ObjectType } from './object-type.ts'
import type { Type } from './types.ts'
import { ObjectValue, type Value } from './values.ts'

/** Gives a variable's value; called at most once for each. */
export type ComputeVariable = (name: string) => Value

/** The type of the variable `variables` of a policy: a field for each named expression, with the type that its program has. */
export function composedType(name: string, fields: ReadonlyMap<string, Type>): ObjectType {
  const declared = new Map([...fields].map(([field, type]): [string, ObjectField] => [field, {
    type,
    read: (source) => (source as ComputeVariable)(field),
    isSet: () => true,
  }]))
  return {
    name,
    field: (field) => declared.get(field),
    setFields: () => [...declared.keys()],
    create: undefined,
    isJson: false,
  }
}

/** Variables that are computed when an expression first asks for them, and then known: errors too. */
export function composedValue(type: ObjectType, compute: ComputeVariable): ObjectValue {
  const known = new Map<string, Value>()
  const once: ComputeVariable = (name) => {
    const value = known.get(name)
    if (value !== undefined) return value
    const computed = compute(name)
    known.set(name, computed)
    return computed
  }
  return new ObjectValue(type, once)
}
