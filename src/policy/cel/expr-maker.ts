import { SyntaxIssue } from './token.ts'
import type { ComprehensionExpr, Expr, ListElement, MapEntry, StructField } from './ast.ts'
import type { Value } from './values.ts'

/** Deeper trees are refused: checking and evaluation recurse over them. */
const MAX_TREE_DEPTH = 800

/** Makes nodes with fresh ids and watches how deep the tree gets. */
export class ExprMaker {
  #lastId = 0
  readonly #depths: number[] = [0]

  get lastId(): number {
    return this.#lastId
  }

  constant(at: number, value: Value): Expr {
    return { kind: 'constant', id: this.#next(at, []), at, value }
  }

  ident(at: number, name: string): Expr {
    return { kind: 'ident', id: this.#next(at, []), at, name }
  }

  select(at: number, operand: Expr, field: string): Expr {
    return { kind: 'select', id: this.#next(at, [operand]), at, operand, field, testOnly: false }
  }

  /** has(operand.field) */
  presence(at: number, operand: Expr, field: string): Expr {
    return { kind: 'select', id: this.#next(at, [operand]), at, operand, field, testOnly: true }
  }

  call(at: number, name: string, ...args: readonly Expr[]): Expr {
    return { kind: 'call', id: this.#next(at, args), at, target: undefined, name, args }
  }

  memberCall(at: number, target: Expr, name: string, args: readonly Expr[]): Expr {
    return { kind: 'call', id: this.#next(at, [target, ...args]), at, target, name, args }
  }

  list(at: number, elements: readonly ListElement[]): Expr {
    return { kind: 'list', id: this.#next(at, elements.map((element) => element.value)), at, elements }
  }

  listOf(at: number, ...values: readonly Expr[]): Expr {
    return this.list(at, values.map((value) => ({ value, optional: false })))
  }

  map(at: number, entries: readonly MapEntry[]): Expr {
    return { kind: 'map', id: this.#next(at, entries.flatMap((entry) => [entry.key, entry.value])), at, entries }
  }

  mapEntry(at: number, entry: Omit<MapEntry, 'id' | 'at'>): MapEntry {
    return { ...entry, at, id: this.#next(at, []) }
  }

  struct(at: number, typeName: string, fields: readonly StructField[]): Expr {
    return { kind: 'struct', id: this.#next(at, fields.map((field) => field.value)), at, typeName, fields }
  }

  structField(at: number, field: Omit<StructField, 'id' | 'at'>): StructField {
    return { ...field, at, id: this.#next(at, []) }
  }

  comprehension(at: number, parts: Omit<ComprehensionExpr, 'id' | 'at' | 'kind'>): Expr {
    const { range, initial, condition, step, result } = parts
    return { kind: 'comprehension', id: this.#next(at, [range, initial, condition, step, result]), at, ...parts }
  }

  #next(at: number, children: readonly Expr[]): number {
    let depth = 0
    for (const child of children) depth = Math.max(depth, this.#depths[child.id] ?? 0)
    if (depth >= MAX_TREE_DEPTH) throw new SyntaxIssue(`expression nests deeper than ${MAX_TREE_DEPTH} levels`, at)
    this.#lastId++
    this.#depths[this.#lastId] = depth + 1
    return this.#lastId
  }
}
