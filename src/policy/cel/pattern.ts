import { RE2JS, RE2JSException } from 're2js'
import { MAX_PATTERN, MAX_PATTERN_SIZE, patternSize } from '../../objects/pattern-size.ts'
import type { Specialize } from './declaration.ts'
import type { Step } from './frame.ts'
import { CelError, type Value } from './values.ts'

/** Patterns are RE2's: matching takes time linear in the text. */
export type Pattern = RE2JS

/** An error where the pattern is none. */
export function compilePattern(pattern: string): Pattern | CelError {
  if (pattern.length > MAX_PATTERN) {
    return new CelError(`regular expression too long: ${pattern.length} characters, at most ${MAX_PATTERN} are allowed`)
  }
  if (patternSize(pattern) > MAX_PATTERN_SIZE) return new CelError('error parsing regexp: expression too large')
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

type Use = (text: string, pattern: Pattern, limit: bigint | undefined) => Value

/**
 * For calls whose second argument is a pattern. A constant one is compiled when the expression is; of others the last one is kept, as many
 * texts are often compared with one.
 */
export function withPattern(use: Use, refused: (error: CelError) => CelError): Specialize {
  return ([, constant]) => {
    let source = typeof constant === 'string' ? constant : ''
    let compiled = compilePattern(source)
    return (text: string, pattern: string, limit: bigint | undefined) => {
      if (pattern !== source) {
        compiled = compilePattern(pattern)
        source = pattern
      }
      return compiled instanceof CelError ? refused(compiled) : use(text, compiled, limit)
    }
  }
}

/** Compiling one instruction takes as long as looking at so many elements. */
const WORK_PER_INSTRUCTION = 100
const INSTRUCTIONS_OF_ANY = 10

/** The functions whose second argument is a pattern. Their cost, which is upstream's, does not know of repetitions in it. */
export const PATTERN_FUNCTIONS: ReadonlySet<string> = new Set(['matches', 'find', 'findAll'])

/** The argument of such a function, where it is no constant: what it takes to compile it is work. */
export function patternStep(step: Step): Step {
  let last = ''
  return (frame) => {
    const pattern = step(frame)
    if (typeof pattern !== 'string' || pattern === last) return pattern
    const size = pattern.length > MAX_PATTERN ? 0 : Math.min(patternSize(pattern), MAX_PATTERN_SIZE)
    frame.spendWork(WORK_PER_INSTRUCTION * (INSTRUCTIONS_OF_ANY + size))
    last = pattern
    return pattern
  }
}
