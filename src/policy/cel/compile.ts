import { check } from './checker.ts'
import type { Environment } from './environment.ts'
import { literalIssues } from './literal-check.ts'
import { parse } from './parser.ts'
import { makeProgram, type Program } from './program.ts'
import type { Issue } from './source.ts'

export type Compiled = { readonly ok: true; readonly program: Program } | { readonly ok: false; readonly issues: readonly Issue[] }

/** Parses, checks and plans an expression. formatIssues() makes a picture of what is wrong. */
export function compile(environment: Environment, text: string): Compiled {
  const parsed = parse(text, environment)
  if (!parsed.ok) return parsed
  const { checked, issues } = check(parsed.parsed, environment)
  if (issues.length > 0) return { ok: false, issues }
  const wrongLiterals = environment.checkLiterals ? literalIssues(checked) : []
  if (wrongLiterals.length > 0) return { ok: false, issues: wrongLiterals }
  return { ok: true, program: makeProgram(checked, environment) }
}

/** Without regard to types: an operator that does not fit its operands is an error of the evaluation. The specification asks for it. */
export function compileUnchecked(environment: Environment, text: string): Compiled {
  const parsed = parse(text, environment)
  if (!parsed.ok) return parsed
  return { ok: true, program: makeProgram(check(parsed.parsed, environment).checked, environment) }
}
