import {
  UNUSED_VARIABLE, type CallExpr, type ComprehensionExpr, type Expr, type ListExpr, type MapExpr, type ParsedExpr,
  type SelectExpr, type StructExpr,
} from './ast.ts'
import { CallResolver } from './call-resolver.ts'
import type { Overload } from './declaration.ts'
import type { Environment } from './environment.ts'
import { lookUpName, type NamedThing } from './name-lookup.ts'
import { candidateNames, qualifiedName, rootName } from './names.ts'
import { issueAt, type Issue } from './source.ts'
import { TypeMapping } from './type-mapping.ts'
import {
  boolType, dynType, errorType, formatType, intType, isDynamic, isOptional, listType, mapType, optionalType, stringType, type Type,
} from './types.ts'
import { Uint } from './values.ts'

/** What a name or a call in the expression turned out to mean. */
export type Reference =
  | { readonly kind: 'name'; readonly thing: NamedThing }
  | CallReference
  | { readonly kind: 'struct'; readonly typeName: string }

export interface CallReference {
  readonly kind: 'call'
  readonly name: string
  readonly overloads: readonly Overload[]
  /** math.abs(x): the target is part of the name. */
  readonly isQualified: boolean
}

export interface CheckedExpr extends ParsedExpr {
  readonly type: Type
  /** By id of the expression. */
  readonly types: readonly (Type | undefined)[]
  readonly references: readonly (Reference | undefined)[]
}

export interface CheckOutcome {
  readonly checked: CheckedExpr
  readonly issues: readonly Issue[]
}

/** Finds the type of every part of an expression, and what its names mean. With issues the result is only good for tools. */
export function check(parsed: ParsedExpr, environment: Environment): CheckOutcome {
  return new Checker(parsed, environment).run()
}

const MAX_ISSUES = 100

type Scope = ReadonlyMap<string, Type>

class Checker {
  readonly #parsed: ParsedExpr
  readonly #environment: Environment
  readonly #mapping = new TypeMapping()
  readonly #types: (Type | undefined)[] = []
  readonly #references: (Reference | undefined)[] = []
  readonly #issues: Issue[] = []
  readonly #scopes: Scope[] = []
  readonly #calls: CallResolver

  constructor(parsed: ParsedExpr, environment: Environment) {
    this.#parsed = parsed
    this.#environment = environment
    this.#calls = new CallResolver(environment, this.#mapping, (at, message) => this.#complain(at, message))
  }

  run(): CheckOutcome {
    const { expr } = this.#parsed
    this.#check(expr)
    const types = this.#types.map((type) => (type === undefined ? undefined : this.#mapping.resolve(type, true)))
    const checked = { ...this.#parsed, type: types[expr.id] ?? errorType, types, references: this.#references }
    const issues = this.#issues.toSorted((a, b) => a.offset - b.offset)
    return { checked, issues }
  }

  /** Who has more than that wrong has read enough. */
  #complain(at: number, message: string): void {
    if (this.#issues.length >= MAX_ISSUES) return
    this.#issues.push(issueAt(this.#parsed.text, at, message))
  }

  #check(expr: Expr): Type {
    const type = this.#typeOf(expr)
    this.#types[expr.id] = type
    return type
  }

  #typeOf(expr: Expr): Type {
    switch (expr.kind) {
      case 'constant': return constantType(expr.value)
      case 'ident': return this.#ident(expr.id, expr.at, expr.name)
      case 'select': return this.#select(expr)
      case 'call': return this.#call(expr)
      case 'list': return this.#list(expr)
      case 'map': return this.#map(expr)
      case 'struct': return this.#struct(expr)
      case 'comprehension': return this.#comprehension(expr)
    }
  }

  #resolved(type: Type): Type {
    return this.#mapping.resolve(type, false)
  }

  #local(name: string): Type | undefined {
    for (let index = this.#scopes.length - 1; index >= 0; index--) {
      const type = this.#scopes[index]?.get(name)
      if (type !== undefined) return type
    }
    return undefined
  }

  #ident(id: number, at: number, name: string): Type {
    const type = this.#named(id, name)
    if (type !== undefined) return type
    this.#complain(at, `undeclared reference to '${name.replace(/^\./, '')}' (in container '${this.#environment.container}')`)
    return errorType
  }

  #named(id: number, name: string): Type | undefined {
    const local = this.#local(name)
    const thing: NamedThing | undefined = local === undefined
      ? lookUpName(this.#environment, name)
      : { kind: 'variable', name, type: local }
    if (thing === undefined) return undefined
    this.#references[id] = { kind: 'name', thing }
    return thing.type
  }

  #select(expr: SelectExpr): Type {
    const root = rootName(expr)
    const isLocal = root !== undefined && this.#local(root) !== undefined
    const name = isLocal ? undefined : qualifiedName(expr)
    const named = name === undefined ? undefined : this.#named(expr.id, name)
    if (named !== undefined) return named
    const operand = this.#resolved(this.#check(expr.operand))
    const type = this.#field(expr.at, operand, expr.field)
    return expr.testOnly ? boolType : type
  }

  #field(at: number, operand: Type, field: string): Type {
    if (isOptional(operand)) return optionalOf(this.#field(at, operand.parameters[0] ?? dynType, field))
    switch (operand.kind) {
      case 'map': return operand.value
      case 'object': {
        const declared = this.#environment.types.objectType(operand.name)
        const type = declared?.field(field)?.type
        if (type !== undefined) return type
        this.#complain(at, declared === undefined ? `unexpected failed resolution of '${operand.name}'` : `undefined field '${field}'`)
        return errorType
      }
      case 'parameter':
        this.#mapping.isAssignable(dynType, operand)
        return dynType
      default:
        if (isDynamic(operand) || operand.kind === 'any') return dynType
        this.#complain(at, `type '${formatType(operand)}' does not support field selection`)
        return errorType
    }
  }

  #call(expr: CallExpr): Type {
    if (expr.name === '_?._') return this.#optionalSelect(expr)
    const qualified = this.#qualifiedFunction(expr)
    const name = qualified ?? (expr.target === undefined ? this.#calls.functionName(expr.name) : expr.name)
    const operands = qualified !== undefined || expr.target === undefined ? expr.args : [expr.target, ...expr.args]
    if (name === 'cel.@block') return this.#block(expr)
    const isMember = expr.target !== undefined && qualified === undefined
    if (!isMember && (name === undefined || !this.#environment.functions.has(name))) return this.#undeclaredFunction(expr, expr.name)
    const types = operands.map((operand) => this.#check(operand))
    if (name === undefined || !this.#environment.functions.has(name)) return this.#undeclaredFunction(expr, expr.name, true)
    const resolution = this.#calls.resolve(expr.at, name, isMember, types)
    this.#references[expr.id] = { kind: 'call', name, overloads: resolution.overloads, isQualified: qualified !== undefined }
    return resolution.type
  }

  #undeclaredFunction(expr: CallExpr, name: string, operandsChecked = false): Type {
    if (!operandsChecked) for (const argument of expr.args) this.#check(argument)
    this.#complain(expr.at, `undeclared reference to '${name.replace(/^\./, '')}' (in container '${this.#environment.container}')`)
    return errorType
  }

  /** math.abs where there is a function of that name. */
  #qualifiedFunction(expr: CallExpr): string | undefined {
    if (expr.target === undefined) return undefined
    const prefix = qualifiedName(expr.target)
    const root = rootName(expr.target)
    if (prefix === undefined || (root !== undefined && this.#local(root) !== undefined)) return undefined
    return this.#calls.functionName(`${prefix}.${expr.name}`)
  }

  #optionalSelect(expr: CallExpr): Type {
    const [operandExpr, fieldExpr] = expr.args
    if (operandExpr === undefined || fieldExpr?.kind !== 'constant' || typeof fieldExpr.value !== 'string') return errorType
    const operand = this.#resolved(this.#check(operandExpr))
    this.#types[fieldExpr.id] = stringType
    const overloads = this.#environment.functions.get('_?._')?.overloads ?? []
    this.#references[expr.id] = { kind: 'call', name: '_?._', overloads, isQualified: false }
    const inner = isOptional(operand) ? operand.parameters[0] ?? dynType : operand
    return optionalOf(this.#field(expr.at, inner, fieldExpr.value))
  }

  #list(expr: ListExpr): Type {
    let element: Type | undefined
    for (const { value, optional } of expr.elements) {
      const type = this.#check(value)
      element = this.#join(element, optional ? this.#unwrapOptional(value, type) : type, value)
    }
    return listType(element ?? this.#mapping.fresh())
  }

  #unwrapOptional(expr: Expr, type: Type): Type {
    const resolved = this.#resolved(type)
    if (isOptional(resolved)) return resolved.parameters[0] ?? dynType
    if (isDynamic(resolved)) return dynType
    this.#complain(expr.at, `expected type '${formatType(optionalType(resolved))}' but found '${formatType(resolved)}'`)
    return resolved
  }

  #join(previous: Type | undefined, next: Type, expr: Expr): Type {
    const joined = this.#mapping.join(previous, next)
    if (joined !== undefined) return joined
    if (this.#environment.homogeneousLiterals && previous !== undefined) {
      const wanted = formatType(this.#mapping.resolve(previous, true))
      this.#complain(expr.at, `expected type '${wanted}' but found '${formatType(this.#mapping.resolve(next, true))}'`)
    }
    return dynType
  }

  #map(expr: MapExpr): Type {
    let key: Type | undefined
    let value: Type | undefined
    for (const entry of expr.entries) {
      key = this.#join(key, this.#check(entry.key), entry.key)
      const type = this.#check(entry.value)
      value = this.#join(value, entry.optional ? this.#unwrapOptional(entry.value, type) : type, entry.value)
    }
    return mapType(key ?? this.#mapping.fresh(), value ?? this.#mapping.fresh())
  }

  #struct(expr: StructExpr): Type {
    const found = this.#structType(expr)
    const declared = found === undefined ? undefined : this.#environment.types.objectType(found.name)
    for (const field of expr.fields) {
      const given = this.#check(field.value)
      if (declared === undefined) continue
      const type = declared.field(field.name)?.type
      if (type === undefined) {
        this.#complain(field.at, `undefined field '${field.name}'`)
        continue
      }
      const provided = field.optional ? this.#unwrapOptional(field.value, given) : given
      if (this.#mapping.isAssignable(type, provided)) continue
      const text = formatType(this.#mapping.resolve(provided, true))
      this.#complain(field.at, `expected type of field '${field.name}' is '${formatType(type)}' but provided type is '${text}'`)
    }
    return found?.type ?? errorType
  }

  #structType(expr: StructExpr): { name: string; type: Type } | undefined {
    const { container, abbreviations, types } = this.#environment
    for (const name of candidateNames(container, abbreviations, expr.typeName)) {
      if (types.objectType(name) === undefined) continue
      this.#references[expr.id] = { kind: 'struct', typeName: name }
      return { name, type: types.namedType(name) ?? { kind: 'object', name } }
    }
    const other = lookUpName(this.#environment, expr.typeName)
    if (other === undefined) this.#ident(expr.id, expr.at, expr.typeName)
    else if (other.kind === 'type') this.#complain(expr.at, `'${expr.typeName}' is not a message type`)
    else this.#complain(expr.at, `'${formatType(other.type)}' is not a type`)
    return undefined
  }

  #comprehension(expr: ComprehensionExpr): Type {
    this.#check(expr.range)
    const initial = this.#check(expr.initial)
    this.#scopes.push(new Map([[expr.accumulator, initial]]))
    const [first, second] = this.#iterationTypes(expr, this.#resolved(this.#types[expr.range.id] ?? errorType))
    const variables = new Map<string, Type>()
    if (expr.variable !== UNUSED_VARIABLE) variables.set(expr.variable, first)
    if (expr.secondVariable !== undefined) variables.set(expr.secondVariable, second)
    this.#scopes.push(variables)
    this.#check(expr.condition)
    this.#expect(expr.condition, boolType)
    this.#check(expr.step)
    this.#expect(expr.step, initial)
    this.#scopes.pop()
    const result = this.#check(expr.result)
    this.#scopes.pop()
    return this.#resolved(result)
  }

  /** The types of the first variable (element, key, index) and of the second (value, element). */
  #iterationTypes(expr: ComprehensionExpr, range: Type): [Type, Type] {
    const isPair = expr.secondVariable !== undefined
    switch (range.kind) {
      case 'list': return isPair ? [intType, range.element] : [range.element, errorType]
      case 'map': return [range.key, range.value]
      case 'parameter':
        this.#mapping.isAssignable(dynType, range)
        return [dynType, dynType]
      default:
        if (isDynamic(range) || range.kind === 'any') return [dynType, dynType]
        this.#complain(
          expr.range.at,
          `expression of type '${formatType(range)}' cannot be range of a comprehension (must be list, map, or dynamic)`,
        )
        return [errorType, errorType]
    }
  }

  #expect(expr: Expr, wanted: Type): void {
    const found = this.#types[expr.id] ?? errorType
    if (this.#mapping.isAssignable(wanted, found)) return
    this.#complain(expr.at, `expected type '${formatType(this.#resolved(wanted))}' but found '${formatType(this.#resolved(found))}'`)
  }

  /** cel.@block([a, b], result): later parts see earlier ones as @index0, @index1. */
  #block(expr: CallExpr): Type {
    const [bindings, result] = expr.args
    const count = bindings?.kind === 'list' ? bindings.elements.length : 0
    this.#scopes.push(new Map(Array.from({ length: count }, (_, index) => [`@index${index}`, dynType])))
    if (bindings !== undefined) this.#check(bindings)
    const type = result === undefined ? errorType : this.#check(result)
    this.#scopes.pop()
    const overloads = this.#environment.functions.get('cel.@block')?.overloads ?? []
    this.#references[expr.id] = { kind: 'call', name: 'cel.@block', overloads, isQualified: true }
    return type
  }
}

/** Selecting from an optional gives one optional, however often. */
function optionalOf(type: Type): Type {
  return isOptional(type) || type.kind === 'error' ? type : optionalType(type)
}

function constantType(value: unknown): Type {
  switch (typeof value) {
    case 'boolean': return boolType
    case 'bigint': return intType
    case 'number': return { kind: 'double' }
    case 'string': return stringType
  }
  if (value === null) return { kind: 'null' }
  return value instanceof Uint ? { kind: 'uint' } : { kind: 'bytes' }
}
