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

export function positionAt(text: string, offset: number): Position {
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
  const line = (text.split('\n')[issue.line - 1] ?? '').replaceAll('\t', ' ')
  const head = `ERROR: <input>:${issue.line}:${issue.column}: ${issue.message}`
  return `${head}\n | ${line}\n | ${'.'.repeat(issue.column - 1)}^`
}

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
