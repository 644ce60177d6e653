import type { PolicyRule } from '../../resources/generated/types.ts'
import { resourceCovers, urlCovers } from '../../policy/rbac/rule-patterns.ts'
import type { RequestInfo } from '../access.ts'

/**
 * Whether one rule allows the request, as rbac.authorization.k8s.io/v1 defines it:
 * resources may be "pods", "pods/log", "*", or "*" + "/scale" (that subresource of anything); URLs may end with *.
 */
export function ruleAllows(rule: PolicyRule, info: RequestInfo): boolean {
  return ruleMatches(rule, info) && (!namesObjects(rule) || ruleNames(rule, info.name))
}

/** All but the object's name. */
export function ruleMatches(rule: PolicyRule, info: RequestInfo): boolean {
  if (!hasOrAll(rule.verbs, info.verb)) return false
  if (!info.isResource) return rule.nonResourceURLs?.some((url) => urlCovers(url, info.path)) === true
  return hasOrAll(rule.apiGroups, info.group) && resourceMatches(rule.resources, info.resource, info.subresource)
}

/** Whether the rule is about certain objects only. */
export function namesObjects(rule: PolicyRule): boolean {
  return rule.resourceNames !== undefined && rule.resourceNames.length > 0
}

export function ruleNames(rule: PolicyRule, name: string): boolean {
  return name !== '' && rule.resourceNames?.includes(name) === true
}

function hasOrAll(values: readonly string[] | undefined, value: string): boolean {
  if (values === undefined) return false
  for (const candidate of values) if (candidate === value || candidate === '*') return true
  return false
}

function resourceMatches(patterns: readonly string[] | undefined, resource: string, subresource: string): boolean {
  if (patterns === undefined) return false
  for (const pattern of patterns) if (resourceCovers(pattern, resource, subresource)) return true
  return false
}
