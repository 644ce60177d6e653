import type { KindRef } from '../../objects/kind.ts'
import type { RuleWithOperations } from '../../resources/generated/types.ts'
import type { AdmissionRequest } from '../access.ts'

/** What rules look at: a resource as one version serves it, and what is done to it. */
export interface Target {
  readonly kind: Pick<KindRef, 'group' | 'version' | 'plural'>
  readonly subresource: string
  readonly operation: AdmissionRequest['operation']
  /** '' for what is in no namespace. */
  readonly namespace: string
  readonly name: string
}

/** admissionregistration.k8s.io/v1: a rule holds where all of its lists do. Those of policies may name objects. */
export function ruleMatches(
  rule: RuleWithOperations & { readonly resourceNames?: readonly string[] }, { kind, subresource, operation, namespace, name }: Target,
): boolean {
  if (rule.resourceNames !== undefined && rule.resourceNames.length > 0 && !rule.resourceNames.includes(name)) return false
  return has(rule.operations, operation) && has(rule.apiGroups, kind.group) && has(rule.apiVersions, kind.version)
    && scopeMatches(rule.scope ?? '*', kind.group === '' && kind.plural === 'namespaces' ? '' : namespace)
    && (rule.resources ?? []).some((resource) => resourceMatches(resource, kind.plural, subresource))
}

function has(list: readonly string[] | undefined, value: string): boolean {
  return list !== undefined && (list.includes('*') || list.includes(value))
}

function scopeMatches(scope: string, namespace: string): boolean {
  return scope === '*' || (scope === 'Namespaced') === (namespace !== '')
}

// pods: the objects; pods/log: a subresource; pods/*: those of pods and the pods; *: all objects; */*: everything.
function resourceMatches(rule: string, plural: string, subresource: string): boolean {
  const [resource = '', below = ''] = rule.split('/', 2)
  if (resource !== '*' && resource !== plural) return false
  return rule.includes('/') ? below === '*' || (below === subresource && subresource !== '') : subresource === ''
}
