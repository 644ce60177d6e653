import { compile } from '../cel/compile.ts'
import { composedType, composedValue } from '../cel/composed-variables.ts'
import { authorizerValue, requestResourceValue, type DecisionPort, type RequestedResource } from '../cel/library/authorizer.ts'
import { MATCH_CONDITIONS_BUDGET, PER_CALL_LIMIT } from '../cel/limits.ts'
import type { ObjectType } from '../cel/object-type.ts'
import type { Program } from '../cel/program.ts'
import { formatIssues } from '../cel/source.ts'
import { formatType, type Type } from '../cel/types.ts'
import { CelError, type Value } from '../cel/values.ts'
import { REQUEST_RESOURCE, type AdmissionEnvironments } from './admission-environment.ts'

/** What a request is to expressions: plain JSON, and what the user may do. */
export interface PolicyInput {
  readonly object: unknown
  readonly oldObject: unknown
  readonly request: unknown
  readonly params: unknown
  readonly namespaceObject: unknown
  readonly decisions: DecisionPort
  readonly requested: RequestedResource
}

/** matches: the policy speaks; error: a condition could not be evaluated, and none is false. */
export type Conditions =
  | { readonly outcome: 'matches' }
  | { readonly outcome: 'differs' }
  | { readonly outcome: 'error'; readonly message: string }

/** What every kind of policy has, and webhooks in part. */
export interface SharedTexts {
  readonly matchConditions?: readonly { readonly name: string; readonly expression: string }[]
  readonly variables?: readonly { readonly name: string; readonly expression: string }[]
  readonly hasParams: boolean
}

export interface Compiled<Of> {
  readonly of: Of
  readonly text: string
  /** The message where the text is no expression. */
  readonly program: Program | string
}

export interface Budget {
  left: number
}

export const VARIABLES_TYPE = 'kubernetes.variables'
const OUT_OF_BUDGET = 'validation failed due to running out of cost budget, no further validation rules will be run'

/** The conditions and the variables of a policy, compiled once and asked about many requests. */
export class PolicyExpressions {
  /** Of the variable `variables`; undefined: there are none. */
  readonly variablesType: ObjectType | undefined
  readonly #conditions: readonly Compiled<string>[]
  readonly #variables: readonly Compiled<string>[]

  constructor({ hasParams, matchConditions = [], variables = [] }: SharedTexts, environments: AdmissionEnvironments) {
    const conditions = environments.with({ hasParams, hasNamespace: false, hasAuthorizer: true, variables: undefined })
    this.#conditions = matchConditions.map(({ name, expression }) => compiledOf(name, expression, compile(conditions, expression)))
    const types = new Map<string, Type>()
    this.#variables = variables.map(({ name, expression }) => {
      const known = types.size === 0 ? undefined : composedType(VARIABLES_TYPE, types)
      const compiled = compile(environments.with({ hasParams, hasNamespace: true, hasAuthorizer: true, variables: known }), expression)
      if (compiled.ok) types.set(name, compiled.program.type)
      return compiledOf(name, expression, compiled)
    })
    this.variablesType = types.size === 0 ? undefined : composedType(VARIABLES_TYPE, types)
  }

  /** One that is false decides, whatever is wrong with others. */
  conditions(input: PolicyInput): Conditions {
    const budget: Budget = { left: MATCH_CONDITIONS_BUDGET }
    const bindings = bindingsOf(input, undefined)
    const errors = new Set<string>()
    for (const condition of this.#conditions) {
      const result = evaluate(condition.program, bindings, budget)
      if (result instanceof CelError) errors.add(errorText(condition, result))
      else if (result !== true) return { outcome: 'differs' }
    }
    if (errors.size === 0) return { outcome: 'matches' }
    const all = [...errors].join(', ')
    return { outcome: 'error', message: errors.size === 1 ? all : `[${all}]` }
  }

  /** What expressions of the policy may name. Variables are computed when an expression first asks for them. */
  bindings(input: PolicyInput, budget: Budget): Readonly<Record<string, unknown>> {
    const type = this.variablesType
    if (type === undefined) return bindingsOf(input, undefined)
    const composed: Value = composedValue(type, (name) => {
      const variable = this.#variables.find(({ of }) => of === name)
      const value = variable === undefined ? undefined : evaluate(variable.program, bindingsOf(input, composed), budget)
      if (value !== undefined && !(value instanceof CelError)) return value
      return new CelError(`composited variable ${JSON.stringify(name)} fails to evaluate: ${value?.message ?? 'it is unknown'}`)
    })
    return bindingsOf(input, composed)
  }
}

export function compiledOf<Of>(of: Of, text: string, compiled: ReturnType<typeof compile>): Compiled<Of> {
  const program = compiled.ok ? compiled.program : `compilation error: compilation failed: ${formatIssues(text, compiled.issues)}`
  return { of, text, program }
}

/** For expressions that must come to one type, and no other. */
export function compiledAs<Of>(
  of: Of, text: string, { compiled, type }: { readonly compiled: ReturnType<typeof compile>; readonly type: string },
): Compiled<Of> {
  const problem = compiled.ok ? wrongType([type], compiled.program.type) : undefined
  return problem === undefined ? compiledOf(of, text, compiled) : { of, text, program: `compilation error: ${problem}` }
}

/** must evaluate to bool but got string */
export function wrongType(wanted: readonly string[], found: Type): string | undefined {
  const name = typeName(formatType(found))
  if (wanted.some((each) => typeName(each) === name)) return undefined
  const [only] = wanted
  return `must evaluate to ${wanted.length === 1 ? only : `one of [${wanted.map(typeName).join(' ')}]`} but got ${name}`
}

function typeName(name: string): string {
  return name === 'null' ? 'null_type' : name
}

function bindingsOf(input: PolicyInput, variables: Value | undefined): Record<string, unknown> {
  const { object, oldObject, request, params, namespaceObject, decisions, requested } = input
  const bindings: Record<string, unknown> = {
    object: object ?? null, oldObject: oldObject ?? null, request, params: params ?? null, namespaceObject: namespaceObject ?? null,
    authorizer: authorizerValue(decisions), [REQUEST_RESOURCE]: requestResourceValue(decisions, requested),
  }
  if (variables !== undefined) bindings['variables'] = variables
  return bindings
}

export function evaluate(program: Program | string, bindings: Readonly<Record<string, unknown>>, budget: Budget): Value {
  if (typeof program === 'string') return new CelError(program)
  if (budget.left <= 0) return new CelError(OUT_OF_BUDGET)
  const evaluation = program.evaluate(bindings, { costLimit: Math.min(budget.left, PER_CALL_LIMIT) })
  budget.left -= evaluation.cost
  return evaluation.ok ? evaluation.value : new CelError(evaluation.error.message)
}

/** What could not even be tried speaks for itself. */
export function errorText({ text, program }: Compiled<unknown>, { message }: CelError): string {
  return typeof program === 'string' || message === OUT_OF_BUDGET ? message : `expression '${text}' resulted in error: ${message}`
}
