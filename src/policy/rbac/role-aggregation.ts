import { sameJson } from '../../objects/json.ts'
import { selects } from '../../objects/selects.ts'
import type { ClusterRole, PolicyRule } from '../../resources/generated/types.ts'
import { textOfRule } from './role-coverage.ts'

/**
 * Cluster roles whose rules should change, because aggregationRule composes them from others: each with its new rules.
 * Roles compose in the order of their names; a rule that stands in two of them is taken once.
 */
export function aggregate(roles: readonly ClusterRole[]): readonly ClusterRole[] {
  const byName = [...roles].sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1))
  const rulesOf = new Map(byName.map((role) => [role.metadata.name ?? '', role.rules ?? []]))
  // admin takes in edit, which takes in view: a chain is never longer than the number of aggregating roles.
  const aggregating = byName.filter((role) => role.aggregationRule !== undefined)
  for (let round = 0; round <= aggregating.length; round++) {
    let changed = false
    for (const role of aggregating) {
      const rules = composed(role, byName, rulesOf)
      if (sameJson(rules, rulesOf.get(role.metadata.name ?? ''))) continue
      rulesOf.set(role.metadata.name ?? '', rules)
      changed = true
    }
    if (!changed) break
  }
  return aggregating.flatMap((role) => {
    const rules = rulesOf.get(role.metadata.name ?? '') ?? []
    return sameJson(rules, role.rules ?? []) ? [] : [{ ...role, rules: [...rules] }]
  })
}

function composed(role: ClusterRole, all: readonly ClusterRole[], rulesOf: ReadonlyMap<string, readonly PolicyRule[]>): PolicyRule[] {
  const selectors = role.aggregationRule?.clusterRoleSelectors ?? []
  const rules = new Map<string, PolicyRule>()
  for (const selector of selectors) {
    for (const other of all) {
      if (other.metadata.name === role.metadata.name || !selects(selector, other.metadata.labels)) continue
      for (const rule of rulesOf.get(other.metadata.name ?? '') ?? []) {
        const text = textOfRule(rule)
        if (!rules.has(text)) rules.set(text, rule)
      }
    }
  }
  return [...rules.values()]
}
