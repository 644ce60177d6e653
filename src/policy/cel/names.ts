import type { Expr } from './ast.ts'

/**
 * The names that a short name may mean within a container, nearest first: in a.b the name c.D means a.b.c.D, a.c.D or c.D.
 * A leading dot means the name as it is. An abbreviation replaces the first segment: D for x.y.D.
 */
export function candidateNames(container: string, abbreviations: ReadonlyMap<string, string>, name: string): string[] {
  if (name.startsWith('.')) return [expand(abbreviations, name.slice(1)) ?? name.slice(1)]
  const expanded = expand(abbreviations, name)
  if (expanded !== undefined) return [expanded]
  const candidates: string[] = []
  for (let prefix = container; prefix !== ''; prefix = prefix.slice(0, Math.max(0, prefix.lastIndexOf('.')))) {
    candidates.push(`${prefix}.${name}`)
  }
  candidates.push(name)
  return candidates
}

function expand(abbreviations: ReadonlyMap<string, string>, name: string): string | undefined {
  const dot = name.indexOf('.')
  const first = dot === -1 ? name : name.slice(0, dot)
  const full = abbreviations.get(first)
  return full === undefined ? undefined : full + (dot === -1 ? '' : name.slice(dot))
}

/** a.b.c where the expression is nothing but names and dots. */
export function qualifiedName(expr: Expr): string | undefined {
  if (expr.kind === 'ident') return expr.name
  if (expr.kind !== 'select' || expr.testOnly) return undefined
  const operand = qualifiedName(expr.operand)
  return operand === undefined ? undefined : `${operand}.${expr.field}`
}

export function rootName(expr: Expr): string | undefined {
  let at = expr
  while (at.kind === 'select') at = at.operand
  return at.kind === 'ident' ? at.name : undefined
}
