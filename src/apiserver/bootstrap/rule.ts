import type { PolicyRule } from '../../resources/generated/types.ts'

export const READ: readonly string[] = ['get', 'list', 'watch']
export const WRITE: readonly string[] = ['create', 'delete', 'deletecollection', 'patch', 'update']
export const READ_WRITE: readonly string[] = [...READ, ...WRITE]

/** rule('get list', 'apps', 'deployments replicasets'): verbs, one API group ('' is core), resources, all separated by blanks. */
export function rule(verbs: string | readonly string[], group: string, resources: string): PolicyRule {
  return { verbs: words(verbs), apiGroups: [group], resources: words(resources) }
}

export function namedRule(verbs: string, group: string, resources: string, names: string): PolicyRule {
  return { ...rule(verbs, group, resources), resourceNames: words(names) }
}

export function urlRule(verbs: string, urls: string): PolicyRule {
  return { verbs: words(verbs), nonResourceURLs: words(urls) }
}

/** Every part may write events, in both of their groups. */
export const EVENT_RULES: readonly PolicyRule[] = [
  rule('create patch update', '', 'events'), rule('create patch update', 'events.k8s.io', 'events'),
]

function words(text: string | readonly string[]): string[] {
  return typeof text === 'string' ? text.split(' ') : [...text]
}
