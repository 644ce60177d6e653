import type { RequestInfo, User } from '../access.ts'
import type { AuditPolicy, AuditResources, AuditRule } from './audit-policy.ts'

/** The rule for a request; undefined: nothing is written down. user undefined: nobody was recognized. */
export function auditRuleFor(policy: AuditPolicy, user: User | undefined, info: RequestInfo): AuditRule | undefined {
  for (const rule of policy.rules) if (matches(rule, user, info)) return rule.level === 'None' ? undefined : rule
  return undefined
}

function matches(rule: AuditRule, user: User | undefined, info: RequestInfo): boolean {
  if (rule.users.length > 0 && (user === undefined || !rule.users.includes(user.name))) return false
  if (rule.userGroups.length > 0 && user?.groups.some((group) => rule.userGroups.includes(group)) !== true) return false
  if (rule.verbs.length > 0 && !rule.verbs.includes(info.verb)) return false
  if (rule.namespaces.length > 0 || rule.resources.length > 0) return matchesResource(rule, info)
  if (rule.nonResourceURLs.length > 0) return !info.isResource && rule.nonResourceURLs.some((url) => matchesPath(url, info.path))
  return true
}

/** What has no namespace is in the namespace ''. */
function matchesResource(rule: AuditRule, info: RequestInfo): boolean {
  if (!info.isResource) return false
  if (rule.namespaces.length > 0 && !rule.namespaces.includes(info.namespace)) return false
  return rule.resources.length === 0 || rule.resources.some((entry) => matchesEntry(entry, info))
}

function matchesEntry({ group, resources, resourceNames }: AuditResources, info: RequestInfo): boolean {
  if (group !== info.group) return false
  if (resources.length === 0) return true
  if (resourceNames.length > 0 && !resourceNames.includes(info.name)) return false
  return resources.some((pattern) => matchesName(pattern, info))
}

/** pods, pods/log, pods/ and a star, a star and /scale, or just a star: pods does not mean pods/log. */
function matchesName(pattern: string, { resource, subresource }: RequestInfo): boolean {
  if (pattern === '*' || pattern === (subresource === '' ? resource : `${resource}/${subresource}`)) return true
  if (subresource !== '' && pattern === `*/${subresource}`) return true
  return pattern === `${resource}/*`
}

function matchesPath(pattern: string, path: string): boolean {
  return pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.replace(/\*+$/, '')))
}
