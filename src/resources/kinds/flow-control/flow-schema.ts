import { findCondition } from '../../../objects/conditions.ts'
import type { FieldError } from '../../../objects/field-error.ts'
import { duplicate, forbiddenField, invalidValue, notSupported, required } from '../../../objects/field-error.ts'
import { dnsLabelErrors } from '../../../objects/names.ts'
import type { ResourceDefinition } from '../../definition.ts'
import type { Errors } from '../../field-checks.ts'
import { checkDnsLabel, checkDnsSubdomain, checkPresent, sameValue } from '../../field-checks.ts'
import { kinds } from '../../generated/kinds.ts'
import type {
  FlowSchema, FlowSchemaSpec, NonResourcePolicyRule, PolicyRulesWithSubjects, ResourcePolicyRule, ServiceAccountSubject, Subject,
} from '../../generated/types.ts'
import { keepAllButStatus, keepStatus, plainResource } from '../../plain-resource.ts'
import { ageColumn, textColumn } from '../../table.ts'
import { EXEMPT, mandatoryFlowSchemas } from './mandatory.ts'

const DEFAULT_PRECEDENCE = 1000
const MAX_PRECEDENCE = 10_000
const DISTINGUISHERS = ['ByNamespace', 'ByUser']
const SUBJECT_KINDS = ['Group', 'ServiceAccount', 'User']
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch']

function validate(schema: FlowSchema): FieldError[] {
  const errors: Errors = []
  const name = schema.metadata.name ?? ''
  const spec: FlowSchemaSpec = schema.spec ?? { priorityLevelConfiguration: { name: '' } }
  checkSpec(errors, name, spec)
  const fixed = mandatoryFlowSchemas[name]
  if (fixed !== undefined && !sameValue(spec, fixed)) {
    errors.push(invalidValue('spec', spec, `spec of '${name}' must equal the fixed value`))
  }
  return [...errors, ...validateConditions(schema)]
}

function checkSpec(errors: Errors, name: string, spec: FlowSchemaSpec): void {
  const { matchingPrecedence: precedence = 0, distinguisherMethod, priorityLevelConfiguration, rules = [] } = spec
  const field = 'spec.matchingPrecedence'
  if (precedence <= 0) errors.push(invalidValue(field, precedence, 'must be a positive value'))
  if (precedence > MAX_PRECEDENCE) errors.push(invalidValue(field, precedence, `must not be greater than ${MAX_PRECEDENCE}`))
  if (precedence === 1 && name !== EXEMPT) {
    errors.push(invalidValue(field, precedence, "only the schema named 'exempt' may have matchingPrecedence 1"))
  }
  if (distinguisherMethod !== undefined && !DISTINGUISHERS.includes(distinguisherMethod.type)) {
    errors.push(notSupported('spec.distinguisherMethod.type', distinguisherMethod, DISTINGUISHERS))
  }
  const level = priorityLevelConfiguration?.name ?? ''
  if (level === '') errors.push(required('spec.priorityLevelConfiguration.name', 'must reference a priority level'))
  else checkDnsSubdomain(errors, 'spec.priorityLevelConfiguration', 'name', level)
  rules.forEach((rule, index) => checkRules(errors, `spec.rules[${index}]`, rule))
}

function checkRules(
  errors: Errors, path: string, { subjects = [], resourceRules = [], nonResourceRules = [] }: PolicyRulesWithSubjects,
): void {
  if (subjects.length === 0) errors.push(required(`${path}.subjects`, 'subjects must contain at least one value'))
  subjects.forEach((subject, index) => checkSubject(errors, `${path}.subjects[${index}]`, subject))
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    errors.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'))
  }
  resourceRules.forEach((rule, index) => checkResourceRule(errors, `${path}.resourceRules[${index}]`, rule))
  nonResourceRules.forEach((rule, index) => checkNonResourceRule(errors, `${path}.nonResourceRules[${index}]`, rule))
}

const SUBJECT_FIELDS = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const

function checkSubject(errors: Errors, path: string, subject: Subject): void {
  if (!SUBJECT_KINDS.includes(subject.kind)) return void errors.push(notSupported(`${path}.kind`, subject.kind ?? '', SUBJECT_KINDS))
  for (const [kind, field] of Object.entries(SUBJECT_FIELDS)) {
    if (kind === subject.kind) {
      if (subject[field] === undefined) errors.push(required(`${path}.${field}`, `${field} is required when subject kind is '${kind}'`))
    } else if (subject[field] !== undefined) {
      errors.push(forbiddenField(`${path}.${field}`, `${field} is forbidden when subject kind is not '${kind}'`))
    }
  }
  if (subject.kind === 'ServiceAccount' && subject.serviceAccount !== undefined) {
    checkServiceAccount(errors, `${path}.serviceAccount`, subject.serviceAccount)
  }
  if (subject.kind === 'User' && subject.user !== undefined) checkPresent(errors, `${path}.user`, 'name', subject.user.name)
  if (subject.kind === 'Group' && subject.group !== undefined) checkPresent(errors, `${path}.group`, 'name', subject.group.name)
}

function checkServiceAccount(errors: Errors, path: string, { name = '', namespace = '' }: ServiceAccountSubject): void {
  if (name === '') errors.push(required(`${path}.name`))
  else if (name !== '*') checkDnsSubdomain(errors, path, 'name', name)
  if (namespace === '') errors.push(required(`${path}.namespace`, 'must specify namespace for service account'))
  else checkDnsLabel(errors, path, 'namespace', namespace)
}

function checkVerbs(errors: Errors, path: string, verbs: readonly string[]): void {
  if (verbs.length === 0) errors.push(required(path, 'verbs must contain at least one value'))
  else if (verbs.includes('*')) checkStar(errors, path, verbs, 'verbs')
  else if (!verbs.every((verb) => VERBS.includes(verb))) errors.push(notSupported(path, verbs, VERBS))
}

function checkStar(errors: Errors, path: string, values: readonly string[], what: string): void {
  if (values.length > 1 && values.includes('*')) {
    errors.push(invalidValue(path, values, `if '*' is present, must not specify other ${what}`))
  }
}

function checkResourceRule(errors: Errors, path: string, rule: ResourcePolicyRule): void {
  const { verbs = [], apiGroups = [], resources = [], namespaces = [], clusterScope } = rule
  checkVerbs(errors, `${path}.verbs`, verbs)
  if (apiGroups.length === 0) errors.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'))
  checkStar(errors, `${path}.apiGroups`, apiGroups, 'api groups')
  if (resources.length === 0) errors.push(required(`${path}.resources`, 'resource rules must supply at least one resource'))
  checkStar(errors, `${path}.resources`, resources, 'resources')
  if (namespaces.length === 0 && clusterScope !== true) {
    errors.push(required(`${path}.namespaces`, 'resource rules that are not cluster scoped must supply at least one namespace'))
  } else if (namespaces.includes('*')) checkStar(errors, `${path}.namespaces`, namespaces, 'namespaces')
  else {
    namespaces.forEach((namespace, index) => {
      for (const problem of dnsLabelErrors(namespace)) {
        const detail = `each member of this list must be '*' or a DNS-1123 label; ${problem}`
        errors.push(invalidValue(`${path}.namespaces[${index}]`, namespace, detail))
      }
    })
  }
}

function checkNonResourceRule(errors: Errors, path: string, { verbs = [], nonResourceURLs: urls = [] }: NonResourcePolicyRule): void {
  checkVerbs(errors, `${path}.verbs`, verbs)
  const field = `${path}.nonResourceURLs`
  if (urls.length === 0) errors.push(required(field, 'nonResourceURLs must contain at least one value'))
  else if (urls.includes('*')) checkStar(errors, field, urls, 'non-resource URLs')
  else {
    urls.forEach((url, index) => {
      const problem = urlProblem(url)
      if (problem !== undefined) errors.push(invalidValue(`${field}[${index}]`, url, problem))
    })
  }
}

/** /healthz and /metrics/*, but not /a*b. */
function urlProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty'
  if (url === '/') return undefined
  if (!url.startsWith('/')) return 'must start with slash'
  if (url.includes(' ')) return 'must not contain white-space'
  if (url.includes('//')) return 'must not contain double slash'
  const star = url.indexOf('*')
  return star === -1 || (star === url.length - 1 && url.endsWith('/*')) ? undefined : 'wildcard can only do suffix matching'
}

interface Conditioned {
  readonly status?: { readonly conditions?: readonly { readonly type?: string }[] }
}

/** Of flow schemas and priority levels. */
export function validateConditions({ status }: Conditioned): FieldError[] {
  const errors: Errors = []
  const types = new Set<string>()
  status?.conditions?.forEach(({ type = '' }, index) => {
    const field = `status.conditions[${index}].type`
    if (types.has(type)) errors.push(duplicate(field, type))
    types.add(type)
    if (type === '') errors.push(required(field, 'must not be empty'))
  })
  return errors
}

function isDangling({ status }: FlowSchema): string {
  const conditions = status?.conditions?.map(({ type = '', status: value = '' }) => ({ type, status: value }))
  return findCondition(conditions, 'Dangling')?.status ?? '?'
}

export const flowSchemas: ResourceDefinition<FlowSchema> = {
  ...plainResource,
  kind: kinds.FlowSchema,
  defaults({ spec }) {
    if (spec !== undefined) spec.matchingPrecedence ||= DEFAULT_PRECEDENCE
  },
  prepareForCreate(draft) {
    draft.status = {}
  },
  prepareForUpdate: keepStatus,
  validateCreate: validate,
  validateUpdate: validate,
  generationOf: 'spec',
  columns: [
    textColumn('PriorityLevel', 'The level that its requests share.', ({ spec }) => spec?.priorityLevelConfiguration.name ?? ''),
    textColumn('MatchingPrecedence', 'Schemas with a lower one are looked at first.', ({ spec }) => spec?.matchingPrecedence ?? 0),
    textColumn('DistinguisherMethod', 'What parts its requests into flows.', ({ spec }) => spec?.distinguisherMethod?.type ?? '<none>'),
    ageColumn,
    textColumn('MissingPL', 'Whether that level is missing.', isDangling),
  ],
  status: { prepareForUpdate: keepAllButStatus, validateUpdate: validateConditions },
}
