import { parametersOf, type Type } from './types.ts'
import type { Value } from './values.ts'

/**
 * How an overload is computed. Declared by method so that an implementation may say which values it takes, (a: string, b: bigint):
 * it is called only with values that fit the declared parameter types, and never with errors.
 */
export type Implementation = { call(...args: readonly (Value | undefined)[]): Value }['call']

export type Specialize = (constants: readonly (Value | undefined)[]) => Implementation | undefined

export interface Overload {
  readonly id: string
  /** target.name(...): the target is the first parameter. */
  readonly isMember: boolean
  readonly parameters: readonly Type[]
  readonly result: Type
  /** Undefined where the function as a whole has an implementation. */
  readonly evaluate: Implementation | undefined
  /** Makes an implementation for calls whose arguments are partly constants (undefined: not one): a pattern is compiled once. */
  readonly specialize: Specialize | undefined
  /** Variables in parameters and result: each call has its own. */
  readonly typeVariables: readonly string[]
}

export interface FunctionDeclaration {
  readonly name: string
  readonly overloads: readonly Overload[]
  /** Computes every overload, and gives "no such overload" for what fits none: operators on any values. */
  readonly evaluate: Implementation | undefined
}

export function overload(id: string, parameters: readonly Type[], result: Type, evaluate?: Implementation): Overload {
  return { id, isMember: false, parameters, result, evaluate, specialize: undefined, typeVariables: variablesOf([...parameters, result]) }
}

export function member(id: string, parameters: readonly Type[], result: Type, evaluate?: Implementation): Overload {
  return { ...overload(id, parameters, result, evaluate), isMember: true }
}

/** The overload with a way to make use of constant arguments. */
export function specialized(base: Overload, specialize: Specialize): Overload {
  return { ...base, specialize }
}

export function declare(name: string, ...overloads: readonly Overload[]): FunctionDeclaration {
  return { name, overloads, evaluate: undefined }
}

/** One implementation for all overloads. */
export function declareWhole(name: string, evaluate: Implementation, ...overloads: readonly Overload[]): FunctionDeclaration {
  return { name, overloads, evaluate }
}

/** Both libraries' overloads under one name; an id declared twice keeps its first meaning. */
export function mergeDeclarations(declarations: readonly FunctionDeclaration[]): Map<string, FunctionDeclaration> {
  const merged = new Map<string, FunctionDeclaration>()
  for (const declaration of declarations) {
    const known = merged.get(declaration.name)
    if (known === undefined) merged.set(declaration.name, declaration)
    else {
      const fresh = declaration.overloads.filter(({ id }) => !known.overloads.some((overload) => overload.id === id))
      const evaluate = known.evaluate ?? declaration.evaluate
      merged.set(declaration.name, { ...known, overloads: [...known.overloads, ...fresh], evaluate })
    }
  }
  return merged
}

function variablesOf(types: readonly Type[]): string[] {
  const names = new Set<string>()
  const visit = (type: Type): void => {
    if (type.kind === 'parameter') names.add(type.name)
    parametersOf(type).forEach(visit)
  }
  types.forEach(visit)
  return [...names]
}
