import { mergeDeclarations, type FunctionDeclaration } from './declaration.ts'
import type { CallCosts } from './call-cost.ts'
import { MacroTable, type Macro } from './macro.ts'
import { firstProvider, noTypes, type TypeProvider } from './object-type.ts'
import type { Type } from './types.ts'

/** A named set of functions, macros and types, switched on as a whole. */
export interface Library {
  readonly name: string
  readonly functions?: readonly FunctionDeclaration[]
  readonly macros?: readonly Macro[]
  /** Names of types that can be written in expressions: optional_type, net.IP. */
  readonly types?: ReadonlyMap<string, Type>
  readonly costs?: CallCosts
  /** a.?b, a[?b], {?k: v} */
  readonly optionalSyntax?: boolean
}

export interface EnvironmentOptions {
  readonly libraries: readonly Library[]
  readonly variables?: Readonly<Record<string, Type>>
  readonly types?: TypeProvider
  /** Names are looked up within it first: acme.v1. */
  readonly container?: string
  /** Short names for full ones. */
  readonly abbreviations?: Readonly<Record<string, string>>
  /** [1, 'a'] is an error, as in Kubernetes. */
  readonly homogeneousLiterals?: boolean
  /** 1 < 1.5 without dyn(). */
  readonly crossTypeComparisons?: boolean
  /** a.`b-c` */
  readonly quotedFields?: boolean
  /** Wrong regular expressions, durations and timestamps in literals are found while compiling. */
  readonly checkLiterals?: boolean
}

/** What expressions can name: their variables, functions, macros and types. Immutable; derive others with extend(). */
export interface Environment {
  readonly container: string
  readonly abbreviations: ReadonlyMap<string, string>
  readonly variables: ReadonlyMap<string, Type>
  readonly functions: ReadonlyMap<string, FunctionDeclaration>
  readonly types: TypeProvider
  readonly namedTypes: ReadonlyMap<string, Type>
  readonly macros: MacroTable
  readonly costs: readonly CallCosts[]
  readonly optionalSyntax: boolean
  readonly quotedFields: boolean
  readonly homogeneousLiterals: boolean
  readonly checkLiterals: boolean
}

/** An environment of some libraries. kubernetes-environment.ts makes those that Kubernetes has. */
export function createEnvironment(options: EnvironmentOptions): Environment {
  const { libraries } = options
  const functions = mergeDeclarations(libraries.flatMap((library) => library.functions ?? []))
  return {
    container: options.container ?? '',
    abbreviations: new Map(Object.entries(options.abbreviations ?? {})),
    variables: new Map(Object.entries(options.variables ?? {})),
    functions: options.crossTypeComparisons === true ? functions : withoutCrossTypeComparisons(functions),
    types: options.types ?? noTypes,
    namedTypes: new Map(libraries.flatMap((library) => [...(library.types ?? [])])),
    macros: new MacroTable(libraries.flatMap((library) => library.macros ?? [])),
    costs: libraries.flatMap((library) => (library.costs === undefined ? [] : [library.costs])),
    optionalSyntax: libraries.some((library) => library.optionalSyntax === true),
    quotedFields: options.quotedFields ?? false,
    homogeneousLiterals: options.homogeneousLiterals ?? false,
    checkLiterals: options.checkLiterals ?? false,
  }
}

/** The same environment with more variables, and types besides those it has: cheap, everything else is shared. */
export function extendEnvironment(
  environment: Environment, more: { readonly variables: Readonly<Record<string, Type>>; readonly types?: TypeProvider },
): Environment {
  return {
    ...environment,
    variables: new Map([...environment.variables, ...Object.entries(more.variables)]),
    types: more.types === undefined ? environment.types : firstProvider([more.types, environment.types]),
  }
}

const CROSS_TYPE = /^(?:less|less_equals|greater|greater_equals)_(?:int64|uint64|double)_(?:int64|uint64|double)$/

function withoutCrossTypeComparisons(functions: ReadonlyMap<string, FunctionDeclaration>): ReadonlyMap<string, FunctionDeclaration> {
  const kept = new Map<string, FunctionDeclaration>()
  for (const [name, declaration] of functions) {
    const overloads = declaration.overloads.filter(({ id }) => !CROSS_TYPE.test(id))
    kept.set(name, overloads.length === declaration.overloads.length ? declaration : { ...declaration, overloads })
  }
  return kept
}
