import { ACCUMULATOR, type Expr } from './ast.ts'
import type { ExprMaker } from './expr-maker.ts'
import { argument, globalMacro, memberMacro, targetOf, variableName, type Macro, type MacroCall } from './macro.ts'
import { SyntaxIssue } from './token.ts'

/** How often a predicate must hold. */
export type Quantifier = 'all' | 'exists' | 'exists-one'

export interface FoldVariables {
  readonly range: Expr
  readonly variable: string
  readonly secondVariable: string | undefined
}

export const standardMacros: readonly Macro[] = [
  globalMacro('has', 1, (make, call) => {
    const field = argument(call, 0)
    if (field.kind !== 'select' || field.testOnly) throw new SyntaxIssue('invalid argument to has() macro', field.at)
    return make.presence(call.at, field.operand, field.field)
  }),
  memberMacro('all', 2, (make, call) => quantify(make, call, 'all')),
  memberMacro('exists', 2, (make, call) => quantify(make, call, 'exists')),
  memberMacro('exists_one', 2, (make, call) => quantify(make, call, 'exists-one')),
  memberMacro('map', 2, (make, call) => collect(make, call, undefined, argument(call, 1))),
  memberMacro('map', 3, (make, call) => collect(make, call, argument(call, 1), argument(call, 2))),
  memberMacro('filter', 2, (make, call) => collect(make, call, argument(call, 1), argument(call, 0))),
]

function quantify(make: ExprMaker, call: MacroCall, quantifier: Quantifier): Expr {
  const variable = variableName(argument(call, 0), 'argument must be a simple name')
  const variables = { range: targetOf(call), variable, secondVariable: undefined }
  return quantified(make, call.at, variables, argument(call, 1), quantifier)
}

/** The fold of all, exists and exists_one. */
export function quantified(make: ExprMaker, at: number, variables: FoldVariables, predicate: Expr, quantifier: Quantifier): Expr {
  const accumulator = (): Expr => make.ident(at, ACCUMULATOR)
  if (quantifier === 'exists-one') {
    return make.comprehension(at, {
      ...variables,
      accumulator: ACCUMULATOR,
      initial: make.constant(at, 0n),
      condition: make.constant(at, true),
      step: make.call(at, '_?_:_', predicate, make.call(at, '_+_', accumulator(), make.constant(at, 1n)), accumulator()),
      result: make.call(at, '_==_', accumulator(), make.constant(at, 1n)),
    })
  }
  const goesOn = quantifier === 'all' ? accumulator() : make.call(at, '!_', accumulator())
  return make.comprehension(at, {
    ...variables,
    accumulator: ACCUMULATOR,
    initial: make.constant(at, quantifier === 'all'),
    condition: make.call(at, '@not_strictly_false', goesOn),
    step: make.call(at, quantifier === 'all' ? '_&&_' : '_||_', accumulator(), predicate),
    result: accumulator(),
  })
}

function collect(make: ExprMaker, call: MacroCall, predicate: Expr | undefined, element: Expr): Expr {
  const variables = { range: targetOf(call), variable: variableName(argument(call, 0)), secondVariable: undefined }
  return collected(make, call.at, variables, predicate, element)
}

/** The fold of map, filter and transformList. */
export function collected(make: ExprMaker, at: number, variables: FoldVariables, predicate: Expr | undefined, element: Expr): Expr {
  const accumulator = (): Expr => make.ident(at, ACCUMULATOR)
  const added = make.call(at, '_+_', accumulator(), make.listOf(at, element))
  return make.comprehension(at, {
    ...variables,
    accumulator: ACCUMULATOR,
    initial: make.listOf(at),
    condition: make.constant(at, true),
    step: predicate === undefined ? added : make.call(at, '_?_:_', predicate, added, accumulator()),
    result: accumulator(),
  })
}
