import { forbiddenField, invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import { dns1035LabelErrors, dnsSubdomainErrors, pathSegmentErrors } from '../../../objects/names.ts'
import type { Expression } from '../../expression.ts'
import type { Errors } from '../../field-checks.ts'
import { checkDnsSubdomain, checkLabelSelector, checkNames, checkOneOf } from '../../field-checks.ts'
import type { LabelSelector, MatchCondition, MatchResources, ParamKind, ParamRef, Variable } from '../../generated/types.ts'
import { checkMatchConditions, checkMatchResources, conditionExpressions, FAILURE_POLICIES } from './match-rules.ts'

/** What validating and mutating admission policies and their bindings share. */
export interface PolicySpec {
  failurePolicy?: string
  matchConditions?: MatchCondition[]
  matchConstraints?: MatchResources
  paramKind?: ParamKind
  variables?: Variable[]
}

export interface BindingSpec {
  matchResources?: MatchResources
  paramRef?: ParamRef
  policyName?: string
}

const IDENTIFIER = /^[_a-zA-Z][_a-zA-Z0-9]*$/
/** Words of the expression language, and those that it keeps for later. */
const RESERVED: ReadonlySet<string> = new Set([
  'true', 'false', 'null', 'in', 'as', 'break', 'const', 'continue', 'else', 'for', 'function', 'if', 'import', 'let', 'loop', 'package',
  'namespace', 'return', 'var', 'void', 'while',
])
const ONE_OF_TWO = 'name and selector are mutually exclusive'

export function checkPolicy(errors: Errors, spec: PolicySpec): void {
  checkOneOf(errors, 'spec', 'failurePolicy', spec.failurePolicy, FAILURE_POLICIES)
  if (spec.paramKind !== undefined) checkParamKind(errors, 'spec.paramKind', spec.paramKind)
  if (spec.matchConstraints === undefined) errors.push(required('spec.matchConstraints'))
  else {
    checkMatchResources(errors, 'spec.matchConstraints', spec.matchConstraints)
    // They say of which types the object can be.
    if ((spec.matchConstraints.resourceRules ?? []).length === 0) errors.push(required('spec.matchConstraints.resourceRules'))
  }
  checkMatchConditions(errors, 'spec.matchConditions', spec.matchConditions ?? [])
  spec.variables?.forEach(({ name = '', expression = '' }, index) => {
    const path = `spec.variables[${index}]`
    if (name.trim() === '') errors.push(required(`${path}.name`, 'name is not specified'))
    else if (!IDENTIFIER.test(name) || RESERVED.has(name)) {
      errors.push(invalidValue(`${path}.name`, name, 'name is not a valid CEL identifier'))
    }
    if (expression.trim() === '') errors.push(required(`${path}.expression`, 'expression is not specified'))
  })
}

export function policyExpressions(spec: PolicySpec): Expression[] {
  const hasParams = spec.paramKind !== undefined
  const conditions = conditionExpressions('spec.matchConditions', spec.matchConditions, hasParams ? 'with-params' : 'no-params')
  const variables = (spec.variables ?? []).map(({ name, expression }, index): Expression => (
    { use: 'variable', path: `spec.variables[${index}].expression`, text: expression, name, hasParams }))
  return [...conditions, ...variables]
}

function checkParamKind(errors: Errors, path: string, { apiVersion = '', kind = '' }: ParamKind): void {
  if (apiVersion === '') errors.push(required(`${path}.apiVersion`))
  else checkApiVersion(errors, `${path}.apiVersion`, apiVersion)
  const problems = dns1035LabelErrors(kind.toLowerCase())
  if (kind === '') errors.push(required(`${path}.kind`))
  else if (problems.length > 0) {
    errors.push(invalidValue(`${path}.kind`, kind, `may have mixed case, but should otherwise match: ${problems.join(',')}`))
  }
}

/** apps/v1, or v1 of the core group */
function checkApiVersion(errors: Errors, field: string, apiVersion: string): void {
  const parts = apiVersion.split('/')
  if (parts.length > 2) return void errors.push(invalidValue(field, apiVersion, `unexpected GroupVersion string: ${apiVersion}`))
  const version = parts.at(-1) ?? ''
  const group = parts.length === 2 ? (parts[0] ?? '') : ''
  const groupProblems = group === '' ? [] : dnsSubdomainErrors(group)
  if (groupProblems.length > 0) errors.push(invalidValue(field, group, groupProblems.join(',')))
  const versionProblems = dns1035LabelErrors(version)
  if (version === '') errors.push(invalidValue(field, apiVersion, 'version must be specified'))
  else if (versionProblems.length > 0) errors.push(invalidValue(field, version, versionProblems.join(',')))
}

export function checkPolicyBinding(errors: Errors, spec: BindingSpec): void {
  if ((spec.policyName ?? '') === '') errors.push(required('spec.policyName'))
  else checkDnsSubdomain(errors, 'spec', 'policyName', spec.policyName)
  if (spec.paramRef !== undefined) checkParamRef(errors, 'spec.paramRef', spec.paramRef)
  if (spec.matchResources !== undefined) checkMatchResources(errors, 'spec.matchResources', spec.matchResources)
}

function checkParamRef(errors: Errors, path: string, { name = '', selector, parameterNotFoundAction }: ParamRef): void {
  const both = name !== '' && selector !== undefined
  if (name !== '') checkNames(errors, path, 'name', name, pathSegmentErrors)
  if (both) errors.push(forbiddenField(`${path}.name`, ONE_OF_TWO))
  checkLabelSelector(errors, `${path}.selector`, selector)
  if (both) errors.push(forbiddenField(`${path}.selector`, ONE_OF_TWO))
  if (name === '' && selector === undefined) errors.push(required(path, 'one of name or selector must be specified'))
  const field = `${path}.parameterNotFoundAction`
  if ((parameterNotFoundAction ?? '') === '') errors.push(required(field))
  else if (parameterNotFoundAction !== 'Deny' && parameterNotFoundAction !== 'Allow') {
    errors.push(notSupported(field, parameterNotFoundAction, ['Deny', 'Allow']))
  }
}

/** apiVersion/Kind */
export function paramKindText(kind: ParamKind | undefined): string {
  return kind === undefined ? '<unset>' : `${kind.apiVersion ?? ''}/${kind.kind ?? ''}`
}

/** namespace/name, with any namespace for an object that may be looked for in that of the request; or the selector. */
export function paramRefText(ref: ParamRef | undefined): string {
  const { name = '', namespace = '', selector } = ref ?? {}
  if (name !== '') return `${namespace === '' ? '*' : namespace}/${name}`
  return selector === undefined ? '<unset>' : selectorText(selector)
}

/** As Go prints the struct: upstream's cell holds nothing better. */
function selectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const labels = Object.keys(matchLabels).toSorted().map((key) => `${key}: ${matchLabels[key]},`)
  const requirements = matchExpressions.map(({ key, operator, values = [] }) => (
    `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`))
  return `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},`
    + `MatchExpressions:[]LabelSelectorRequirement{${requirements.join('')}},}`
}
