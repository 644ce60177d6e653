import { invalidValue, type FieldError } from '../../objects/field-error.ts'
import type { Expression, ExpressionUse } from '../../resources/expression.ts'
import { compile, type Compiled } from '../cel/compile.ts'
import { composedType } from '../cel/composed-variables.ts'
import type { Environment } from '../cel/environment.ts'
import { kubernetesEnvironment } from '../cel/kubernetes-environment.ts'
import { formatIssues } from '../cel/source.ts'
import type { Type } from '../cel/types.ts'
import { deviceEnvironment, deviceSelectorProblem } from '../device-selector/device-selector.ts'
import { checkRuleExpressions, isRuleExpression } from '../schema-rules/rule-check.ts'
import type { AdmissionEnvironments } from './admission-environment.ts'
import { VARIABLES_TYPE, wrongType } from './policy-expressions.ts'

/** What an expression must come to; undefined: anything. */
const RESULTS: Readonly<Record<ExpressionUse, readonly string[] | undefined>> = {
  'match-condition': ['bool'], variable: undefined, validation: ['bool'], message: ['string'], 'audit-annotation': ['string', 'null'],
  'apply-configuration': ['Object'], 'json-patch': ['list(JSONPatch)'], 'schema-rule': ['bool'], 'schema-message': ['string'],
  'schema-default': undefined,
  'device-selector': ['bool'],
}
const MUTATIONS: ReadonlySet<ExpressionUse> = new Set<ExpressionUse>(['apply-configuration', 'json-patch'])

/** What is wrong with the expressions of an object that is written. Those that it had before were accepted once, and are let be. */
export class ExpressionChecker {
  readonly #environments: AdmissionEnvironments
  readonly #schemaBase: Environment
  /** Few clusters have devices to choose. */
  #devices: Environment | undefined

  constructor(environments: AdmissionEnvironments) {
    this.#environments = environments
    this.#schemaBase = kubernetesEnvironment({ version: '1.32' })
  }

  check(expressions: readonly Expression[], old: readonly Expression[]): readonly FieldError[] {
    const accepted = new Set(old.map(identityOf))
    const variables = new Map<string, Type>()
    const isAccepted = (expression: Expression): boolean => accepted.has(identityOf(expression))
    const errors = checkRuleExpressions(this.#schemaBase, expressions.filter(isRuleExpression), isAccepted)
    for (const expression of expressions) {
      if (isRuleExpression(expression)) continue
      if (expression.use === 'device-selector') {
        this.#devices ??= deviceEnvironment()
        const problem = isAccepted(expression) ? undefined : deviceSelectorProblem(this.#devices, expression)
        if (problem !== undefined) errors.push(problem)
        continue
      }
      const compiled = compile(this.#environmentFor(expression, variables), expression.text)
      if (expression.use === 'variable' && compiled.ok) variables.set(expression.name, compiled.program.type)
      if (isAccepted(expression)) continue
      const problem = problemOf(expression, compiled)
      if (problem !== undefined) errors.push(problem)
    }
    return errors
  }

  #environmentFor({ use, hasParams }: Expression, variables: ReadonlyMap<string, Type>): Environment {
    const isCondition = use === 'match-condition'
    const named = {
      hasParams, hasNamespace: !isCondition, hasAuthorizer: use !== 'message',
      variables: isCondition ? undefined : composedType(VARIABLES_TYPE, variables),
    }
    return MUTATIONS.has(use) ? this.#environments.forMutations(named) : this.#environments.with(named)
  }
}

function identityOf({ use, path, text }: Expression): string {
  return `${use} ${path} ${text}`
}

function problemOf({ use, path, text }: Expression, compiled: Compiled): FieldError | undefined {
  if (!compiled.ok) return invalidValue(path, text, `compilation failed: ${formatIssues(text, compiled.issues)}`)
  const wanted = RESULTS[use]
  const problem = wanted === undefined ? undefined : wrongType(wanted, compiled.program.type)
  return problem === undefined ? undefined : invalidValue(path, text, problem)
}
