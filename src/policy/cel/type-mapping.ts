import {
  dynType, isDynamic, parametersOf, sameType, type ScalarKind, type Type, type TypeParameter,
} from './types.ts'

/**
 * What the type variables of one expression stand for so far. Assignability may bind variables; a failed attempt binds none.
 * The rules are those of cel-go's checker, so that the same expressions have the same types.
 */
export class TypeMapping {
  #bound = new Map<string, Type>()
  #variables = 0

  fresh(): TypeParameter {
    return { kind: 'parameter', name: `_var${this.#variables++}` }
  }

  /** Whether a value of one type may stand where the other is wanted. */
  isAssignable(from: Type, to: Type): boolean {
    return this.areAssignable([from], [to])
  }

  areAssignable(from: readonly Type[], to: readonly Type[]): boolean {
    const before = new Map(this.#bound)
    if (this.#allAssignable(from, to)) return true
    this.#bound = before
    return false
  }

  /** The type that covers both: [1, 'a'] is a list of dyn. */
  join(previous: Type | undefined, next: Type): Type | undefined {
    if (previous === undefined) return next
    return this.isAssignable(previous, next) ? moreGeneral(previous, next) : undefined
  }

  /** The type with variables replaced by what they stand for; unboundAsDyn at the end of checking. */
  resolve(type: Type, unboundAsDyn: boolean): Type {
    const bound = type.kind === 'parameter' ? this.#bound.get(type.name) : undefined
    if (bound !== undefined) return this.resolve(bound, unboundAsDyn)
    switch (type.kind) {
      case 'parameter': return unboundAsDyn ? dynType : type
      case 'list': return { kind: 'list', element: this.resolve(type.element, unboundAsDyn) }
      case 'map': return { kind: 'map', key: this.resolve(type.key, unboundAsDyn), value: this.resolve(type.value, unboundAsDyn) }
      case 'type': return type.of === undefined ? type : { kind: 'type', of: this.resolve(type.of, unboundAsDyn) }
      case 'opaque': return { ...type, parameters: type.parameters.map((parameter) => this.resolve(parameter, unboundAsDyn)) }
      default: return type
    }
  }

  #allAssignable(from: readonly Type[], to: readonly Type[]): boolean {
    return from.length === to.length && from.every((type, index) => this.#assign(type, to[index] ?? dynType))
  }

  #assign(from: Type, to: Type): boolean {
    if (to.kind === 'parameter') {
      const bound = this.#bound.get(to.name)
      if (this.#bind(to, from)) return true
      if (bound !== undefined) return false
    }
    if (from.kind === 'parameter') return this.#bind(from, to)
    if (isDynamic(from) || isDynamic(to) || from.kind === 'any' || to.kind === 'any') return true
    if (from.kind === 'null') return acceptsNull(to)
    if (to.kind === 'null') return acceptsNull(from)
    switch (from.kind) {
      case 'wrapper': return isScalarOrWrapper(to, from.of)
      case 'list':
      case 'map': return from.kind === to.kind && this.#allAssignable(parametersOf(from), parametersOf(to))
      case 'opaque': return to.kind === 'opaque' && from.name === to.name && this.#allAssignable(from.parameters, to.parameters)
      case 'type': return to.kind === 'type'
      default: return sameType(from, to) || (to.kind === 'wrapper' && to.of === from.kind)
    }
  }

  /** Lets the variable stand for the type, or for the more general of the type and what it stood for. */
  #bind(variable: TypeParameter, type: Type): boolean {
    if (type.kind === 'parameter' && type.name === variable.name) return true
    const bound = this.#bound.get(variable.name)
    if (bound === undefined) {
      if (!this.#isFree(variable, type)) return false
      this.#bound.set(variable.name, type)
      return true
    }
    if (sameType(bound, type)) return true
    if (!this.#assign(type, bound)) return false
    const general = moreGeneral(type, bound)
    if (this.#isFree(variable, general)) this.#bound.set(variable.name, general)
    return true
  }

  /** A variable that stood for a type with itself inside would have no end. */
  #isFree(variable: TypeParameter, within: Type): boolean {
    if (within.kind === 'parameter') {
      if (within.name === variable.name) return false
      const bound = this.#bound.get(within.name)
      return bound === undefined || this.#isFree(variable, bound)
    }
    return parametersOf(within).every((inner) => this.#isFree(variable, inner))
  }
}

function acceptsNull(type: Type): boolean {
  return ['opaque', 'object', 'any', 'duration', 'timestamp', 'null', 'wrapper'].includes(type.kind)
}

function isScalarOrWrapper(type: Type, scalar: ScalarKind): boolean {
  return type.kind === scalar || (type.kind === 'wrapper' && type.of === scalar)
}

function moreGeneral(a: Type, b: Type): Type {
  return isAsGeneral(a, b) ? a : b
}

function isAsGeneral(a: Type, b: Type): boolean {
  if (isDynamic(a) || a.kind === 'parameter') return true
  if (isDynamic(b) || b.kind === 'parameter') return false
  if (a.kind === 'wrapper' && b.kind === a.of) return true
  if (b.kind === 'null') return acceptsNull(a)
  if (a.kind !== b.kind) return false
  switch (a.kind) {
    case 'list':
    case 'map':
    case 'opaque': {
      if (a.kind === 'opaque' && b.kind === 'opaque' && a.name !== b.name) return false
      const inner = parametersOf(b)
      return parametersOf(a).every((parameter, index) => isAsGeneral(parameter, inner[index] ?? dynType))
    }
    case 'type': return true
    default: return sameType(a, b)
  }
}
