import { textOf } from '../words/bytes.ts'
import { badRequest } from '../words/status-error.ts'
import { scanJson } from './json-scanner.ts'
import { parseJson } from './json-text.ts'

/**
 * Deeper documents are refused: everything that walks an object may then recurse. No API type nests a tenth as deep.
 * A text under twice this many bytes cannot be deeper and is not scanned.
 */
export const MAX_DEPTH = 1000

/** Throws StatusError 400 where the bytes are no JSON. Errors tell the place, never the content. */
export function decodeJson(bytes: Uint8Array): unknown {
  const text = textOf(bytes)
  if (bytes.length >= 2 * MAX_DEPTH && mayBeDeep(text)) checkExactly(text)
  // Assigning to __proto__ on a copy would change its prototype, so no object may carry that key (plain or escaped: _ is \u005f).
  if (text.includes('__proto__') || text.includes('\\u005')) checkExactly(text)
  try {
    return parseJson(text)
  } catch (error) {
    checkExactly(text)
    // A number beyond every double's range is valid JSON too.
    throw badRequest(error instanceof SyntaxError ? error.message : 'json parse error: the text is not valid JSON')
  }
}

/**
 * As many levels need as many opening brackets, and brackets are few: hopping from one to the next is much faster than reading every
 * byte. Brackets within strings count too, so the answer may be a false yes, never a false no.
 */
function mayBeDeep(text: string): boolean {
  return countUpTo(text, '{', MAX_DEPTH) + countUpTo(text, '[', MAX_DEPTH) > MAX_DEPTH && looksDeep(text)
}

function countUpTo(text: string, character: string, limit: number): number {
  let count = 0
  for (let at = text.indexOf(character); at !== -1 && count <= limit; at = text.indexOf(character, at + 1)) count++
  return count
}

function looksDeep(text: string): boolean {
  let depth = 0
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    if (code === 0x7b || code === 0x5b) {
      if (++depth > MAX_DEPTH) return true
    } else if (code === 0x7d || code === 0x5d) depth--
  }
  return false
}

function checkExactly(text: string): void {
  const { problem } = scanJson(text, MAX_DEPTH)
  if (problem === undefined) return
  const before = text.slice(0, problem.position)
  const line = before.split('\n').length
  const column = problem.position - before.lastIndexOf('\n')
  throw badRequest(`json parse error: ${problem.what} at line ${line}, column ${column}`)
}

/** Paths of keys that stand twice in one object (spec.replicas), for strict field validation. The text is valid JSON. */
export function duplicateFields(bytes: Uint8Array): readonly string[] {
  return scanJson(textOf(bytes), MAX_DEPTH).duplicates
}

