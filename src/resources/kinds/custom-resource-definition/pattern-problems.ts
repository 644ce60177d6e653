import { RE2JS, RE2JSException } from 're2js'
import { MAX_PATTERN, MAX_PATTERN_SIZE, patternSize } from '../../../objects/pattern-size.ts'

/** What is wrong with a pattern; undefined: nothing. */
export type PatternProblem = (pattern: string) => string | undefined

/** Of instructions, in all patterns of one definition that differ. */
const MAX_PATTERNS_SIZE = 100_000

const LIMITS = `of at most ${MAX_PATTERN} characters and ${MAX_PATTERN_SIZE} instructions`
const TOO_LARGE = `error parsing regexp: expression too large, ${LIMITS}`

/**
 * For the patterns of one definition, in all its versions. They are in the syntax of RE2, which takes time in proportion to the text; to
 * compile them takes time in proportion to their size.
 */
export function patternProblems(): PatternProblem {
  const known = new Map<string, string | undefined>()
  let left = MAX_PATTERNS_SIZE
  return (pattern) => {
    if (pattern === '' || known.has(pattern)) return known.get(pattern)
    const size = pattern.length > MAX_PATTERN ? Infinity : patternSize(pattern)
    if (size > MAX_PATTERN_SIZE) return TOO_LARGE
    left -= size
    if (left < 0) return `the patterns of the definition are too large, of at most ${MAX_PATTERNS_SIZE} instructions together`
    const problem = problemOf(pattern)
    known.set(pattern, problem)
    return problem
  }
}

function problemOf(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern)
    return undefined
  } catch (error) {
    if (error instanceof RE2JSException) return error.message
    throw error
  }
}
