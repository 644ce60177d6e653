import type { Value } from './values.ts'

/** The syntax tree. Every node has an id, unique in its expression, and the offset an error about it points to. */
interface Node {
  readonly id: number
  /** For a binary operator its sign, for a call its bracket, for a selection its dot: where cel-go points too. */
  readonly at: number
}

export interface ConstantExpr extends Node {
  readonly kind: 'constant'
  readonly value: Value
}

export interface IdentExpr extends Node {
  readonly kind: 'ident'
  /** With a leading dot when it is meant from the root: .google.protobuf. */
  readonly name: string
}

export interface SelectExpr extends Node {
  readonly kind: 'select'
  readonly operand: Expr
  readonly field: string
  /** has(operand.field). */
  readonly testOnly: boolean
}

export interface CallExpr extends Node {
  readonly kind: 'call'
  readonly target: Expr | undefined
  /** Operators have names too: _+_, !_, _[_], _?_:_. */
  readonly name: string
  readonly args: readonly Expr[]
}

export interface ListElement {
  readonly value: Expr
  /** [?element] */
  readonly optional: boolean
}

export interface ListExpr extends Node {
  readonly kind: 'list'
  readonly elements: readonly ListElement[]
}

export interface MapEntry extends Node {
  readonly key: Expr
  readonly value: Expr
  readonly optional: boolean
}

export interface MapExpr extends Node {
  readonly kind: 'map'
  readonly entries: readonly MapEntry[]
}

export interface StructField extends Node {
  readonly name: string
  readonly value: Expr
  readonly optional: boolean
}

export interface StructExpr extends Node {
  readonly kind: 'struct'
  readonly typeName: string
  readonly fields: readonly StructField[]
}

/** What the macros all, exists, map, ... become: a fold over a list or a map. */
export interface ComprehensionExpr extends Node {
  readonly kind: 'comprehension'
  readonly range: Expr
  readonly variable: string
  /** The value (of a map) or the element (of a list), where the first variable is the key or the index. */
  readonly secondVariable: string | undefined
  readonly accumulator: string
  readonly initial: Expr
  readonly condition: Expr
  readonly step: Expr
  readonly result: Expr
}

export type Expr = ConstantExpr | IdentExpr | SelectExpr | CallExpr | ListExpr | MapExpr | StructExpr | ComprehensionExpr

export const ACCUMULATOR = '@result'
/** The iteration variable of a comprehension that does not iterate: cel.bind. */
export const UNUSED_VARIABLE = '#unused'

export interface ParsedExpr {
  readonly text: string
  readonly expr: Expr
  /** Ids go from 1 to this. */
  readonly lastId: number
}

/** Children in the order of evaluation. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'constant':
    case 'ident': return []
    case 'select': return [expr.operand]
    case 'call': return expr.target === undefined ? expr.args : [expr.target, ...expr.args]
    case 'list': return expr.elements.map((element) => element.value)
    case 'map': return expr.entries.flatMap((entry) => [entry.key, entry.value])
    case 'struct': return expr.fields.map((field) => field.value)
    case 'comprehension': return [expr.range, expr.initial, expr.condition, expr.step, expr.result]
  }
}
