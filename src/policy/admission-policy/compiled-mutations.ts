import type { JsonObject } from '../../objects/json.ts'
import { compile } from '../cel/compile.ts'
import { PER_OBJECT_BUDGET } from '../cel/limits.ts'
import { isTypeMismatch } from '../cel/mutation-types.ts'
import { CelError, ListValue, ObjectValue, type Value } from '../cel/values.ts'
import type { AdmissionEnvironments } from './admission-environment.ts'
import {
  compiledAs, errorText, evaluate, PolicyExpressions, type Budget, type Compiled, type Conditions, type PolicyInput, type SharedTexts,
} from './policy-expressions.ts'

/** The parts of a MutatingAdmissionPolicy that are expressions. */
export interface MutationTexts extends SharedTexts {
  readonly mutations?: readonly {
    readonly patchType?: string
    readonly applyConfiguration?: { readonly expression?: string }
    readonly jsonPatch?: { readonly expression?: string }
  }[]
}

/** What a mutation wants of the object. */
export type WantedMutation =
  | { readonly outcome: 'apply'; readonly configuration: JsonObject }
  | { readonly outcome: 'json-patch'; readonly operations: readonly JsonObject[] }
  | { readonly outcome: 'error'; readonly message: string }

type Patch = 'apply' | 'json-patch'

/** What the expressions of the two kinds of patches come to. */
const MUTATION_RESULTS: Readonly<Record<Patch, string>> = { apply: 'Object', 'json-patch': 'list(JSONPatch)' }

/** A mutating policy's expressions, compiled once and asked about many requests. */
export class CompiledMutations {
  readonly #shared: PolicyExpressions
  readonly #mutations: readonly Compiled<Patch>[]

  constructor(texts: MutationTexts, environments: AdmissionEnvironments) {
    this.#shared = new PolicyExpressions(texts, environments)
    const environment = environments.forMutations({
      hasParams: texts.hasParams, hasNamespace: true, hasAuthorizer: true, variables: this.#shared.variablesType,
    })
    this.#mutations = (texts.mutations ?? []).map(({ patchType, applyConfiguration, jsonPatch }) => {
      const of = patchType === 'JSONPatch' ? 'json-patch' : 'apply'
      const text = (of === 'apply' ? applyConfiguration : jsonPatch)?.expression ?? ''
      return compiledAs(of, text, { compiled: compile(environment, text), type: MUTATION_RESULTS[of] })
    })
  }

  get count(): number {
    return this.#mutations.length
  }

  conditions(input: PolicyInput): Conditions {
    return this.#shared.conditions(input)
  }

  /** What one of the mutations, by its index, wants of the object that the input shows. */
  mutation(index: number, input: PolicyInput): WantedMutation {
    const mutation = this.#mutations[index]
    if (mutation === undefined) return { outcome: 'error', message: `there is no mutation ${index}` }
    const budget: Budget = { left: PER_OBJECT_BUDGET }
    const value = evaluate(mutation.program, this.#shared.bindings(input, budget), budget)
    if (value instanceof CelError) {
      return { outcome: 'error', message: isTypeMismatch(value.message) ? `type mismatch: ${value.message}` : errorText(mutation, value) }
    }
    return mutation.of === 'apply' ? configurationOf(value) : operationsOf(value)
  }
}

function configurationOf(value: Value): WantedMutation {
  if (!(value instanceof ObjectValue)) return mismatch('an Object')
  return { outcome: 'apply', configuration: value.source as JsonObject }
}

function operationsOf(value: Value): WantedMutation {
  if (!(value instanceof ListValue)) return mismatch('a list')
  const operations: JsonObject[] = []
  for (const each of value.values()) {
    if (!(each instanceof ObjectValue)) return mismatch('a list of JSONPatch')
    operations.push(each.source as JsonObject)
  }
  return { outcome: 'json-patch', operations }
}

/** The compiler has seen to it that this does not happen. */
function mismatch(wanted: string): WantedMutation {
  return { outcome: 'error', message: `type mismatch: the expression should evaluate to ${wanted}` }
}
