import type { Expr } from '../ast.ts'
import { declare, overload } from '../declaration.ts'
import type { Library } from '../environment.ts'
import { argument, isOn, memberMacro, type Macro, type MacroCall } from '../macro.ts'
import { SyntaxIssue } from '../token.ts'
import { dynType, listType, parameterType } from '../types.ts'

/** cel.block([a, b], result): what an optimizer writes, with cel.index(0) for a. The specification tests it. */
export const blockLibrary: Library = {
  name: 'block',
  functions: [declare('cel.@block', overload('cel_block_list', [listType(dynType), parameterType('T')], parameterType('T')))],
  macros: [
    memberMacro('block', 2, (make, call) => {
      if (!isOn(call, 'cel')) return undefined
      const bindings = argument(call, 0)
      if (bindings.kind !== 'list') throw new SyntaxIssue('cel.block requires the first arg to be a list literal', bindings.at)
      return make.call(call.at, 'cel.@block', bindings, argument(call, 1))
    }),
    memberMacro('index', 1, (make, call) => (isOn(call, 'cel') ? make.ident(call.at, `@index${number(call, 0)}`) : undefined)),
    numbered('iterVar', '@it'),
    numbered('accuVar', '@ac'),
  ],
}

/** cel.iterVar(0, 1) as @it:0:1. */
function numbered(name: string, prefix: string): Macro {
  return memberMacro(name, 2, (make, call) => (
    isOn(call, 'cel') ? make.ident(call.at, `${prefix}:${number(call, 0)}:${number(call, 1)}`) : undefined
  ))
}

function number(call: MacroCall, index: number): bigint {
  const expr: Expr = argument(call, index)
  if (expr.kind === 'constant' && typeof expr.value === 'bigint' && expr.value >= 0n) return expr.value
  throw new SyntaxIssue('requires a single non-negative int constant arg', expr.at)
}
