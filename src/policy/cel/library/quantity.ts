import {
  addQuantities, compareQuantities, readQuantity, subtractQuantities, type Quantity,
} from '../../../objects/quantity.ts'
import { declare, member, overload } from '../declaration.ts'
import type { Library } from '../environment.ts'
import { boolType, doubleType, intType, opaqueType, stringType } from '../types.ts'
import { CelError, isInt, type OpaqueValue, type Value } from '../values.ts'
import { traversal } from './standard.ts'

const TYPE_NAME = 'kubernetes.Quantity'
const quantityType = opaqueType(TYPE_NAME)
const NANO = 1_000_000_000n

class QuantityValue implements OpaqueValue {
  readonly kind = 'opaque'
  readonly typeName = TYPE_NAME
  readonly quantity: Quantity

  constructor(quantity: Quantity) {
    this.quantity = quantity
  }

  equals(other: OpaqueValue): boolean {
    return other instanceof QuantityValue && compareQuantities(this.quantity, other.quantity) === 0
  }
}

function parse(text: string): Value {
  const read = readQuantity(text)
  return 'error' in read ? new CelError(read.error) : new QuantityValue(read)
}

function ofInt(value: bigint): QuantityValue {
  return new QuantityValue({ nanos: value * NANO, format: 'exponent' })
}

function isInteger({ quantity }: QuantityValue): boolean {
  return quantity.nanos % NANO === 0n && isInt(quantity.nanos / NANO)
}

function comparing(answer: (order: number) => Value): (a: QuantityValue, b: QuantityValue) => Value {
  return (a, b) => answer(compareQuantities(a.quantity, b.quantity))
}

function add(a: QuantityValue, b: QuantityValue): QuantityValue {
  return new QuantityValue(addQuantities(a.quantity, b.quantity))
}

function subtract(a: QuantityValue, b: QuantityValue): QuantityValue {
  return new QuantityValue(subtractQuantities(a.quantity, b.quantity))
}

function sign({ quantity }: QuantityValue): Value {
  return quantity.nanos > 0n ? 1n : quantity.nanos < 0n ? -1n : 0n
}

const Q = quantityType

/** resource.Quantity: quantity('1.5Gi').isLessThan(quantity('2Gi')). */
export const quantityLibrary: Library = {
  name: 'kubernetes.quantity',
  types: new Map([[TYPE_NAME, quantityType]]),
  functions: [
    declare('quantity', overload('string_to_quantity', [stringType], Q, parse)),
    declare('isQuantity', overload('is_quantity_string', [stringType], boolType, (text: string) => !('error' in readQuantity(text)))),
    // Documented as a method, declared upstream as a function: both are understood.
    declare('sign', overload('quantity_sign', [Q], intType, sign), member('quantity_sign_member', [Q], intType, sign)),
    declare('isGreaterThan', member('quantity_is_greater_than', [Q, Q], boolType, comparing((order) => order > 0))),
    declare('isLessThan', member('quantity_is_less_than', [Q, Q], boolType, comparing((order) => order < 0))),
    declare('compareTo', member('quantity_compare_to', [Q, Q], intType, comparing(BigInt))),
    declare('isInteger', member('quantity_is_integer', [Q], boolType, isInteger)),
    declare('asInteger', member('quantity_get_int', [Q], intType, (value: QuantityValue) => (
      isInteger(value) ? value.quantity.nanos / NANO : new CelError('cannot convert value to integer')
    ))),
    declare('asApproximateFloat', member('quantity_get_float', [Q], doubleType, ({ quantity }: QuantityValue) => (
      Number(quantity.nanos) / 1e9
    ))),
    declare(
      'add',
      member('quantity_add', [Q, Q], Q, add),
      member('quantity_add_int', [Q, intType], Q, (a: QuantityValue, b: bigint) => add(a, ofInt(b))),
    ),
    declare(
      'sub',
      member('quantity_sub', [Q, Q], Q, subtract),
      member('quantity_sub_int', [Q, intType], Q, (a: QuantityValue, b: bigint) => subtract(a, ofInt(b))),
    ),
  ],
  costs: new Map([['quantity', traversal()], ['isQuantity', traversal()]]),
}
