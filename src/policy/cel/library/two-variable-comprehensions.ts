import { ACCUMULATOR, type Expr } from '../ast.ts'
import { declare, overload } from '../declaration.ts'
import type { Library } from '../environment.ts'
import type { ExprMaker } from '../expr-maker.ts'
import { argument, memberMacro, targetOf, variableName, type Macro, type MacroCall } from '../macro.ts'
import { collected, quantified, type FoldVariables, type Quantifier } from '../standard-macros.ts'
import { SyntaxIssue } from '../token.ts'
import { mapType, parameterType } from '../types.ts'
import { CelError, EntryMap, typeNameOf, type MapValue, type Value } from '../values.ts'

const K = parameterType('K')
const V = parameterType('V')

function variables(call: MacroCall): FoldVariables {
  const variable = variableName(argument(call, 0))
  const secondVariable = variableName(argument(call, 1))
  if (variable === secondVariable) throw new SyntaxIssue(`duplicate variable name: ${variable}`, argument(call, 1).at)
  return { range: targetOf(call), variable, secondVariable }
}

function quantifier(name: string, kind: Quantifier): Macro {
  return memberMacro(name, 3, (make, call) => quantified(make, call.at, variables(call), argument(call, 2), kind))
}

/** The fold that inserts into a map: a key with a value, or all entries of a map. */
function mapped(make: ExprMaker, call: MacroCall, predicate: Expr | undefined, ...inserted: readonly Expr[]): Expr {
  const { at } = call
  const insertion = make.call(at, 'cel.@mapInsert', make.ident(at, ACCUMULATOR), ...inserted)
  return make.comprehension(at, {
    ...variables(call),
    accumulator: ACCUMULATOR,
    initial: make.map(at, []),
    condition: make.constant(at, true),
    step: predicate === undefined ? insertion : make.call(at, '_?_:_', predicate, insertion, make.ident(at, ACCUMULATOR)),
    result: make.ident(at, ACCUMULATOR),
  })
}

function key(make: ExprMaker, call: MacroCall): Expr {
  return make.ident(call.at, variableName(argument(call, 0)))
}

/** The accumulator of a fold is seen by nobody else, so that it can grow in place. */
function insert(map: MapValue, inserted: Value, value: Value): Value {
  if (!(map instanceof EntryMap)) return new CelError('no such overload')
  return map.add(inserted, value) ? map : new CelError(`insert failed: key ${String(inserted)} already exists`)
}

function insertAll(map: MapValue, entries: MapValue): Value {
  for (const inserted of entries.keys()) {
    const result = insert(map, inserted, entries.get(inserted) ?? null)
    if (result instanceof CelError) return result
  }
  return typeNameOf(map) === 'map' ? map : new CelError('no such overload')
}

/** all, exists, existsOne over keys and values (or indices and elements), and transformList, transformMap, transformMapEntry. */
export const twoVariableLibrary: Library = {
  name: 'two-variable-comprehensions',
  macros: [
    quantifier('all', 'all'),
    quantifier('exists', 'exists'),
    quantifier('existsOne', 'exists-one'),
    quantifier('exists_one', 'exists-one'),
    memberMacro('transformList', 3, (make, call) => collected(make, call.at, variables(call), undefined, argument(call, 2))),
    memberMacro('transformList', 4, (make, call) => collected(make, call.at, variables(call), argument(call, 2), argument(call, 3))),
    memberMacro('transformMap', 3, (make, call) => mapped(make, call, undefined, key(make, call), argument(call, 2))),
    memberMacro('transformMap', 4, (make, call) => mapped(make, call, argument(call, 2), key(make, call), argument(call, 3))),
    memberMacro('transformMapEntry', 3, (make, call) => mapped(make, call, undefined, argument(call, 2))),
    memberMacro('transformMapEntry', 4, (make, call) => mapped(make, call, argument(call, 2), argument(call, 3))),
  ],
  functions: [
    declare(
      'cel.@mapInsert',
      overload('@mapInsert_map_key_value', [mapType(K, V), K, V], mapType(K, V), insert),
      overload('@mapInsert_map_map', [mapType(K, V), mapType(K, V)], mapType(K, V), insertAll),
    ),
  ],
}
