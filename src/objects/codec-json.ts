import { textOf, utf8 } from '../words/bytes.ts'
import { badRequest } from '../words/status-error.ts'
import { scanJson } from './json-scanner.ts'

/**
 * Deeper documents are refused: everything that walks an object may then recurse. No API type nests a tenth as deep.
 * A text under twice this many bytes cannot be deeper and is not scanned.
 */
export const MAX_DEPTH = 1000

/** Throws StatusError 400 where the bytes are no JSON. Errors tell the place, never the content. */
export function decodeJson(bytes: Uint8Array): unknown {
  const text = textOf(bytes)
  if (bytes.length >= 2 * MAX_DEPTH && looksDeep(bytes)) checkExactly(text)
  // Assigning to __proto__ on a copy would change its prototype, so no object may carry that key (plain or escaped: _ is \u005f).
  if (text.includes('__proto__') || text.includes('\\u005')) checkExactly(text)
  try {
    return JSON.parse(text) as unknown
  } catch {
    checkExactly(text)
    throw badRequest('json parse error: the text is not valid JSON')
  }
}

/** Counts brackets, also those within strings: cheap, and never too low. */
function looksDeep(bytes: Uint8Array): boolean {
  let depth = 0
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]
    if (byte === 0x7b || byte === 0x5b) {
      if (++depth > MAX_DEPTH) return true
    } else if (byte === 0x7d || byte === 0x5d) depth--
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

export function encodeJson(value: unknown): Uint8Array<ArrayBuffer> {
  return utf8(JSON.stringify(value))
}
