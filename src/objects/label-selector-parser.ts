import { MAX_REQUIREMENTS, MAX_VALUES, makeRequirement, tooManyMessage, type Operator, type Requirement } from './label-requirement.ts'

/** The grammar of labels.Parse: its messages name what was found and what was expected. */
type TokenType = 'identifier' | 'end' | 'error' | '(' | ')' | ',' | '!' | '=' | '==' | '!=' | '>' | '<'

interface Token {
  readonly type: TokenType
  readonly text: string
}

class SelectorSyntaxError extends Error {
  override readonly name = 'SelectorSyntaxError'
}

export type ParsedRequirements = { readonly requirements: readonly Requirement[] } | { readonly error: string }

/** Requirements in the order of the text, or what is wrong with it. */
export function parseRequirements(text: string): ParsedRequirements {
  try {
    return { requirements: parseAll(tokenize(text)) }
  } catch (error) {
    if (error instanceof SelectorSyntaxError) return { error: error.message }
    throw error
  }
}

// '!==' and the like are one (wrong) run of symbols, as upstream reads them; brackets and commas stand alone.
const TOKEN = /[ \t\r\n]*(?:([(),])|([=!<>]+)|([^ \t\r\n(),=!<>]+))/y
const SYMBOLS: ReadonlySet<string> = new Set(['!', '=', '==', '!=', '>', '<'])

function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  const pattern = new RegExp(TOKEN)
  let match: RegExpExecArray | null
  while ((match = pattern.exec(text)) !== null) {
    const [, bracket, symbol, word] = match
    if (bracket !== undefined) tokens.push({ type: bracket as TokenType, text: bracket })
    else if (symbol !== undefined) tokens.push(...symbolTokens(symbol))
    else tokens.push({ type: 'identifier', text: word ?? '' })
    if (tokens.length > 4 * (MAX_REQUIREMENTS + MAX_VALUES)) throw new SelectorSyntaxError(tooManyMessage())
  }
  tokens.push({ type: 'end', text: '' })
  return tokens
}

/** The longest known symbol first: '=!' is '=' and '!'. */
function symbolTokens(run: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < run.length;) {
    const two = run.slice(at, at + 2)
    const symbol = two.length === 2 && SYMBOLS.has(two) ? two : run.charAt(at)
    tokens.push({ type: symbol as TokenType, text: symbol })
    at += symbol.length
  }
  return tokens
}

interface Cursor {
  readonly tokens: readonly Token[]
  at: number
  values: number
}

function peek(cursor: Cursor): Token {
  return cursor.tokens[cursor.at] ?? { type: 'end', text: '' }
}

function consume(cursor: Cursor): Token {
  const token = peek(cursor)
  cursor.at++
  return token
}

function parseAll(tokens: readonly Token[]): Requirement[] {
  const cursor: Cursor = { tokens, at: 0, values: 0 }
  const requirements: Requirement[] = []
  for (;;) {
    const token = peek(cursor)
    if (token.type === 'end') return requirements
    if (token.type !== 'identifier' && token.type !== '!') {
      throw new SelectorSyntaxError(`found '${token.text}', expected: !, identifier, or 'end of string'`)
    }
    requirements.push(parseRequirement(cursor))
    if (requirements.length > MAX_REQUIREMENTS || cursor.values > MAX_VALUES) throw new SelectorSyntaxError(tooManyMessage())
    const separator = consume(cursor)
    if (separator.type === 'end') return requirements
    if (separator.type !== ',') throw new SelectorSyntaxError(`found '${separator.text}', expected: ',' or 'end of string'`)
    const next = peek(cursor)
    if (next.type !== 'identifier' && next.type !== '!') {
      throw new SelectorSyntaxError(`found '${next.text}', expected: identifier after ','`)
    }
  }
}

function parseRequirement(cursor: Cursor): Requirement {
  const negated = peek(cursor).type === '!'
  if (negated) consume(cursor)
  const key = consume(cursor)
  if (key.type !== 'identifier') throw inRequirement(`found '${key.text}', expected: identifier`)
  if (negated) return make(key.text, '!', [])
  const next = peek(cursor).type
  if (next === 'end' || next === ',') return make(key.text, 'exists', [])
  const operator = parseOperator(consume(cursor))
  const values = operator === 'in' || operator === 'notin' ? parseValues(cursor) : [parseExactValue(cursor)]
  cursor.values += values.length
  return make(key.text, operator, values)
}

function make(key: string, operator: Operator, values: readonly string[]): Requirement {
  const made = makeRequirement(key, operator, values)
  if ('error' in made) throw inRequirement(made.error)
  return made
}

function parseOperator(token: Token): Operator {
  switch (token.type) {
    case '=': case '==': case '!=': return token.type
    case '>': return 'gt'
    case '<': return 'lt'
    case 'identifier':
      if (token.text === 'in' || token.text === 'notin') return token.text
  }
  throw inRequirement(`found '${token.text}', expected: in, notin, =, ==, !=, gt, lt`)
}

function parseExactValue(cursor: Cursor): string {
  const next = peek(cursor)
  if (next.type === 'end' || next.type === ',') return ''
  consume(cursor)
  if (next.type !== 'identifier') throw inRequirement(`found '${next.text}', expected: identifier`)
  return next.text
}

/** (a,b), (a,) and (,) where a missing value is the empty one, () which is refused later as an empty set. */
function parseValues(cursor: Cursor): string[] {
  const open = consume(cursor)
  if (open.type !== '(') throw inRequirement(`found '${open.text}' expected: '('`)
  if (peek(cursor).type === ')') {
    consume(cursor)
    return []
  }
  const values: string[] = []
  for (;;) {
    const value = peek(cursor)
    if (value.type === 'identifier') values.push(consume(cursor).text)
    else if (value.type === ',' || value.type === ')') values.push('')
    else throw inRequirement(`found '${value.text}', expected: ',', ')' or identifier`)
    const separator = consume(cursor)
    if (separator.type === ')') return values
    if (separator.type !== ',') throw inRequirement(`found '${separator.text}', expected: ',' or ')'`)
  }
}

function inRequirement(message: string): SelectorSyntaxError {
  return new SelectorSyntaxError(`unable to parse requirement: ${message}`)
}
