/** A place in an expression: line and column from 1, columns in code points, as people and cel-go count. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** Something wrong with an expression, found before it runs. */
export interface Issue extends Position {
  readonly message: string
  /** In UTF-16 units from the start of the expression. */
  readonly offset: number
}

function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  let line = 1
  for (const character of before) if (character === '\n') line++
  return { line, column: codePoints(before.slice(lineStart)) + 1 }
}

export function issueAt(text: string, offset: number, message: string): Issue {
  return { message, offset, ...positionAt(text, offset) }
}

/**
 * The picture of an issue:
 *   ERROR: <input>:1:3: undeclared reference to 'b' (in container '')
 *    | a+b
 *    | ..^
 */
export function formatIssue(text: string, issue: Issue): string {
  const start = text.lastIndexOf('\n', issue.offset - 1) + 1
  const end = text.indexOf('\n', issue.offset)
  const line = [...text.slice(start, end === -1 ? text.length : end)].map((character) => (character === '\t' ? ' ' : character))
  // Of a long line only what is around the place.
  const from = line.length > MAX_SHOWN ? Math.max(0, issue.column - MAX_SHOWN / 2) : 0
  const shown = line.slice(from, from + MAX_SHOWN).join('')
  const head = `ERROR: <input>:${issue.line}:${issue.column}: ${issue.message}`
  return `${head}\n | ${shown}\n | ${'.'.repeat(Math.max(0, issue.column - 1 - from))}^`
}

const MAX_SHOWN = 400

export function formatIssues(text: string, issues: readonly Issue[]): string {
  return issues.map((issue) => formatIssue(text, issue)).join('\n')
}

/** How many code points a text has: what CEL calls its size. */
export function codePoints(text: string): number {
  let count = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(index + 1))) {
      count--
      index++
    }
  }
  return count
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}
