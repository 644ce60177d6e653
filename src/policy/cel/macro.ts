import type { Expr } from './ast.ts'
import type { ExprMaker } from './expr-maker.ts'
import { SyntaxIssue } from './token.ts'

/** A call as written, before a macro makes something else of it. */
export interface MacroCall {
  readonly at: number
  readonly target: Expr | undefined
  readonly args: readonly Expr[]
}

/** A call that the parser replaces by another expression. */
export interface Macro {
  readonly name: string
  /** receiver.name(...) */
  readonly isMember: boolean
  readonly argumentCount: number | 'any'
  /** Undefined leaves the call as it is: cel.bind is meant, other.bind is not. */
  expand(make: ExprMaker, call: MacroCall): Expr | undefined
}

export function globalMacro(name: string, argumentCount: number, expand: Macro['expand']): Macro {
  return { name, isMember: false, argumentCount, expand }
}

export function memberMacro(name: string, argumentCount: number | 'any', expand: Macro['expand']): Macro {
  return { name, isMember: true, argumentCount, expand }
}

/** Macros by how they are called. */
export class MacroTable {
  readonly #macros: ReadonlyMap<string, Macro>

  constructor(macros: readonly Macro[]) {
    this.#macros = new Map(macros.map((macro) => [keyOf(macro.name, macro.isMember, macro.argumentCount), macro]))
  }

  find(name: string, call: MacroCall): Macro | undefined {
    const isMember = call.target !== undefined
    return this.#macros.get(keyOf(name, isMember, call.args.length)) ?? this.#macros.get(keyOf(name, isMember, 'any'))
  }
}

function keyOf(name: string, isMember: boolean, argumentCount: number | 'any'): string {
  return `${name}:${isMember}:${argumentCount}`
}

export function argument(call: MacroCall, index: number): Expr {
  const expr = call.args[index]
  if (expr === undefined) throw new SyntaxIssue('missing argument', call.at)
  return expr
}

export function targetOf(call: MacroCall): Expr {
  if (call.target === undefined) throw new SyntaxIssue('missing target', call.at)
  return call.target
}

/** The name of an iteration variable. */
export function variableName(expr: Expr, complaint = 'argument is not an identifier'): string {
  if (expr.kind !== 'ident' || expr.name.startsWith('.')) throw new SyntaxIssue(complaint, expr.at)
  if (expr.name === '@result' || expr.name === '__result__') {
    throw new SyntaxIssue('iteration variable overwrites accumulator variable', expr.at)
  }
  return expr.name
}

/** Whether a macro like cel.bind or math.greatest is meant: its target is a bare name. */
export function isOn(call: MacroCall, name: string): boolean {
  return call.target?.kind === 'ident' && call.target.name === name
}
