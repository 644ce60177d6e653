import { ACCUMULATOR, UNUSED_VARIABLE, type CallExpr, type ComprehensionExpr, type Expr, type SelectExpr } from './ast.ts'
import { estimateCall, type CallEstimate, type SizedOperand } from './call-estimate.ts'
import type { CheckedExpr } from './checker.ts'
import { either, exactly, sum, times, unknownSize, type Range } from './cost-range.ts'
import { codePoints } from './source.ts'
import { isOptional, type Type } from './types.ts'

/**
 * How large data may get, by its path from a variable: ['self', 'spec', 'names', '@items']. Steps are names of fields, @items of a list,
 * @keys and @values of a map. Undefined where nothing is known.
 */
export type SizeHints = (path: readonly string[]) => Range | undefined

/** What an expression costs at least and at most, before any data is seen. */
export function estimateCost(checked: CheckedExpr, sizes: SizeHints): Range {
  return new Estimator(checked, sizes).cost(checked.expr)
}

/** What is known of a value that has a name. */
interface Local {
  readonly path: readonly string[] | undefined
  readonly size: Range | undefined
  readonly elementSize: Range | undefined
}

class Estimator {
  readonly #checked: CheckedExpr
  readonly #hints: SizeHints
  readonly #paths = new Map<number, readonly string[]>()
  readonly #sizes = new Map<number, Range>()
  /** Sizes of the elements of lists and of the values of maps. */
  readonly #elementSizes = new Map<number, Range>()
  readonly #locals = new Map<string, Local[]>()

  constructor(checked: CheckedExpr, hints: SizeHints) {
    this.#checked = checked
    this.#hints = hints
  }

  cost(expr: Expr): Range {
    switch (expr.kind) {
      case 'constant': return exactly(0)
      case 'ident': return this.#ident(expr.id, expr.name)
      case 'select': return this.#select(expr)
      case 'call': return this.#call(expr)
      case 'list': {
        const costs = expr.elements.map(({ value }) => this.cost(value))
        const sizes = expr.elements.map(({ value }) => this.#sizeOrUnknown(value))
        this.#elementSizes.set(expr.id, sizes.length === 0 ? exactly(0) : sizes.reduce(either))
        return sum(exactly(10), ...costs)
      }
      case 'map': return sum(exactly(30), ...expr.entries.flatMap((entry) => [this.cost(entry.key), this.cost(entry.value)]))
      case 'struct': return sum(exactly(40), ...expr.fields.map((field) => this.cost(field.value)))
      case 'comprehension': return expr.variable === UNUSED_VARIABLE ? this.#bind(expr) : this.#comprehension(expr)
    }
  }

  #ident(id: number, name: string): Range {
    const local = this.#local(name)
    const path = local === undefined ? [name] : local.path
    if (path !== undefined) this.#paths.set(id, path)
    if (local?.elementSize !== undefined) this.#elementSizes.set(id, local.elementSize)
    return exactly(1)
  }

  #local(name: string): Local | undefined {
    return this.#locals.get(name)?.at(-1)
  }

  #within<T>(name: string, local: Local, use: () => T): T {
    const stack = this.#locals.get(name) ?? []
    this.#locals.set(name, stack)
    stack.push(local)
    const result = use()
    stack.pop()
    return result
  }

  #select(expr: SelectExpr): Range {
    const reference = this.#checked.references[expr.id]
    if (reference?.kind === 'name') {
      this.#paths.set(expr.id, [reference.thing.name])
      return exactly(1)
    }
    const operand = this.cost(expr.operand)
    // has() itself is free in Kubernetes, what it asks about is not.
    if (expr.testOnly) return operand
    const path = this.#paths.get(expr.operand.id)
    if (path !== undefined) this.#paths.set(expr.id, [...path, expr.field])
    const kind = this.#typeOf(expr.operand)?.kind
    return kind === 'map' || kind === 'object' || kind === 'parameter' ? sum(operand, exactly(1)) : operand
  }

  #typeOf(expr: Expr): Type | undefined {
    return this.#checked.types[expr.id]
  }

  #operand(expr: Expr): SizedOperand {
    const path = this.#paths.get(expr.id)
    const itemPath = path === undefined ? undefined : [...path, '@items']
    return {
      expr,
      type: this.#typeOf(expr),
      size: this.#sizeOrUnknown(expr),
      elementSize: this.#elementSizes.get(expr.id) ?? (itemPath === undefined ? undefined : this.#hints(itemPath)) ?? unknownSize,
    }
  }

  #call(expr: CallExpr): Range {
    const reference = this.#checked.references[expr.id]
    const overloads = reference?.kind === 'call' ? reference.overloads : []
    const isMember = expr.target !== undefined && !(reference?.kind === 'call' && reference.isQualified)
    const costs = expr.args.map((arg) => this.cost(arg))
    const targetCost = isMember && expr.target !== undefined ? this.cost(expr.target) : exactly(0)
    const [first, second, third] = expr.args
    if (expr.name === '_&&_' || expr.name === '_||_') return this.#logic(costs)
    if (expr.name === '_?_:_' && second !== undefined && third !== undefined) return this.#conditional(expr, second, third, costs)
    const args = expr.args.map((arg) => this.#operand(arg))
    const target = isMember && expr.target !== undefined ? this.#operand(expr.target) : undefined
    const name = reference?.kind === 'call' ? reference.name : expr.name
    const estimates = overloads.length === 0
      ? [estimateCall(name, '', target, args)]
      : overloads.map((overload) => estimateCall(name, overload.id, target, args))
    this.#rememberResult(expr, estimates, first)
    return sum(targetCost, ...costs, estimates.map(({ cost }) => cost).reduce(either))
  }

  /** The second operand may not be needed. */
  #logic(costs: readonly Range[]): Range {
    const [left = exactly(0), right = exactly(0)] = costs
    return { min: left.min, max: sum(left, right).max }
  }

  #conditional(expr: Expr, whenTrue: Expr, whenFalse: Expr, costs: readonly Range[]): Range {
    const [condition = exactly(0), yes = exactly(0), no = exactly(0)] = costs
    this.#sizes.set(expr.id, either(this.#sizeOrUnknown(whenTrue), this.#sizeOrUnknown(whenFalse)))
    const elements = [this.#elementSizes.get(whenTrue.id), this.#elementSizes.get(whenFalse.id)]
    if (elements[0] !== undefined && elements[1] !== undefined) this.#elementSizes.set(expr.id, either(elements[0], elements[1]))
    return sum(condition, either(yes, no))
  }

  #rememberResult(expr: CallExpr, estimates: readonly CallEstimate[], first: Expr | undefined): void {
    const sizes = estimates.flatMap(({ size }) => (size === undefined ? [] : [size]))
    if (sizes.length > 0) this.#sizes.set(expr.id, sizes.reduce(either))
    const elements = estimates.flatMap(({ elementSize }) => (elementSize === undefined ? [] : [elementSize]))
    if (elements.length > 0) this.#elementSizes.set(expr.id, elements.reduce(either))
    if (first === undefined) return
    if (expr.name === 'dyn') this.#copy(expr, first)
    if (expr.name !== '_[_]') return
    const path = this.#paths.get(first.id)
    if (path !== undefined) this.#paths.set(expr.id, [...path, this.#typeOf(first)?.kind === 'map' ? '@values' : '@items'])
    const element = this.#elementSizes.get(first.id)
    if (element !== undefined) this.#sizes.set(expr.id, element)
  }

  #copy(to: Expr, from: Expr): void {
    const size = this.#size(from)
    if (size !== undefined) this.#sizes.set(to.id, size)
    const element = this.#elementSizes.get(from.id)
    if (element !== undefined) this.#elementSizes.set(to.id, element)
    const path = this.#paths.get(from.id)
    if (path !== undefined) this.#paths.set(to.id, path)
  }

  #bind(expr: ComprehensionExpr): Range {
    const before = sum(this.cost(expr.range), this.cost(expr.initial))
    const { initial } = expr
    const local = { path: this.#paths.get(initial.id), size: this.#size(initial), elementSize: this.#elementSizes.get(initial.id) }
    const result = this.#within(expr.accumulator, local, () => this.cost(expr.result))
    this.#copy(expr, expr.result)
    return sum(before, result)
  }

  #comprehension(expr: ComprehensionExpr): Range {
    const before = sum(this.cost(expr.range), this.cost(expr.initial))
    const accumulator = { path: undefined, size: this.#size(expr.initial), elementSize: this.#elementSizes.get(expr.initial.id) }
    return this.#within(expr.accumulator, accumulator, () => {
      const round = this.#round(expr)
      const result = this.cost(expr.result)
      const count = this.#sizeOrUnknown(expr.range)
      this.#rememberFold(expr, count)
      return sum(before, result, times(count, round))
    })
  }

  #round(expr: ComprehensionExpr): Range {
    const path = this.#paths.get(expr.range.id)
    const isList = this.#typeOf(expr.range)?.kind === 'list'
    const under = (step: string): readonly string[] | undefined => (path === undefined ? undefined : [...path, step])
    const elementSize = this.#elementSizes.get(expr.range.id)
    const element: Local = { path: under(isList ? '@items' : '@values'), size: elementSize, elementSize: undefined }
    const key: Local = { path: under(isList ? '@indices' : '@keys'), size: isList ? exactly(1) : undefined, elementSize: undefined }
    const cost = (): Range => sum(this.cost(expr.condition), this.cost(expr.step))
    const { variable, secondVariable } = expr
    if (secondVariable === undefined) return this.#within(variable, isList ? element : key, cost)
    return this.#within(variable, key, () => this.#within(secondVariable, element, cost))
  }

  #rememberFold(expr: ComprehensionExpr, count: Range): void {
    if (expr.initial.kind === 'constant') this.#sizes.set(expr.id, exactly(1))
    else if (expr.accumulator === ACCUMULATOR) {
      this.#sizes.set(expr.id, { min: 0, max: count.max })
      const element = this.#elementSizes.get(expr.step.id)
      if (element !== undefined) this.#elementSizes.set(expr.id, element)
    }
  }

  #sizeOrUnknown(expr: Expr): Range {
    return this.#size(expr) ?? unknownSize
  }

  #size(expr: Expr): Range | undefined {
    const known = this.#sizes.get(expr.id) ?? literalSize(expr)
    if (known !== undefined) return known
    const path = this.#paths.get(expr.id)
    const hint = path === undefined ? undefined : this.#hints(path)
    if (hint !== undefined) return hint
    const type = this.#typeOf(expr)
    if (type !== undefined && isScalar(type)) return exactly(1)
    return expr.kind === 'ident' ? this.#local(expr.name)?.size : undefined
  }
}

function literalSize(expr: Expr): Range | undefined {
  if (expr.kind === 'list') return exactly(expr.elements.length)
  if (expr.kind === 'map') return exactly(expr.entries.length)
  if (expr.kind !== 'constant') return undefined
  if (typeof expr.value === 'string') return exactly(codePoints(expr.value))
  return exactly(expr.value instanceof Uint8Array ? expr.value.length : 1)
}

/** What is compared at once, whatever it holds: quantities and addresses too, and optional values of scalars. */
function isScalar(type: Type): boolean {
  if (type.kind === 'opaque') return !isOptional(type) || type.parameters.every(isScalar)
  return ['bool', 'int', 'uint', 'double', 'null', 'timestamp', 'duration', 'type'].includes(type.kind)
}
