import { RE2JS } from 're2js'
import { MAX_PATTERN, MAX_PATTERN_SIZE, patternSize } from '../pattern-size.ts'

/** A regular expression as Go reads it, found anywhere in a text, in linear time: the pattern is one user's, the text another's. */
export interface TextPattern {
  readonly source: string
  matches(text: string): boolean
}

/** Compiled on first use. A source that is no regular expression matches nothing. */
export function textPattern(source: string): TextPattern {
  let compiled: RE2JS | 'invalid' | undefined
  return {
    source,
    matches(text) {
      compiled ??= compile(source) ?? 'invalid'
      return compiled !== 'invalid' && compiled.matcher(text).find()
    },
  }
}

function compile(source: string): RE2JS | undefined {
  if (source.length > MAX_PATTERN || patternSize(source) > MAX_PATTERN_SIZE) return undefined
  try {
    return RE2JS.compile(source)
  } catch {
    return undefined
  }
}
