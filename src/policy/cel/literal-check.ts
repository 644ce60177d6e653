import { childrenOf, type CallExpr, type Expr, type ParsedExpr } from './ast.ts'
import { compilePattern } from './pattern.ts'
import { issueAt, type Issue } from './source.ts'
import { parseDuration, parseTimestamp } from './time-text.ts'
import { CelError } from './values.ts'

type Check = (text: string) => unknown

/** The function, the position of its literal (counted with the target) and what reads it. */
const checks: ReadonlyMap<string, { readonly index: number; readonly check: Check; readonly what: string }> = new Map([
  ['matches', { index: 1, check: compilePattern, what: 'matches' }],
  ['find', { index: 1, check: compilePattern, what: 'find' }],
  ['findAll', { index: 1, check: compilePattern, what: 'findAll' }],
  ['duration', { index: 0, check: parseDuration, what: 'duration' }],
  ['timestamp', { index: 0, check: parseTimestamp, what: 'timestamp' }],
])

/** Patterns, durations and timestamps that are written in the expression and cannot be read: found before the first evaluation. */
export function literalIssues(parsed: ParsedExpr): Issue[] {
  const issues: Issue[] = []
  const pending: Expr[] = [parsed.expr]
  for (let expr = pending.pop(); expr !== undefined; expr = pending.pop()) {
    pending.push(...childrenOf(expr))
    const issue = expr.kind === 'call' ? literalIssue(parsed.text, expr) : undefined
    if (issue !== undefined) issues.push(issue)
  }
  return issues.toSorted((a, b) => a.offset - b.offset)
}

function literalIssue(text: string, call: CallExpr): Issue | undefined {
  const known = checks.get(call.name)
  if (known === undefined) return undefined
  const operands = call.target === undefined ? call.args : [call.target, ...call.args]
  const literal = operands[known.index]
  if (literal?.kind !== 'constant' || typeof literal.value !== 'string') return undefined
  const read = known.check(literal.value)
  return read instanceof CelError ? issueAt(text, literal.at, `invalid ${known.what} argument: ${read.message}`) : undefined
}
