import { compile } from '../cel/compile.ts'
import { composedType, composedValue } from '../cel/composed-variables.ts'
import { authorizerValue, requestResourceValue, type DecisionPort, type RequestedResource } from '../cel/library/authorizer.ts'
import { MATCH_CONDITIONS_BUDGET, PER_CALL_LIMIT, PER_OBJECT_BUDGET } from '../cel/limits.ts'
import type { ObjectType } from '../cel/object-type.ts'
import type { Program } from '../cel/program.ts'
import type { Type } from '../cel/types.ts'
import { CelError, type Value } from '../cel/values.ts'
import { REQUEST_RESOURCE, type AdmissionEnvironments } from './admission-environment.ts'

/** The parts of a policy, of a webhook too, that are expressions. */
export interface PolicyTexts {
  readonly matchConditions?: readonly { readonly name: string; readonly expression: string }[]
  readonly variables?: readonly { readonly name: string; readonly expression: string }[]
  readonly validations?: readonly ValidationTexts[]
  readonly auditAnnotations?: readonly { readonly key: string; readonly valueExpression: string }[]
  readonly hasParams: boolean
}

interface ValidationTexts {
  readonly expression: string
  readonly message?: string
  readonly messageExpression?: string
  readonly reason?: string
}

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

export type Finding =
  | { readonly outcome: 'holds' }
  | { readonly outcome: 'fails'; readonly message: string; readonly reason: string }
  | { readonly outcome: 'error'; readonly message: string }

const VARIABLES_TYPE = 'kubernetes.variables'
const MAX_MESSAGE_BYTES = 5 * 1024

interface Compiled<Of> {
  readonly of: Of
  readonly text: string
  /** The message where the text is no expression. */
  readonly program: Program | string
}

interface CompiledValidation extends Compiled<{ readonly message: string | undefined; readonly reason: string }> {
  readonly messageProgram: Program | undefined
}

interface Budget {
  left: number
}

/** A policy's expressions, compiled once and asked about many requests. */
export class CompiledPolicy {
  readonly #conditions: readonly Compiled<string>[]
  readonly #variables: readonly Compiled<string>[]
  readonly #variablesType: ObjectType | undefined
  readonly #validations: readonly CompiledValidation[]
  readonly #annotations: readonly Compiled<string>[]

  constructor(texts: PolicyTexts, environments: AdmissionEnvironments) {
    const { hasParams, matchConditions = [], variables = [], validations = [], auditAnnotations = [] } = texts
    const conditions = environments.with({ hasParams, hasNamespace: false, hasAuthorizer: true, variables: undefined })
    this.#conditions = matchConditions.map(({ name, expression }) => compiledOf(name, expression, compile(conditions, expression)))
    const types = new Map<string, Type>()
    this.#variables = variables.map(({ name, expression }) => {
      const known = types.size === 0 ? undefined : composedType(VARIABLES_TYPE, types)
      const compiled = compile(environments.with({ hasParams, hasNamespace: true, hasAuthorizer: true, variables: known }), expression)
      if (compiled.ok) types.set(name, compiled.program.type)
      return compiledOf(name, expression, compiled)
    })
    this.#variablesType = types.size === 0 ? undefined : composedType(VARIABLES_TYPE, types)
    const all = environments.with({ hasParams, hasNamespace: true, hasAuthorizer: true, variables: this.#variablesType })
    const forMessages = environments.with({ hasParams, hasNamespace: true, hasAuthorizer: false, variables: this.#variablesType })
    this.#validations = validations.map(({ expression, message, messageExpression = '', reason = 'Invalid' }) => {
      const made = messageExpression === '' ? undefined : compile(forMessages, messageExpression)
      const messageProgram = made?.ok === true ? made.program : undefined
      return { ...compiledOf({ message, reason }, expression, compile(all, expression)), messageProgram }
    })
    this.#annotations = auditAnnotations.map(({ key, valueExpression }) => compiledOf(key, valueExpression, compile(all, valueExpression)))
  }

  /** One that is false decides, whatever is wrong with others. */
  conditions(input: PolicyInput): Conditions {
    const budget: Budget = { left: MATCH_CONDITIONS_BUDGET }
    const bindings = bindingsOf(input, undefined)
    let message: string | undefined
    for (const { of: name, program } of this.#conditions) {
      const result = evaluate(program, bindings, budget)
      if (result instanceof CelError) message ??= `match condition ${JSON.stringify(name)}: ${result.message}`
      else if (result !== true) return { outcome: 'differs' }
    }
    return message === undefined ? { outcome: 'matches' } : { outcome: 'error', message }
  }

  /** Each validation's finding, in their order. */
  validate(input: PolicyInput): readonly Finding[] {
    const budget: Budget = { left: PER_OBJECT_BUDGET }
    const bindings = bindingsOf(input, this.#composed(input, budget))
    return this.#validations.map(({ of, text, program, messageProgram }) => {
      const result = evaluate(program, bindings, budget)
      if (result === true) return { outcome: 'holds' }
      if (result instanceof CelError) return { outcome: 'error', message: `expression '${text}' resulted in error: ${result.message}` }
      const made = messageProgram === undefined ? undefined : evaluate(messageProgram, bindings, budget)
      return { outcome: 'fails', message: messageOf(made) ?? of.message ?? `failed expression: ${text.trim()}`, reason: of.reason }
    })
  }

  /** For the audit: what the policy has to say of the request, null left out. */
  annotations(input: PolicyInput): readonly { readonly key: string; readonly value: string }[] {
    if (this.#annotations.length === 0) return []
    const budget: Budget = { left: PER_OBJECT_BUDGET }
    const bindings = bindingsOf(input, this.#composed(input, budget))
    return this.#annotations.flatMap(({ of: key, program }) => {
      const value = evaluate(program, bindings, budget)
      return typeof value === 'string' && value.trim() !== '' ? [{ key, value: value.trim() }] : []
    })
  }

  /** Variables are computed when an expression first asks for them. */
  #composed(input: PolicyInput, budget: Budget): Value | undefined {
    const type = this.#variablesType
    if (type === undefined) return undefined
    const composed: Value = composedValue(type, (name) => {
      const variable = this.#variables.find(({ of }) => of === name)
      const value = variable === undefined ? undefined : evaluate(variable.program, bindingsOf(input, composed), budget)
      if (value !== undefined && !(value instanceof CelError)) return value
      return new CelError(`composited variable ${JSON.stringify(name)} fails to evaluate: ${value?.message ?? 'it is unknown'}`)
    })
    return composed
  }
}

function compiledOf<Of>(of: Of, text: string, compiled: ReturnType<typeof compile>): Compiled<Of> {
  const program = compiled.ok ? compiled.program : `compilation error: ${compiled.issues[0]?.message ?? 'it is no expression'}`
  return { of, text, program }
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

function evaluate(program: Program | string, bindings: Readonly<Record<string, unknown>>, budget: Budget): Value {
  if (typeof program === 'string') return new CelError(program)
  if (budget.left <= 0) return new CelError('validation failed due to running out of cost budget, no further validation rules will be run')
  const evaluation = program.evaluate(bindings, { costLimit: Math.min(budget.left, PER_CALL_LIMIT) })
  budget.left -= evaluation.cost
  return evaluation.ok ? evaluation.value : new CelError(evaluation.error.message)
}

/** A message that is none gives way to the next best. */
function messageOf(value: Value | undefined): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  return text === '' || text.length > MAX_MESSAGE_BYTES || /[\n\r]/.test(text) ? undefined : text
}
