import { jsonText } from '../../objects/json-text.ts'
import type { PolicyRule } from '../../resources/generated/types.ts'
import { resourceCovers, urlCovers } from './rule-patterns.ts'

/** Nobody reads more of them. */
const MAX_UNCOVERED = 10_000
const ENTRIES_PER_COMPARISON = 16

/** There are too many rules, or too many parts of them. */
export class TooManyRules extends Error {
  override readonly name = 'TooManyRules'
}

/**
 * The parts of the wanted rules that the owned ones do not cover, or the first ten thousand of them. Rules are broken into single verb,
 * group, resource, name, so that two owned rules can together cover one wanted rule: a rule of 60 verbs, groups and resources each has
 * 216,000 parts. Throws TooManyRules after so many comparisons of a part with a rule.
 */
export function uncovered(owned: readonly PolicyRule[], wanted: readonly PolicyRule[], maxComparisons = Infinity): readonly PolicyRule[] {
  const missing: PolicyRule[] = []
  const ownedTexts = new Set(owned.map(textOfRule))
  const costs = owned.map(costOf)
  let comparisons = 0
  const isCovered = (part: PolicyRule): boolean => owned.some((rule, index) => {
    comparisons += costs[index] ?? 1
    if (comparisons > maxComparisons) throw new TooManyRules('there are too many rules to compare')
    return covers(rule, part)
  })
  for (const rule of wanted) {
    if (ownedTexts.has(textOfRule(rule))) continue
    for (const part of breakDown(rule)) {
      if (isCovered(part)) continue
      missing.push(part)
      if (missing.length === MAX_UNCOVERED) return missing
    }
  }
  return missing
}

function costOf({ verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule): number {
  const entries = verbs.length + apiGroups.length + resources.length + resourceNames.length + nonResourceURLs.length
  return Math.ceil(entries / ENTRIES_PER_COMPARISON)
}

/** Equal for equal rules: one may be a copy of the other. */
export function textOfRule({ verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule): string {
  return jsonText([verbs, apiGroups, resources, resourceNames, nonResourceURLs])
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
