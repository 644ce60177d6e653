/** Whether a pattern of a rule covers a resource: *, pods, pods/log, or an asterisk before a subresource (any kind's scale). */
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
