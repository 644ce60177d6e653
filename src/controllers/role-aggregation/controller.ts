import { sameJson } from '../../objects/json.ts'
import { selects } from '../../objects/selects.ts'
import { textOfRule } from '../../policy/rbac/role-coverage.ts'
import type { Controller, Plan, Snapshot } from '../../reconcile/controller.ts'
import { kinds } from '../../resources/generated/kinds.ts'
import type { ClusterRole, PolicyRule } from '../../resources/generated/types.ts'
import { parseKey } from '../keys.ts'

export interface AggregationView {
  readonly role: ClusterRole
  /** The roles that its selectors choose, in the order of their names. */
  readonly parts: readonly ClusterRole[]
}

/** Composes the rules of cluster roles that have an aggregationRule (admin, edit, view) from the roles that it selects. */
export function roleAggregationController(): Controller<AggregationView> {
  return {
    name: 'clusterrole-aggregation-controller',
    account: 'clusterrole-aggregation-controller',
    reads: [{ kind: kinds.ClusterRole, keysOf: aggregatingRoles }],
    writes: [kinds.ClusterRole],
    observe(key, snapshot) {
      const role = snapshot.get(kinds.ClusterRole, parseKey(key))
      if (role?.aggregationRule === undefined) return undefined
      const parts = snapshot.list(kinds.ClusterRole).filter((part) => part.metadata.name !== key && takesIn(role, part))
      return { role, parts: parts.sort((a, b) => ((a.metadata.name ?? '') < (b.metadata.name ?? '') ? -1 : 1)) }
    },
    plan: planAggregation,
  }
}

function aggregatingRoles(changed: ClusterRole, snapshot: Snapshot): readonly string[] {
  const roles = snapshot.list(kinds.ClusterRole).filter((role) => role.aggregationRule !== undefined)
  return roles
    .filter((role) => role.metadata.name === changed.metadata.name || takesIn(role, changed))
    .map((role) => role.metadata.name ?? '')
}

function takesIn(role: ClusterRole, part: ClusterRole): boolean {
  return (role.aggregationRule?.clusterRoleSelectors ?? []).some((selector) => selects(selector, part.metadata.labels))
}

export function planAggregation({ role, parts }: AggregationView): Plan {
  const byText = new Map(parts.flatMap((part) => part.rules ?? []).map((rule) => [textOfRule(rule), rule] as const))
  const rules: PolicyRule[] = [...byText.values()]
  const why = `Its ${rules.length} rules come from ${parts.length} roles.`
  if (sameJson(role.rules ?? [], rules)) return { actions: [], why }
  const object: ClusterRole = { ...role, rules }
  return { actions: [{ verb: 'update', kind: kinds.ClusterRole, object }], why }
}
