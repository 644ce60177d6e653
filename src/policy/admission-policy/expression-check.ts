import { forbiddenField, invalidValue, type FieldError } from '../../objects/field-error.ts'
import type { Expression, ExpressionUse } from '../../resources/expression.ts'
import { compile, type Compiled } from '../cel/compile.ts'
import { composedType } from '../cel/composed-variables.ts'
import { estimateCost } from '../cel/cost-estimate.ts'
import { extendEnvironment, type Environment } from '../cel/environment.ts'
import { kubernetesEnvironment } from '../cel/kubernetes-environment.ts'
import { PER_EXPRESSION_ESTIMATE_LIMIT, PER_RESOURCE_ESTIMATE_LIMIT } from '../cel/limits.ts'
import type { OpenApiSchema } from '../cel/openapi-schema.ts'
import { openApiSizes } from '../cel/openapi-sizes.ts'
import { declareSchema } from '../cel/openapi-types.ts'
import { formatIssues } from '../cel/source.ts'
import { formatType, type Type } from '../cel/types.ts'
import type { AdmissionEnvironments } from './admission-environment.ts'

/** What an expression must come to; undefined: anything. */
const RESULTS: Readonly<Record<ExpressionUse, readonly string[] | undefined>> = {
  'match-condition': ['bool'], variable: undefined, validation: ['bool'], message: ['string'], 'audit-annotation': ['string', 'null'],
  'apply-configuration': undefined, 'json-patch': undefined, 'schema-rule': ['bool'], 'schema-message': ['string'], 'device-selector': ['bool'],
}
/** Checked by whoever runs them: their types are not declared here. */
const OTHERS: ReadonlySet<ExpressionUse> = new Set<ExpressionUse>(['apply-configuration', 'json-patch', 'device-selector'])
const SIMPLIFY = '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)'

/** What is wrong with the expressions of an object that is written. Those that it had before were accepted once, and are let be. */
export class ExpressionChecker {
  readonly #environments: AdmissionEnvironments
  readonly #schemaBase: Environment

  constructor(environments: AdmissionEnvironments) {
    this.#environments = environments
    this.#schemaBase = kubernetesEnvironment({ version: '1.32' })
  }

  check(expressions: readonly Expression[], old: readonly Expression[]): readonly FieldError[] {
    const accepted = new Set(old.map(identityOf))
    const variables = new Map<string, Type>()
    const errors: FieldError[] = []
    let estimated = 0
    for (const expression of expressions) {
      const environment = OTHERS.has(expression.use) ? undefined : this.#environmentFor(expression, variables)
      if (environment === undefined) continue
      const compiled = compile(environment, expression.text)
      if (expression.use === 'variable' && compiled.ok) variables.set(expression.name, compiled.program.type)
      if (accepted.has(identityOf(expression))) continue
      const problem = problemOf(expression, compiled)
      if (problem !== undefined) errors.push(problem)
      else if (compiled.ok && expression.use === 'schema-rule') {
        const cost = estimateCost(compiled.program.checked, openApiSizes(sizedVariables(expression))).max
        estimated += cost
        const tooCostly = costProblem(expression.path, cost, PER_EXPRESSION_ESTIMATE_LIMIT, 'estimated rule cost exceeds budget')
        if (tooCostly !== undefined) errors.push(tooCostly)
      }
    }
    const total = costProblem('spec', estimated, PER_RESOURCE_ESTIMATE_LIMIT, 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget')
    return total === undefined ? errors : [...errors, total]
  }

  #environmentFor({ use, hasParams, schema }: Expression, variables: ReadonlyMap<string, Type>): Environment | undefined {
    if (use === 'schema-rule' || use === 'schema-message') return this.#schemaEnvironment(schema as OpenApiSchema)
    const isCondition = use === 'match-condition'
    return this.#environments.with({
      hasParams, hasNamespace: !isCondition, hasAuthorizer: use !== 'message',
      variables: isCondition || variables.size === 0 ? undefined : composedType('kubernetes.variables', variables),
    })
  }

  #schemaEnvironment(schema: OpenApiSchema): Environment | undefined {
    const declared = declareSchema(schema, 'Root')
    if (declared === undefined) return undefined
    return extendEnvironment(this.#schemaBase, { variables: { self: declared.type, oldSelf: declared.type }, types: declared.provider })
  }
}

function identityOf({ use, path, text }: Expression): string {
  return `${use} ${path} ${text}`
}

function sizedVariables({ schema }: Expression): Record<string, OpenApiSchema> {
  const sized = (schema ?? {}) as OpenApiSchema
  return { self: sized, oldSelf: sized }
}

function problemOf({ use, path, text }: Expression, compiled: Compiled): FieldError | undefined {
  if (!compiled.ok) return invalidValue(path, text, `compilation failed: ${formatIssues(text, compiled.issues)}`)
  const wanted = RESULTS[use]
  const found = formatType(compiled.program.type)
  if (wanted === undefined || found === 'dyn' || wanted.includes(found)) return undefined
  return invalidValue(path, text, `must evaluate to ${wanted.join(' or ')}`)
}

function costProblem(path: string, cost: number, limit: number, what: string): FieldError | undefined {
  if (cost <= limit) return undefined
  const factor = cost / limit
  return forbiddenField(path, `${what} by factor of ${factor > 100 ? 'more than 100' : factor.toFixed(1)}x ${SIMPLIFY}`)
}
