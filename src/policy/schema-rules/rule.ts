import { compile } from '../cel/compile.ts'
import { extendEnvironment, type Environment } from '../cel/environment.ts'
import type { OpenApiSchema } from '../cel/openapi-schema.ts'
import { declareSchema, type DeclaredSchema } from '../cel/openapi-types.ts'
import { PER_CALL_LIMIT } from '../cel/limits.ts'
import type { Program } from '../cel/program.ts'
import { optionalType, type Type } from '../cel/types.ts'
import { none, OptionalValue } from '../cel/values.ts'
import { wrapOf } from '../cel/wrap.ts'

/** x-kubernetes-validations as a schema carries them. */
export interface RuleSchema {
  readonly 'x-kubernetes-validations'?: readonly RuleText[]
}

export interface RuleText {
  readonly rule: string
  readonly message?: string
  readonly messageExpression?: string
  readonly reason?: string
  readonly fieldPath?: string
  readonly optionalOldSelf?: boolean
}

/** Where a rule stands in its schema. */
export interface RulePlace {
  /** Of the type of what it is about: Root.spec */
  readonly name: string
  /** It is about a whole object, with metadata. */
  readonly isResource: boolean
  /** What the rules of a schema have in common; made when the first of them is asked. */
  base(): Environment
}

export interface CompiledRule {
  /** It compares with what was there before. */
  readonly isTransition: boolean
  /** Below where the rule stands: .replicas, or ''. */
  readonly fieldPath: string
  /** failure undefined: it holds, or does not apply. */
  ask(value: unknown, old: unknown, costLimit: number): RuleOutcome
}

export interface RuleOutcome {
  readonly failure: { readonly reason: string; readonly message: string } | undefined
  readonly cost: number
}

const HOLDS: RuleOutcome = { failure: undefined, cost: 0 }

interface Programs {
  readonly rule: Program | undefined
  readonly message: Program | undefined
  /** What was there before, or nothing, as an optional value. */
  optional(old: unknown): OptionalValue
}

export function compileRule(text: RuleText, schema: OpenApiSchema, place: RulePlace): CompiledRule {
  const isTransition = /\boldSelf\b/.test(text.rule)
  let programs: Programs | undefined
  return {
    isTransition,
    fieldPath: text.fieldPath ?? '',
    ask(value, old, costLimit) {
      if (isTransition && old === undefined && text.optionalOldSelf !== true) return HOLDS
      programs ??= compileTexts(text, schema, place)
      const reason = text.reason ?? 'FieldValueInvalid'
      if (programs.rule === undefined) return { failure: { reason, message: `rule compilation error: ${text.rule}` }, cost: 0 }
      const input = { self: value, ...(isTransition ? { oldSelf: text.optionalOldSelf === true ? programs.optional(old) : old } : {}) }
      const evaluation = programs.rule.evaluate(input, { costLimit: Math.min(costLimit, PER_CALL_LIMIT) })
      const { cost } = evaluation
      if (evaluation.ok && evaluation.value === true) return { failure: undefined, cost }
      if (evaluation.ok) return { failure: { reason, message: messageOf(text, programs, input) }, cost }
      return { failure: { reason: 'FieldValueInvalid', message: `${evaluation.error.message} evaluating rule: ${text.rule}` }, cost }
    },
  }
}

function messageOf({ rule, message }: RuleText, { message: program }: Programs, input: Readonly<Record<string, unknown>>): string {
  const made = program?.evaluate(input)
  const written = made?.ok === true && typeof made.value === 'string' ? made.value.trim() : ''
  if (written !== '' && !written.includes('\n')) return written
  return message ?? `failed rule: ${rule}`
}

function compileTexts({ rule, messageExpression, optionalOldSelf }: RuleText, schema: OpenApiSchema, place: RulePlace): Programs {
  const declared = declareSchema(place.isResource ? { ...schema, 'x-kubernetes-embedded-resource': true } : schema, place.name)
  const environment = environmentFor(place.base(), declared, optionalOldSelf === true)
  const wrap = declared === undefined ? undefined : wrapOf(declared.type, declared.provider)
  const programOf = (text: string | undefined): Program | undefined => {
    const compiled = text === undefined || text === '' ? undefined : compile(environment, text)
    return compiled?.ok === true ? compiled.program : undefined
  }
  return {
    rule: programOf(rule), message: programOf(messageExpression),
    optional: (old) => (old === undefined || wrap === undefined ? none : new OptionalValue(wrap(old))),
  }
}

function environmentFor(base: Environment, declared: DeclaredSchema | undefined, hasOptionalOld: boolean): Environment {
  if (declared === undefined) return base
  const oldSelf: Type = hasOptionalOld ? optionalType(declared.type) : declared.type
  return extendEnvironment(base, { variables: { self: declared.type, oldSelf }, types: declared.provider })
}
