import type {
  FlowSchemaSpec, NonResourcePolicyRule, PolicyRulesWithSubjects, ResourcePolicyRule, Subject,
} from '../../resources/generated/types.ts'
import type { RequestInfo, User } from '../access.ts'

type Rules = Pick<PolicyRulesWithSubjects, 'resourceRules' | 'nonResourceRules'>

/** Flow schemas in the order in which they are asked, of lower precedence first, then by name. */
export function byPrecedence<T extends { readonly name: string; readonly spec: FlowSchemaSpec }>(schemas: readonly T[]): readonly T[] {
  const precedence = ({ spec }: T): number => spec.matchingPrecedence ?? 0
  return schemas.toSorted((a, b) => precedence(a) - precedence(b) || (a.name < b.name ? -1 : 1))
}

/** The rules of a schema whose subjects the user is one of; undefined where there are none. */
export function rulesFor(spec: FlowSchemaSpec, user: User): readonly Rules[] | undefined {
  const rules = (spec.rules ?? []).filter(({ subjects }) => subjects.some((subject) => isSubject(subject, user)))
  return rules.length === 0 ? undefined : rules
}

/** Whether one of the rules is about the request. */
export function rulesMatch(rules: readonly Rules[], info: RequestInfo): boolean {
  for (const { resourceRules, nonResourceRules } of rules) {
    if (info.isResource) {
      for (const rule of resourceRules ?? []) if (resourceRuleMatches(rule, info)) return true
    } else {
      for (const rule of nonResourceRules ?? []) if (pathRuleMatches(rule, info)) return true
    }
  }
  return false
}

function isSubject({ kind, user: named, group, serviceAccount }: Subject, user: User): boolean {
  if (kind === 'User') return named?.name === '*' || named?.name === user.name
  if (kind === 'Group') return group?.name === '*' || (group !== undefined && user.groups.includes(group.name))
  if (kind !== 'ServiceAccount' || serviceAccount === undefined) return false
  const prefix = `system:serviceaccount:${serviceAccount.namespace}:`
  return serviceAccount.name === '*' ? user.name.startsWith(prefix) : user.name === prefix + serviceAccount.name
}

/** A rule names a subresource by its whole name, pods/status; unlike a role it has no patterns but the star. */
function resourceRuleMatches(rule: ResourcePolicyRule, info: RequestInfo): boolean {
  if (!hasOrAll(rule.verbs, info.verb) || !hasOrAll(rule.apiGroups, info.group)) return false
  const resource = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`
  if (!hasOrAll(rule.resources, resource)) return false
  if (info.namespace === '') return rule.clusterScope === true
  return rule.namespaces !== undefined && hasOrAll(rule.namespaces, info.namespace)
}

function pathRuleMatches(rule: NonResourcePolicyRule, info: RequestInfo): boolean {
  if (!hasOrAll(rule.verbs, info.verb)) return false
  for (const url of rule.nonResourceURLs) {
    if (url === info.path || (url.endsWith('*') && info.path.startsWith(url.slice(0, -1)))) return true
  }
  return false
}

function hasOrAll(values: readonly string[], value: string): boolean {
  for (const candidate of values) if (candidate === value || candidate === '*') return true
  return false
}
