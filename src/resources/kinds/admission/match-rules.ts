import { duplicate, invalidValue, notSupported, required, tooMany } from '../../../objects/field-error.ts'
import { pathSegmentErrors } from '../../../objects/names.ts'
import type { Expression } from '../../expression.ts'
import type { Errors } from '../../field-checks.ts'
import { checkLabelSelector, checkNames, checkOneOf, checkOneOfIfSet, checkQualifiedName, checkUnique } from '../../field-checks.ts'
import type { MatchCondition, MatchResources, NamedRuleWithOperations, RuleWithOperations } from '../../generated/types.ts'

/** Which requests a webhook or an admission policy is about. */
const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
const SCOPES = ['*', 'Cluster', 'Namespaced']
const MAX_MATCH_CONDITIONS = 64
export const FAILURE_POLICIES = ['Fail', 'Ignore']
export const MATCH_POLICIES = ['Equivalent', 'Exact']
export const REINVOCATION_POLICIES = ['IfNeeded', 'Never']

export function defaultRules(rules: readonly RuleWithOperations[] | undefined): void {
  for (const rule of rules ?? []) rule.scope ??= '*'
}

export function defaultMatchResources(match: MatchResources | undefined): void {
  if (match === undefined) return
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  defaultRules(match.resourceRules)
  defaultRules(match.excludeResourceRules)
}

export function checkMatchResources(errors: Errors, path: string, match: MatchResources): void {
  checkOneOf(errors, path, 'matchPolicy', match.matchPolicy, MATCH_POLICIES)
  for (const field of ['namespaceSelector', 'objectSelector'] as const) {
    if (match[field] === undefined) errors.push(required(`${path}.${field}`))
    else checkLabelSelector(errors, `${path}.${field}`, match[field])
  }
  for (const field of ['resourceRules', 'excludeResourceRules'] as const) {
    match[field]?.forEach((rule, index) => checkNamedRule(errors, `${path}.${field}[${index}]`, rule))
  }
}

function checkNamedRule(errors: Errors, path: string, rule: NamedRuleWithOperations): void {
  const names = new Set<string>()
  rule.resourceNames?.forEach((name, index) => {
    checkNames(errors, path, `resourceNames[${index}]`, name, pathSegmentErrors)
    checkUnique(errors, path, `resourceNames[${index}]`, name, names)
  })
  checkRule(errors, path, rule)
}

export function checkRule(errors: Errors, path: string, rule: RuleWithOperations): void {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule
  const checkStar = (field: string, values: readonly string[], what: string): void => {
    if (values.length === 0) errors.push(required(`${path}.${field}`))
    if (values.length > 1 && values.includes('*')) {
      errors.push(invalidValue(`${path}.${field}`, values, `if '*' is present, must not specify other ${what}`))
    }
  }
  checkStar('operations', operations, 'operations')
  operations.forEach((operation, index) => {
    if (!OPERATIONS.includes(operation)) errors.push(notSupported(`${path}.operations[${index}]`, operation, OPERATIONS))
  })
  checkStar('apiGroups', apiGroups, 'API groups')
  checkStar('apiVersions', apiVersions, 'API versions')
  apiVersions.forEach((version, index) => {
    if (version === '') errors.push(required(`${path}.apiVersions[${index}]`))
  })
  checkResources(errors, `${path}.resources`, resources)
  checkOneOfIfSet(errors, path, 'scope', scope, SCOPES)
}

/** A name, a name and a subresource, or stars for either: none of them may make another one superfluous. */
function checkResources(errors: Errors, path: string, resources: readonly string[]): void {
  if (resources.length === 0) errors.push(required(path))
  const allSubresourcesOf = new Set<string>()
  const ofAllResources = new Set<string>()
  resources.forEach((text, index) => {
    if (text === '') return void errors.push(required(`${path}[${index}]`))
    const slash = text.indexOf('/')
    if (slash === -1) return
    const [resource, subresource] = [text.slice(0, slash), text.slice(slash + 1)]
    const covered = (by: string): void => void errors.push(
      invalidValue(`${path}[${index}]`, text, `if '${by}' is present, must not specify ${text}`))
    if (allSubresourcesOf.has(resource)) covered(`${resource}/*`)
    if (ofAllResources.has(subresource)) covered(`*/${subresource}`)
    if (subresource === '*') allSubresourcesOf.add(resource)
    if (resource === '*') ofAllResources.add(subresource)
  })
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(invalidValue(path, resources, "if '*/*' is present, must not specify other resources"))
  }
  // Upstream looks at the last name without a slash only.
  if (resources.includes('*') && resources.findLast((text) => text !== '' && !text.includes('/')) !== '*') {
    errors.push(invalidValue(path, resources, "if '*' is present, must not specify other resources without subresources"))
  }
}

export function checkMatchConditions(errors: Errors, path: string, conditions: readonly MatchCondition[]): void {
  if (conditions.length > MAX_MATCH_CONDITIONS) errors.push(tooMany(path, conditions.length, MAX_MATCH_CONDITIONS))
  const names = new Set<string>()
  conditions.forEach(({ name = '', expression = '' }, index) => {
    const here = `${path}[${index}]`
    if (expression.trim() === '') errors.push(required(`${here}.expression`))
    if (name === '') return void errors.push(required(`${here}.name`))
    checkQualifiedName(errors, here, 'name', name)
    if (names.has(name)) errors.push(duplicate(`${here}.name`, name))
    names.add(name)
  })
}

export function conditionExpressions(
  path: string, conditions: readonly MatchCondition[] | undefined, hasParams: 'with-params' | 'no-params',
): Expression[] {
  return (conditions ?? []).map(({ expression }, index) => ({
    use: 'match-condition', path: `${path}[${index}].expression`, text: expression.trim(), name: '', hasParams: hasParams === 'with-params',
  }))
}
