import type { Overload } from './declaration.ts'
import type { Environment } from './environment.ts'
import { candidateNames } from './names.ts'
import type { TypeMapping } from './type-mapping.ts'
import { dynType, errorType, formatType, isDynamic, parameterType, sameType, type Type } from './types.ts'

export interface CallResolution {
  readonly type: Type
  /** All that fit: more than one where arguments are dyn. */
  readonly overloads: readonly Overload[]
}

/** Finds the overloads that fit a call. */
export class CallResolver {
  readonly #environment: Environment
  readonly #mapping: TypeMapping
  readonly #complain: (at: number, message: string) => void

  constructor(environment: Environment, mapping: TypeMapping, complain: (at: number, message: string) => void) {
    this.#environment = environment
    this.#mapping = mapping
    this.#complain = complain
  }

  /** The full name of a declared function. */
  functionName(name: string): string | undefined {
    const { container, abbreviations, functions } = this.#environment
    return candidateNames(container, abbreviations, name).find((candidate) => functions.has(candidate))
  }

  resolve(at: number, name: string, isMember: boolean, args: readonly Type[]): CallResolution {
    const overloads: Overload[] = []
    let result: Type | undefined
    for (const overload of this.#environment.functions.get(name)?.overloads ?? []) {
      if (overload.isMember !== isMember) continue
      const { parameters, result: declared } = this.#instantiate(overload)
      if (!this.#mapping.areAssignable(args, parameters)) continue
      overloads.push(overload)
      const type = this.#mapping.resolve(declared, false)
      if (result === undefined) result = type
      else if (!isDynamic(result) && !sameType(result, type)) result = dynType
    }
    if (result !== undefined) return { type: result, overloads }
    this.#complain(at, `found no matching overload for '${name}' applied to '${this.#formatCall(isMember, args)}'`)
    return { type: errorType, overloads }
  }

  /** Each call has type variables of its own. */
  #instantiate(overload: Overload): { parameters: readonly Type[]; result: Type } {
    if (overload.typeVariables.length === 0) return overload
    const fresh = new Map(overload.typeVariables.map((name) => [name, this.#mapping.fresh()]))
    const replace = (type: Type): Type => replaceVariables(type, (name) => fresh.get(name) ?? parameterType(name))
    return { parameters: overload.parameters.map(replace), result: replace(overload.result) }
  }

  #formatCall(isMember: boolean, args: readonly Type[]): string {
    const texts = args.map((type) => formatType(this.#mapping.resolve(type, true)))
    return isMember ? `${texts[0] ?? ''}.(${texts.slice(1).join(', ')})` : `(${texts.join(', ')})`
  }
}

function replaceVariables(type: Type, of: (name: string) => Type): Type {
  switch (type.kind) {
    case 'parameter': return of(type.name)
    case 'list': return { kind: 'list', element: replaceVariables(type.element, of) }
    case 'map': return { kind: 'map', key: replaceVariables(type.key, of), value: replaceVariables(type.value, of) }
    case 'type': return type.of === undefined ? type : { kind: 'type', of: replaceVariables(type.of, of) }
    case 'opaque': return { ...type, parameters: type.parameters.map((parameter) => replaceVariables(parameter, of)) }
    default: return type
  }
}
