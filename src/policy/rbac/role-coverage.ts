import type { PolicyRule } from '../../resources/generated/types.ts'
import { resourceCovers, urlCovers } from './rule-patterns.ts'

/**
 * The parts of the wanted rules that the owned ones do not cover. Rules are broken into single verb, group, resource, name,
 * so that two owned rules can together cover one wanted rule.
 */
export function uncovered(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] {
  const parts = wanted.flatMap((rule) => [...breakDown(rule)])
  return parts.filter((part) => !owned.some((rule) => covers(rule, part)))
}

function* breakDown(rule: PolicyRule): Iterable<PolicyRule> {
  for (const verb of rule.verbs) {
    for (const url of rule.nonResourceURLs ?? []) yield { verbs: [verb], nonResourceURLs: [url] }
    for (const group of rule.apiGroups ?? []) {
      for (const resource of rule.resources ?? []) {
        const part = { verbs: [verb], apiGroups: [group], resources: [resource] }
        const names = rule.resourceNames ?? []
        if (names.length === 0) yield part
        for (const name of names) yield { ...part, resourceNames: [name] }
      }
    }
  }
}

/** part has one verb, one group, one resource, at most one name, or one URL. */
function covers(rule: PolicyRule, part: PolicyRule): boolean {
  const within = (values: readonly string[] | undefined, wanted: string | undefined): boolean =>
    values !== undefined && wanted !== undefined && (values.includes('*') || values.includes(wanted))
  if (!within(rule.verbs, part.verbs[0])) return false
  const url = part.nonResourceURLs?.[0]
  if (url !== undefined) return rule.nonResourceURLs?.some((pattern) => urlCovers(pattern, url)) === true
  if (!within(rule.apiGroups, part.apiGroups?.[0])) return false
  const [resource = '', subresource = ''] = part.resources?.[0]?.split('/', 2) ?? []
  const resourceIsCovered =
    rule.resources?.some((pattern) => pattern === part.resources?.[0] || resourceCovers(pattern, resource, subresource)) === true
  if (!resourceIsCovered) return false
  const name = part.resourceNames?.[0]
  const names = rule.resourceNames ?? []
  return names.length === 0 || (name !== undefined && names.includes(name))
}

/** Parts of the same resource as one rule again: get pods, list pods becomes get and list pods. Sorted by what is shown. */
export function showCompact(parts: readonly PolicyRule[]): readonly string[] {
  const verbs = new Map<string, PolicyRule>()
  for (const part of parts) {
    const key = JSON.stringify({ ...part, verbs: [] })
    verbs.set(key, { ...part, verbs: [...(verbs.get(key)?.verbs ?? []), ...part.verbs] })
  }
  return [...verbs.values()].map(showRule).sort()
}

/** {APIGroups:["apps"], Resources:["deployments"], Verbs:["get" "list"]}: the form that kubectl's users know. */
export function showRule(rule: PolicyRule): string {
  const parts = [
    ['APIGroups', rule.apiGroups], ['Resources', rule.resources], ['ResourceNames', rule.resourceNames],
    ['NonResourceURLs', rule.nonResourceURLs], ['Verbs', rule.verbs],
  ] as const
  return `{${parts.flatMap(([label, values]) => (values === undefined ? [] : [`${label}:${quotedList(values)}`])).join(', ')}}`
}

/** As Go writes a list of texts. */
export function quotedList(values: readonly string[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(' ')}]`
}
