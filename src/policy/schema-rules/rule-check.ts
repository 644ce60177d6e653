import { forbiddenField, invalidValue, type FieldError } from '../../objects/field-error.ts'
import type { Expression, RuleSubject } from '../../resources/expression.ts'
import { compile, type Compiled } from '../cel/compile.ts'
import { estimateCost } from '../cel/cost-estimate.ts'
import { extendEnvironment, type Environment } from '../cel/environment.ts'
import { PER_EXPRESSION_ESTIMATE_LIMIT, PER_RESOURCE_ESTIMATE_LIMIT } from '../cel/limits.ts'
import type { OpenApiSchema } from '../cel/openapi-schema.ts'
import { maxElements, openApiSizes } from '../cel/openapi-sizes.ts'
import { declareSchema } from '../cel/openapi-types.ts'
import { formatIssues } from '../cel/source.ts'
import { optionalType } from '../cel/types.ts'
import type { RuleSchema } from './rule.ts'
import { schemaRules } from './schema-rules.ts'

/** An expression of x-kubernetes-validations. */
export type RuleExpression = Expression & { readonly subject: RuleSubject }

export function isRuleExpression(expression: Expression): expression is RuleExpression {
  return expression.subject !== undefined
}

interface Priced {
  readonly path: string
  readonly cost: number
}

/** How many of the dearest rules are named where all together are too dear. */
const MAX_NAMED = 4

/**
 * What is wrong with the rules of schemas, before any object is seen: they do not compile, come to something else than wanted, or could
 * cost too much. The cost of a rule counts as often as its value can be in one object.
 */
export function checkRuleExpressions(
  base: Environment, expressions: readonly RuleExpression[], isAccepted: (expression: Expression) => boolean,
): FieldError[] {
  const errors: FieldError[] = []
  for (const [root, rules] of Map.groupBy(expressions, ({ subject }) => subject.root)) {
    const priced: Priced[] = []
    const before = errors.length
    for (const rule of rules) {
      if (rule.use !== 'schema-default') checkRule(errors, priced, rule, { base, isAccepted: isAccepted(rule) })
    }
    if (!rules.every(isAccepted)) checkTotal(errors, root, priced)
    if (errors.length > before) continue
    for (const rule of rules) if (rule.use === 'schema-default' && !isAccepted(rule)) checkDefault(errors, rule)
  }
  return errors
}

interface How {
  readonly base: Environment
  readonly isAccepted: boolean
}

function checkRule(errors: FieldError[], priced: Priced[], rule: RuleExpression, { base, isAccepted }: How): void {
  const schema = rule.subject.schema as OpenApiSchema
  const environment = environmentOf(base, schema, rule.subject)
  if (environment === undefined) {
    errors.push(invalidValue(rule.path, rule.text, 'the schema says too little for rules: give it a type'))
    return
  }
  const compiled = compile(environment, rule.text)
  const sizes = openApiSizes({ self: schema, oldSelf: schema })
  const cost = compiled.ok ? estimateCost(compiled.program.checked, sizes).max * copiesOf(rule) : 0
  priced.push({ path: rule.path, cost })
  if (isAccepted) return
  const what = rule.use === 'schema-rule' ? 'estimated rule cost' : 'estimated messageExpression cost'
  if (cost > PER_EXPRESSION_ESTIMATE_LIMIT) errors.push(forbiddenField(rule.path, tooDear(what, cost / PER_EXPRESSION_ESTIMATE_LIMIT)))
  const problem = problemOf(rule, compiled)
  if (problem !== undefined) errors.push(invalidValue(rule.path, rule.text, problem))
}

/** As the value of a new object, and as one that stays what it is: transition rules may ask for either. */
function checkDefault(errors: FieldError[], { path, subject }: RuleExpression): void {
  const schema = subject.schema as OpenApiSchema & RuleSchema
  const rules = schemaRules(schema, subject.isResource ? 'object' : 'value')
  if (rules === undefined) return
  const staying = rules.every(schema.default, schema.default)
  for (const error of staying.length > 0 ? staying : rules.every(schema.default, undefined)) {
    const inside = error.field === '<nil>' ? '' : error.field
    errors.push({ ...error, field: inside === '' || inside.startsWith('[') ? path + inside : `${path}.${inside}` })
  }
}

function environmentOf(base: Environment, schema: OpenApiSchema, { isResource, optionalOldSelf }: RuleSubject): Environment | undefined {
  const declared = declareSchema(isResource ? { ...schema, 'x-kubernetes-embedded-resource': true } : schema, 'Root')
  if (declared === undefined) return undefined
  const oldSelf = optionalOldSelf ? optionalType(declared.type) : declared.type
  return extendEnvironment(base, { variables: { self: declared.type, oldSelf }, types: declared.provider })
}

/** A message is made once, however many values there are. Without a limit there are as many as fit in a request. */
function copiesOf({ use, subject }: RuleExpression): number {
  if (use !== 'schema-rule') return 1
  return subject.copies ?? maxElements({ type: 'array', items: subject.schema as OpenApiSchema })
}

function problemOf({ use, text }: RuleExpression, compiled: Compiled): string | undefined {
  const isRule = use === 'schema-rule'
  if (!compiled.ok) return `${isRule ? 'compilation' : 'messageExpression compilation'} failed: ${formatIssues(text, compiled.issues)}`
  const found = compiled.program.type.kind
  if (isRule) return found === 'bool' ? undefined : 'cel expression must evaluate to a bool'
  return found === 'string' ? undefined : 'messageExpression must evaluate to a string'
}

function checkTotal(errors: FieldError[], root: string, priced: readonly Priced[]): void {
  const total = priced.reduce((sum, { cost }) => sum + cost, 0)
  if (total <= PER_RESOURCE_ESTIMATE_LIMIT) return
  const part = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema'
  const dearest = priced.toSorted((a, b) => b.cost - a.cost).slice(0, MAX_NAMED).filter(({ cost }) => cost > 0)
  for (const { path } of dearest) errors.push(forbiddenField(path, part))
  const what = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema'
  errors.push(forbiddenField(root, tooDear(what, total / PER_RESOURCE_ESTIMATE_LIMIT)))
}

function tooDear(what: string, factor: number): string {
  const shown = factor > 100 ? 'more than 100x' : `${factor.toFixed(factor < 1.5 ? 6 : 1)}x`
  return `${what} exceeds budget by factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength`
    + ' where arrays, maps, and strings are declared)'
}
