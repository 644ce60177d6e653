import type { PolicyRule } from '../../resources/generated/types.ts'
import type { RequestInfo } from '../access.ts'

/**
 * Whether one rule allows the request, as rbac.authorization.k8s.io/v1 defines it:
 * resources may be "pods", "pods/log", "*", or "*" + "/scale" (that subresource of anything); URLs may end with *.
 */
export function ruleAllows(rule: PolicyRule, info: RequestInfo): boolean {
  if (!hasOrAll(rule.verbs, info.verb)) return false
  if (!info.isResource) return rule.nonResourceURLs?.some((url) => urlCovers(url, info.path)) === true
  if (!hasOrAll(rule.apiGroups, info.group) || !resourceMatches(rule.resources, info.resource, info.subresource)) return false
  const names = rule.resourceNames
  return names === undefined || names.length === 0 || (info.name !== '' && names.includes(info.name))
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

export function resourceCovers(pattern: string, resource: string, subresource: string): boolean {
  if (pattern === '*') return true
  if (subresource === '') return pattern === resource
  if (pattern.startsWith('*/')) return pattern.length === subresource.length + 2 && pattern.endsWith(subresource)
  return pattern.length === resource.length + subresource.length + 1 && pattern === `${resource}/${subresource}`
}

/** /healthz/* covers /healthz/etcd; * covers all. */
export function urlCovers(pattern: string, path: string): boolean {
  if (pattern === '*' || pattern === path) return true
  return pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1).replace(/\*+$/, ''))
}
