import { isLongerThan } from '../../words/bytes.ts'
import { compile } from '../cel/compile.ts'
import { PER_OBJECT_BUDGET } from '../cel/limits.ts'
import type { Program } from '../cel/program.ts'
import { CelError, type Value } from '../cel/values.ts'
import type { AdmissionEnvironments } from './admission-environment.ts'
import {
  compiledOf, errorText, evaluate, PolicyExpressions, type Budget, type Compiled, type Conditions, type PolicyInput, type SharedTexts,
} from './policy-expressions.ts'

/** The parts of a validating policy that are expressions; a webhook has its conditions only. */
export interface PolicyTexts extends SharedTexts {
  readonly validations?: readonly ValidationTexts[]
  readonly auditAnnotations?: readonly { readonly key: string; readonly valueExpression: string }[]
}

interface ValidationTexts {
  readonly expression: string
  readonly message?: string
  readonly messageExpression?: string
  readonly reason?: string
}

export type Finding = { readonly elapsedMs: number } & BareFinding

type BareFinding =
  | { readonly outcome: 'holds' }
  | { readonly outcome: 'fails'; readonly message: string; readonly reason: string }
  | { readonly outcome: 'error'; readonly message: string }

/** For the audit; an annotation that comes to nothing is none. */
export type AnnotationFinding =
  | { readonly outcome: 'value'; readonly key: string; readonly value: string }
  | { readonly outcome: 'error'; readonly key: string; readonly message: string }

const MAX_MESSAGE_BYTES = 5 * 1024

interface CompiledValidation extends Compiled<{ readonly message: string | undefined; readonly reason: string }> {
  readonly messageProgram: Program | undefined
}

/** A policy's expressions, compiled once and asked about many requests. */
export class CompiledPolicy {
  readonly #shared: PolicyExpressions
  readonly #validations: readonly CompiledValidation[]
  readonly #annotations: readonly Compiled<string>[]

  constructor(texts: PolicyTexts, environments: AdmissionEnvironments) {
    const { hasParams, validations = [], auditAnnotations = [] } = texts
    this.#shared = new PolicyExpressions(texts, environments)
    const variables = this.#shared.variablesType
    const all = environments.with({ hasParams, hasNamespace: true, hasAuthorizer: true, variables })
    const forMessages = environments.with({ hasParams, hasNamespace: true, hasAuthorizer: false, variables })
    this.#validations = validations.map(({ expression, message, messageExpression = '', reason = 'Invalid' }) => {
      const made = messageExpression === '' ? undefined : compile(forMessages, messageExpression)
      const messageProgram = made?.ok === true ? made.program : undefined
      return { ...compiledOf({ message, reason }, expression, compile(all, expression)), messageProgram }
    })
    this.#annotations = auditAnnotations.map(({ key, valueExpression }) => compiledOf(key, valueExpression, compile(all, valueExpression)))
  }

  conditions(input: PolicyInput): Conditions {
    return this.#shared.conditions(input)
  }

  /** Each validation's finding, in their order. now: milliseconds, for how long each took. */
  validate(input: PolicyInput, now: () => number = timeless): readonly Finding[] {
    const budget: Budget = { left: PER_OBJECT_BUDGET }
    const bindings = this.#shared.bindings(input, budget)
    return this.#validations.map((validation) => {
      const startedAt = now()
      const finding = findingOf(validation, bindings, budget)
      return { ...finding, elapsedMs: now() - startedAt }
    })
  }

  /** What the policy has to say of the request to the audit. */
  annotations(input: PolicyInput): readonly AnnotationFinding[] {
    if (this.#annotations.length === 0) return []
    const budget: Budget = { left: PER_OBJECT_BUDGET }
    const bindings = this.#shared.bindings(input, budget)
    return this.#annotations.flatMap((annotation): AnnotationFinding[] => {
      const value = evaluate(annotation.program, bindings, budget)
      const key = annotation.of
      if (value instanceof CelError) return [{ outcome: 'error', key, message: errorText(annotation, value) }]
      if (value === null || (typeof value === 'string' && value.trim() === '')) return []
      if (typeof value === 'string') return [{ outcome: 'value', key, value: value.trim() }]
      return [{ outcome: 'error', key, message: `valueExpression '${annotation.text}' must come to a string or null` }]
    })
  }
}

function timeless(): number {
  return 0
}

function findingOf(validation: CompiledValidation, bindings: Readonly<Record<string, unknown>>, budget: Budget): BareFinding {
  const { of, text, program, messageProgram } = validation
  const result = evaluate(program, bindings, budget)
  if (result === true) return { outcome: 'holds' }
  if (result instanceof CelError) return { outcome: 'error', message: errorText(validation, result) }
  const made = messageProgram === undefined ? undefined : evaluate(messageProgram, bindings, budget)
  return { outcome: 'fails', message: messageOf(made) ?? of.message ?? `failed expression: ${text.trim()}`, reason: of.reason }
}

/** A message that is none gives way to the next best. */
function messageOf(value: Value | undefined): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = value.trim()
  return text === '' || isLongerThan(text, MAX_MESSAGE_BYTES) || /[\n\r]/.test(text) ? undefined : text
}
