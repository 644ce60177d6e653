export type TokenKind = 'identifier' | 'quoted' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'sign' | 'end'

export interface Token {
  readonly kind: TokenKind
  /** As written; of a quoted identifier what is between the quotes. */
  readonly text: string
  readonly start: number
  readonly end: number
}

/** Something that cannot be read as CEL: thrown within the parser only, its callers get issues. */
export class SyntaxIssue extends Error {
  override readonly name = 'SyntaxIssue'
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

const BLANK = /(?:[ \t\r\n\f]|\/\/[^\n]*)+/y
const IDENTIFIER = /[_a-zA-Z][_a-zA-Z0-9]*/y
const NUMBER = /0x[0-9a-fA-F]+[uU]?|(?:[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)|[0-9]+[uU]?/y
const TEXT_START = /(?:[bB][rR]?|[rR][bB]?)?("""|'''|"|')/y
const QUOTED = /`([a-zA-Z0-9_.\-/ ]+)`/y
const SIGN = /==|!=|<=|>=|&&|\|\||[-+*/%<>!?:.,()[\]{}]/y

/** Splits the text into tokens; the last one has kind 'end'. */
export function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  let offset = 0
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = offset
    return pattern.exec(text)?.[0]
  }
  while (true) {
    offset += match(BLANK)?.length ?? 0
    if (offset >= text.length) break
    const token = readToken(text, offset, match)
    tokens.push(token)
    offset = token.end
  }
  tokens.push({ kind: 'end', text: '<EOF>', start: text.length, end: text.length })
  return tokens
}

function readToken(text: string, start: number, match: (pattern: RegExp) => string | undefined): Token {
  const opening = match(TEXT_START)
  if (opening !== undefined) return readText(text, start, opening)
  const number = match(NUMBER)
  if (number !== undefined) return { kind: numberKind(number), text: number, start, end: start + number.length }
  const identifier = match(IDENTIFIER)
  if (identifier !== undefined) return { kind: 'identifier', text: identifier, start, end: start + identifier.length }
  const quoted = match(QUOTED)
  if (quoted !== undefined) return { kind: 'quoted', text: quoted.slice(1, -1), start, end: start + quoted.length }
  const sign = match(SIGN)
  if (sign !== undefined) return { kind: 'sign', text: sign, start, end: start + sign.length }
  const character = String.fromCodePoint(text.codePointAt(start) ?? 0)
  throw new SyntaxIssue(`Syntax error: token recognition error at: '${character}'`, start)
}

function numberKind(number: string): 'int' | 'uint' | 'double' {
  if (/[uU]$/.test(number)) return 'uint'
  return number.startsWith('0x') || /^[0-9]+$/.test(number) ? 'int' : 'double'
}

/** To the closing quotes; escapes are only skipped here, literals.ts reads them. */
function readText(text: string, start: number, opening: string): Token {
  const quote = /["']+$/.exec(opening)?.[0] ?? ''
  const raw = /[rR]/.test(opening)
  let end = start + opening.length
  while (!text.startsWith(quote, end)) {
    const character = text[end]
    if (character === undefined || (quote.length === 1 && (character === '\n' || character === '\r'))) {
      throw new SyntaxIssue(`Syntax error: token recognition error at: '${text.slice(start, Math.min(end, start + 40))}'`, start)
    }
    end += character === '\\' && !raw ? 2 : 1
  }
  end += quote.length
  return { kind: /[bB]/.test(opening) ? 'bytes' : 'string', text: text.slice(start, end), start, end }
}
