import { RE2JS, RE2JSException } from 're2js'
import type { Specialize } from './declaration.ts'
import { CelError, type Value } from './values.ts'

/** Patterns are RE2's: matching takes time linear in the text. */
export type Pattern = RE2JS

const MAX_PATTERN = 10_000

/** An error where the pattern is none. */
export function compilePattern(pattern: string): Pattern | CelError {
  if (pattern.length > MAX_PATTERN) {
    return new CelError(`regular expression too long: ${pattern.length} characters, at most ${MAX_PATTERN} are allowed`)
  }
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    if (error instanceof RE2JSException) return new CelError(error.message)
    throw error
  }
}

/** Whether the pattern is found anywhere in the text. */
export function matchPattern(text: string, pattern: string): boolean | CelError {
  const compiled = compilePattern(pattern)
  return compiled instanceof CelError ? compiled : compiled.test(text)
}

/** For calls whose second argument is a constant pattern: compiled when the expression is. */
export function withPattern(use: (text: string, pattern: Pattern, limit: bigint | undefined) => Value): Specialize {
  return ([, pattern]) => {
    const compiled = typeof pattern === 'string' ? compilePattern(pattern) : undefined
    if (compiled === undefined || compiled instanceof CelError) return undefined
    return (text: string, _pattern: string, limit: bigint | undefined) => use(text, compiled, limit)
  }
}
