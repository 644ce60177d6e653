import { UNUSED_VARIABLE, type Expr } from '../ast.ts'
import { declare, member, overload } from '../declaration.ts'
import type { Library } from '../environment.ts'
import type { ExprMaker } from '../expr-maker.ts'
import { argument, memberMacro, targetOf, variableName, type Macro, type MacroCall } from '../macro.ts'
import { optionalIndex } from '../selection.ts'
import { boolType, dynType, intType, listType, mapType, opaqueType, optionalType, parameterType, stringType } from '../types.ts'
import { CelError, ListValue, none, OptionalValue, Uint, type Value } from '../values.ts'

const K = parameterType('K')
const V = parameterType('V')
const optionalV = optionalType(V)
const listV = listType(V)
const mapKV = mapType(K, V)

/** optMap(name, expression): the expression for the value, if there is one. */
function optionalMacro(name: string, wrap: (make: ExprMaker, at: number, expr: Expr) => Expr): Macro {
  return memberMacro(name, 2, (make, call: MacroCall) => {
    const { at } = call
    const target = targetOf(call)
    const variable = variableName(argument(call, 0), `${name}() variable name must be a simple identifier`)
    const bound = make.comprehension(at, {
      range: make.listOf(at),
      variable: UNUSED_VARIABLE,
      secondVariable: undefined,
      accumulator: variable,
      initial: make.memberCall(at, target, 'value', []),
      condition: make.constant(at, false),
      step: make.ident(at, variable),
      result: argument(call, 1),
    })
    const present = make.memberCall(at, target, 'hasValue', [])
    return make.call(at, '_?_:_', present, wrap(make, at, bound), make.call(at, 'optional.none'))
  })
}

/** false, 0, '', [], {}, null, an object without fields. */
function isZero(value: Value): boolean {
  switch (typeof value) {
    case 'boolean': return !value
    case 'bigint': return value === 0n
    case 'number': return value === 0
    case 'string': return value === ''
  }
  if (value === null) return true
  if (value instanceof Uint8Array) return value.length === 0
  if (value instanceof Uint) return value.value === 0n
  switch (value.kind) {
    case 'list':
    case 'map': return value.size === 0
    case 'duration': return value.nanos === 0n
    case 'object': return value.type.setFields(value.source).length === 0
    case 'optional': return value.value === undefined
    default: return false
  }
}

function present(list: ListValue): Value {
  return ListValue.of(list.values().flatMap((item) => (item instanceof OptionalValue && item.value !== undefined ? [item.value] : [])))
}

/** Values that may not be there, with a.?b, a[?b] and {?k: v}. */
export const optionalTypesLibrary: Library = {
  name: 'optional types',
  optionalSyntax: true,
  types: new Map([['optional_type', opaqueType('optional_type')]]),
  macros: [
    optionalMacro('optMap', (make, at, expr) => make.call(at, 'optional.of', expr)),
    optionalMacro('optFlatMap', (_make, _at, expr) => expr),
  ],
  functions: [
    declare('optional.none', overload('optional_none', [], optionalV, () => none)),
    declare('optional.of', overload('optional_of', [V], optionalV, (value: Value) => new OptionalValue(value))),
    declare('optional.ofNonZeroValue', overload('optional_ofNonZeroValue', [V], optionalV, (value: Value) => (
      isZero(value) ? none : new OptionalValue(value)
    ))),
    declare('hasValue', member('optional_hasValue', [optionalV], boolType, (optional: OptionalValue) => optional.value !== undefined)),
    declare('value', member('optional_value', [optionalV], V, (optional: OptionalValue) => (
      optional.value === undefined ? new CelError('optional.none() dereference') : optional.value
    ))),
    declare('or', member('optional_or_optional', [optionalV, optionalV], optionalV)),
    declare('orValue', member('optional_orValue_value', [optionalV, V], V)),
    declare('optional.unwrap', overload('optional_unwrap', [listType(optionalV)], listV, present)),
    declare('unwrapOpt', member('optional_unwrapOpt', [listType(optionalV)], listV, present)),
    declare('_?._', overload('select_optional_field', [dynType, stringType], optionalV)),
    declare(
      '_[?_]',
      overload('list_optindex_optional_int', [listV, intType], optionalV, optionalIndex),
      overload('optional_list_optindex_optional_int', [optionalType(listV), intType], optionalV, optionalIndex),
      overload('map_optindex_optional_value', [mapKV, K], optionalV, optionalIndex),
      overload('optional_map_optindex_optional_value', [optionalType(mapKV), K], optionalV, optionalIndex),
    ),
    declare(
      '_[_]',
      overload('optional_list_index_int', [optionalType(listV), intType], optionalV),
      overload('optional_map_index_value', [optionalType(mapKV), K], optionalV),
    ),
  ],
}
