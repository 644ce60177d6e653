import type { Expr, ListElement, MapEntry, ParsedExpr, StructField } from './ast.ts'
import { ExprMaker } from './expr-maker.ts'
import { readBytes, readDouble, readInt, readString, readUint } from './literals.ts'
import type { MacroTable } from './macro.ts'
import { codePoints, issueAt, type Issue } from './source.ts'
import { SyntaxIssue, tokensOf, type Token } from './token.ts'
import type { Value } from './values.ts'

export interface ParseOptions {
  readonly macros: MacroTable
  /** a.?b, a[?b], {?k: v} */
  readonly optionalSyntax: boolean
  /** a.`b-c` */
  readonly quotedFields: boolean
}

export type Parsed = { readonly ok: true; readonly parsed: ParsedExpr } | { readonly ok: false; readonly issues: readonly Issue[] }

/** As cel-go's: code points of an expression, and how deep brackets may nest. */
const MAX_CODE_POINTS = 100_000
const MAX_NESTING = 250

/** The syntax tree of an expression, its macros expanded. */
export function parse(text: string, options: ParseOptions): Parsed {
  if (text.length > MAX_CODE_POINTS && codePoints(text) > MAX_CODE_POINTS) {
    const message = `expression code point size exceeds limit: size: ${codePoints(text)}, limit ${MAX_CODE_POINTS}`
    return { ok: false, issues: [issueAt('', 0, message)] }
  }
  try {
    return { ok: true, parsed: new Parser(text, options).parse() }
  } catch (error) {
    if (error instanceof SyntaxIssue) return { ok: false, issues: [issueAt(text, error.offset, error.message)] }
    throw error
  }
}

/** As the grammar of cel-go names what an expression can begin with. */
const EXPRESSION_STARTS =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}"

const RESERVED: ReadonlySet<string> = new Set([
  'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package', 'namespace', 'return', 'var',
  'void', 'while',
])
const KEYWORDS: ReadonlySet<string> = new Set(['true', 'false', 'null', 'in'])

const RELATIONS: ReadonlyMap<string, string> = new Map([
  ['<', '_<_'], ['<=', '_<=_'], ['>', '_>_'], ['>=', '_>=_'], ['==', '_==_'], ['!=', '_!=_'], ['in', '@in'],
])
const SUMS: ReadonlyMap<string, string> = new Map([['+', '_+_'], ['-', '_-_']])
const PRODUCTS: ReadonlyMap<string, string> = new Map([['*', '_*_'], ['/', '_/_'], ['%', '_%_']])

class Parser {
  readonly #tokens: readonly Token[]
  readonly #make = new ExprMaker()
  readonly #text: string
  readonly #options: ParseOptions
  #index = 0
  #nesting = 0

  constructor(text: string, options: ParseOptions) {
    this.#text = text
    this.#options = options
    this.#tokens = tokensOf(text)
  }

  parse(): ParsedExpr {
    const expr = this.#expression()
    if (this.#token.kind !== 'end') throw this.#leftOver()
    return { text: this.#text, expr, lastId: this.#make.lastId }
  }

  get #token(): Token {
    const token = this.#tokens[this.#index] ?? this.#tokens.at(-1)
    if (token === undefined) throw new SyntaxIssue('Syntax error: empty expression', 0)
    return token
  }

  /** cel-go's parser thinks of leaving out one token. */
  #leftOver(): SyntaxIssue {
    if (this.#tokens[this.#index + 1]?.kind !== 'end') return this.#mismatch('<EOF>')
    return new SyntaxIssue(`Syntax error: extraneous input '${this.#token.text}' expecting <EOF>`, this.#token.start)
  }

  #mismatch(expected: string): SyntaxIssue {
    return new SyntaxIssue(`Syntax error: mismatched input '${this.#token.text}' expecting ${expected}`, this.#token.start)
  }

  #at(sign: string): boolean {
    return this.#token.kind === 'sign' && this.#token.text === sign
  }

  /** Takes the sign if it is next. */
  #take(sign: string): Token | undefined {
    if (!this.#at(sign)) return undefined
    return this.#advance()
  }

  #expect(sign: string): Token {
    const token = this.#take(sign)
    if (token === undefined) throw this.#mismatch(`'${sign}'`)
    return token
  }

  #advance(): Token {
    const token = this.#token
    this.#index++
    return token
  }

  #expression(): Expr {
    if (++this.#nesting > MAX_NESTING) throw new SyntaxIssue(`expression recursion limit exceeded: ${MAX_NESTING}`, this.#token.start)
    const condition = this.#logical('||', '_||_', () => this.#logical('&&', '_&&_', () => this.#relation()))
    const question = this.#take('?')
    let expr = condition
    if (question !== undefined) {
      const whenTrue = this.#logical('||', '_||_', () => this.#logical('&&', '_&&_', () => this.#relation()))
      this.#expect(':')
      expr = this.#make.call(question.start, '_?_:_', condition, whenTrue, this.#expression())
    }
    this.#nesting--
    return expr
  }

  /** a || b || c || d as (a || b) || (c || d): the depth grows with the logarithm of the length, and cel-go does the same. */
  #logical(sign: string, name: string, operand: () => Expr): Expr {
    const operands = [operand()]
    const signs: number[] = []
    for (let token = this.#take(sign); token !== undefined; token = this.#take(sign)) {
      signs.push(token.start)
      operands.push(operand())
    }
    const balanced = (low: number, high: number): Expr => {
      const middle = Math.floor((low + high + 1) / 2)
      const left = middle === low ? operands[middle] : balanced(low, middle - 1)
      const right = middle === high ? operands[middle + 1] : balanced(middle + 1, high)
      if (left === undefined || right === undefined) throw this.#mismatch('an operand')
      return this.#make.call(signs[middle] ?? 0, name, left, right)
    }
    return signs.length === 0 && operands[0] !== undefined ? operands[0] : balanced(0, signs.length - 1)
  }

  #relation(): Expr {
    return this.#binary(RELATIONS, () => this.#binary(SUMS, () => this.#binary(PRODUCTS, () => this.#unary())))
  }

  #binary(names: ReadonlyMap<string, string>, operand: () => Expr): Expr {
    let left = operand()
    while (true) {
      const { kind, text } = this.#token
      const name = kind === 'sign' || (kind === 'identifier' && text === 'in') ? names.get(text) : undefined
      if (name === undefined) return left
      const sign = this.#advance()
      left = this.#make.call(sign.start, name, left, operand())
    }
  }

  #unary(): Expr {
    const first = this.#token
    if (this.#at('!')) {
      const count = this.#countSigns('!')
      const operand = this.#member(this.#primary(''))
      return count % 2 === 0 ? operand : this.#make.call(first.start, '!_', operand)
    }
    if (this.#at('-')) {
      const count = this.#countSigns('-')
      const isNumber = this.#token.kind === 'int' || this.#token.kind === 'double'
      if (count === 1 && isNumber) return this.#member(this.#primary('-'))
      const operand = this.#member(this.#primary(''))
      return count % 2 === 0 ? operand : this.#make.call(first.start, '-_', operand)
    }
    return this.#member(this.#primary(''))
  }

  #countSigns(sign: string): number {
    let count = 0
    while (this.#take(sign) !== undefined) count++
    return count
  }

  /** What follows a primary expression: selections, calls, indices. */
  #member(start: Expr): Expr {
    let expr = start
    while (true) {
      if (this.#at('.')) expr = this.#selection(expr)
      else if (this.#at('[')) expr = this.#indexing(expr)
      else return expr
    }
  }

  #selection(operand: Expr): Expr {
    const dot = this.#expect('.')
    const optional = this.#take('?')
    if (optional !== undefined) {
      if (!this.#options.optionalSyntax) throw new SyntaxIssue("unsupported syntax '.?'", dot.start)
      const field = this.#fieldName()
      return this.#make.call(dot.start, '_?._', operand, this.#make.constant(optional.end, field))
    }
    const isCallable = this.#token.kind === 'identifier'
    const field = this.#fieldName()
    if (isCallable && this.#at('(')) {
      const at = this.#token.start
      return this.#call(at, operand, field, this.#arguments())
    }
    return this.#make.select(dot.start, operand, field)
  }

  #indexing(operand: Expr): Expr {
    const bracket = this.#expect('[')
    const optional = this.#take('?')
    if (optional !== undefined && !this.#options.optionalSyntax) throw new SyntaxIssue("unsupported syntax '[?'", bracket.start)
    const index = this.#expression()
    this.#expect(']')
    return this.#make.call(bracket.start, optional === undefined ? '_[_]' : '_[?_]', operand, index)
  }

  #fieldName(): string {
    const token = this.#token
    if (token.kind === 'identifier' && !KEYWORDS.has(token.text)) return this.#advance().text
    if (token.kind === 'quoted') {
      if (!this.#options.quotedFields) throw new SyntaxIssue("unsupported syntax: '`'", token.start)
      return this.#advance().text
    }
    throw this.#mismatch('IDENTIFIER')
  }

  #call(at: number, target: Expr | undefined, name: string, args: readonly Expr[]): Expr {
    const call = { at, target, args }
    const expanded = this.#options.macros.find(name, call)?.expand(this.#make, call)
    if (expanded !== undefined) return expanded
    return target === undefined ? this.#make.call(at, name, ...args) : this.#make.memberCall(at, target, name, args)
  }

  #arguments(): Expr[] {
    this.#expect('(')
    const args: Expr[] = []
    while (!this.#at(')')) {
      if (args.length > 0) this.#expect(',')
      args.push(this.#expression())
    }
    this.#expect(')')
    return args
  }

  #primary(minus: '' | '-'): Expr {
    const token = this.#token
    switch (token.kind) {
      case 'identifier': return this.#identifier()
      case 'int': return this.#literal(readInt(minus + token.text), 'invalid int literal')
      case 'uint': return this.#literal(readUint(token.text), 'invalid uint literal')
      case 'double': return this.#literal(readDouble(minus + token.text), 'invalid double literal')
      case 'string': return this.#literal(readString(token.text), 'invalid string literal')
      case 'bytes': return this.#literal(readBytes(token.text), 'invalid bytes literal')
      case 'sign': return this.#bracketed(token)
      default: throw this.#mismatch(EXPRESSION_STARTS)
    }
  }

  #literal(value: Value | undefined, complaint: string): Expr {
    const token = this.#advance()
    if (value === undefined) throw new SyntaxIssue(complaint, token.start)
    return this.#make.constant(token.start, value)
  }

  #bracketed(token: Token): Expr {
    switch (token.text) {
      case '(': {
        this.#advance()
        const expr = this.#expression()
        this.#expect(')')
        return expr
      }
      case '[': return this.#listLiteral()
      case '{': return this.#mapLiteral()
      case '.': return this.#identifier()
      default: throw this.#mismatch(EXPRESSION_STARTS)
    }
  }

  #identifier(): Expr {
    const dot = this.#take('.')
    const token = this.#token
    if (token.kind !== 'identifier') throw this.#mismatch('IDENTIFIER')
    this.#advance()
    if (dot === undefined && KEYWORDS.has(token.text)) {
      if (token.text === 'in') throw new SyntaxIssue("Syntax error: mismatched input 'in' expecting IDENTIFIER", token.start)
      return this.#make.constant(token.start, token.text === 'null' ? null : token.text === 'true')
    }
    const name = `${dot === undefined ? '' : '.'}${token.text}`
    const struct = this.#structAfter(name)
    if (struct !== undefined) return struct
    if (RESERVED.has(token.text)) throw new SyntaxIssue(`reserved identifier: ${token.text}`, token.start)
    if (!this.#at('(')) return this.#make.ident(token.start, name)
    const at = this.#token.start
    return this.#call(at, undefined, name, this.#arguments())
  }

  /** name.name{...}: looks ahead over the dots, so that a.b is a selection and a.b{} a struct. */
  #structAfter(first: string): Expr | undefined {
    let name = first
    let index = this.#index
    while (this.#tokens[index]?.kind === 'sign' && this.#tokens[index]?.text === '.' && this.#tokens[index + 1]?.kind === 'identifier') {
      name += `.${this.#tokens[index + 1]?.text ?? ''}`
      index += 2
    }
    const brace = this.#tokens[index]
    if (brace?.kind !== 'sign' || brace.text !== '{') return undefined
    this.#index = index + 1
    const fields: StructField[] = []
    while (!this.#at('}')) {
      fields.push(this.#structField())
      if (this.#take(',') === undefined) break
    }
    this.#expect('}')
    return this.#make.struct(brace.start, name, fields)
  }

  #structField(): StructField {
    const optional = this.#optionalMark()
    const name = this.#fieldName()
    const colon = this.#expect(':')
    return this.#make.structField(colon.start, { name, value: this.#expression(), optional })
  }

  #optionalMark(): boolean {
    const question = this.#take('?')
    if (question !== undefined && !this.#options.optionalSyntax) throw new SyntaxIssue("unsupported syntax '?'", question.start)
    return question !== undefined
  }

  #listLiteral(): Expr {
    const bracket = this.#expect('[')
    const elements: ListElement[] = []
    while (!this.#at(']')) {
      const optional = this.#optionalMark()
      elements.push({ value: this.#expression(), optional })
      if (this.#take(',') === undefined) break
    }
    this.#expect(']')
    return this.#make.list(bracket.start, elements)
  }

  #mapLiteral(): Expr {
    const brace = this.#expect('{')
    const entries: MapEntry[] = []
    while (!this.#at('}')) {
      const optional = this.#optionalMark()
      const key = this.#expression()
      const colon = this.#expect(':')
      entries.push(this.#make.mapEntry(colon.start, { key, value: this.#expression(), optional }))
      if (this.#take(',') === undefined) break
    }
    this.#expect('}')
    return this.#make.map(brace.start, entries)
  }
}
