import type { Expr } from './ast.ts'
import type { CheckedExpr } from './checker.ts'
import { quoteBytes, quoteText } from './debug-quote.testing.ts'
import { formatType } from './types.ts'
import { Uint, type Value } from './values.ts'

/** How cel-go prints syntax trees for its tests, with the kind of every node, or with types and references. */
export function kindText(expr: Expr): string {
  return new DebugWriter((node) => `^#*expr.${KINDS[node.kind]}#`, '^#*expr.Expr_CreateStruct_Entry#', undefined).write(expr)
}

export function checkedText(checked: CheckedExpr): string {
  return new DebugWriter((node) => semantics(checked, node), '', checked).write(checked.expr)
}

const KINDS: Readonly<Record<Expr['kind'] | 'constant', string>> = {
  constant: 'Constant', ident: 'Expr_IdentExpr', select: 'Expr_SelectExpr', call: 'Expr_CallExpr', list: 'Expr_ListExpr',
  map: 'Expr_StructExpr', struct: 'Expr_StructExpr', comprehension: 'Expr_ComprehensionExpr',
}

function semantics(checked: CheckedExpr, node: Expr): string {
  const type = checked.types[node.id]
  const typeText = type === undefined ? '' : `~${formatType(type)}`
  const reference = checked.references[node.id]
  if (reference === undefined || node.kind === 'comprehension') return typeText
  if (reference.kind === 'name') return `${typeText}^${reference.thing.name}`
  if (reference.kind === 'struct') return `${typeText}^${reference.typeName}`
  const ids = reference.overloads.map((overload) => overload.id).sort()
  return `${typeText}^${ids.join('|')}`
}

class DebugWriter {
  readonly #adorn: (node: Expr) => string
  readonly #entry: string
  readonly #checked: CheckedExpr | undefined
  #text = ''
  #indent = 0
  #lineStart = true

  constructor(adorn: (node: Expr) => string, entry: string, checked: CheckedExpr | undefined) {
    this.#adorn = adorn
    this.#entry = entry
    this.#checked = checked
  }

  write(expr: Expr): string {
    this.#node(expr)
    return this.#text
  }

  #append(text: string): void {
    if (this.#lineStart) this.#text += '  '.repeat(this.#indent)
    this.#lineStart = false
    this.#text += text
  }

  #line(): void {
    this.#text += '\n'
    this.#lineStart = true
  }

  #lines(items: readonly (() => void)[]): void {
    if (items.length === 0) return
    this.#indent++
    this.#line()
    for (const [index, item] of items.entries()) {
      if (index > 0) {
        this.#append(',')
        this.#line()
      }
      item()
    }
    this.#indent--
    this.#line()
  }

  #node(node: Expr): void {
    const name = this.#resolvedName(node)
    if (name !== undefined) this.#append(name)
    else this.#body(node)
    const isBareConstant = node.kind === 'constant' && this.#checked === undefined
    this.#append(isBareConstant ? `^#*expr.Constant_${constantKind(node.value)}#` : this.#adorn(node))
  }

  /** The checker replaces a.b.c by the name it stands for. */
  #resolvedName(node: Expr): string | undefined {
    const reference = this.#checked?.references[node.id]
    return reference?.kind === 'name' && (node.kind === 'ident' || node.kind === 'select') ? reference.thing.name : undefined
  }

  #body(node: Expr): void {
    switch (node.kind) {
      case 'constant': return this.#append(constantText(node.value))
      case 'ident': return this.#append(node.name)
      case 'select': {
        this.#node(node.operand)
        return this.#append(`.${node.field}${node.testOnly ? '~test-only~' : ''}`)
      }
      case 'call': return this.#call(node)
      case 'list': {
        this.#append('[')
        this.#lines(node.elements.map(({ value }) => () => this.#node(value)))
        return this.#append(']')
      }
      case 'map':
      case 'struct': return this.#struct(node)
      case 'comprehension': return this.#comprehension(node)
    }
  }

  #call(node: Expr & { kind: 'call' }): void {
    const reference = this.#checked?.references[node.id]
    const isQualified = reference?.kind === 'call' && reference.isQualified
    if (node.target !== undefined && !isQualified) {
      this.#node(node.target)
      this.#append('.')
    }
    this.#append(`${reference?.kind === 'call' ? reference.name : node.name}(`)
    this.#lines(node.args.map((argument) => () => this.#node(argument)))
    this.#append(')')
  }

  #struct(node: Expr & { kind: 'map' | 'struct' }): void {
    const reference = this.#checked?.references[node.id]
    if (node.kind === 'struct') this.#append(reference?.kind === 'struct' ? reference.typeName : node.typeName)
    this.#append('{')
    const entries = node.kind === 'struct' ? node.fields : node.entries
    this.#lines(entries.map((entry) => () => {
      this.#append(entry.optional ? '?' : '')
      if ('key' in entry) this.#node(entry.key)
      else this.#append(entry.name)
      this.#append(':')
      this.#node(entry.value)
      this.#append(this.#entry)
    }))
    this.#append('}')
  }

  #comprehension(node: Expr & { kind: 'comprehension' }): void {
    this.#append('__comprehension__(')
    this.#indent++
    this.#line()
    const part = (title: string, write: () => void): void => {
      this.#append(`// ${title}`)
      this.#line()
      write()
    }
    const parts: readonly (readonly [string, () => void])[] = [
      ['Variable', () => this.#append(node.variable)],
      ['Target', () => this.#node(node.range)],
      ['Accumulator', () => this.#append(node.accumulator)],
      ['Init', () => this.#node(node.initial)],
      ['LoopCondition', () => this.#node(node.condition)],
      ['LoopStep', () => this.#node(node.step)],
      ['Result', () => this.#node(node.result)],
    ]
    for (const [index, [title, write]] of parts.entries()) {
      part(title, write)
      if (index === parts.length - 1) break
      this.#append(',')
      this.#line()
    }
    this.#append(')')
    this.#indent--
  }
}

function constantKind(value: Value): string {
  switch (typeof value) {
    case 'boolean': return 'BoolValue'
    case 'bigint': return 'Int64Value'
    case 'number': return 'DoubleValue'
    case 'string': return 'StringValue'
  }
  if (value === null) return 'NullValue'
  return value instanceof Uint ? 'Uint64Value' : 'BytesValue'
}

function constantText(value: Value): string {
  switch (typeof value) {
    case 'boolean':
    case 'bigint': return String(value)
    case 'number': return doubleText(value)
    case 'string': return quoteText(value)
  }
  if (value === null) return 'null'
  if (value instanceof Uint) return `${value.value}u`
  return value instanceof Uint8Array ? quoteBytes(value) : '?'
}

function doubleText(value: number): string {
  if (value < 1e6 && value > -1e6) return `${Object.is(value, -0) ? '-' : ''}${value}`
  return value.toExponential().replace(/e\+([0-9])$/, 'e+0$1')
}
