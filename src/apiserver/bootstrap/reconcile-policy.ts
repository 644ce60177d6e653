import { sameJson } from '../../objects/json.ts'
import type { ObjectMeta } from '../../objects/kube-object.ts'
import type { ClusterRole, ClusterRoleBinding, RbacV1Subject, Role, RoleBinding } from '../../resources/generated/types.ts'
import { uncovered } from '../../policy/rbac/role-coverage.ts'

/** What to do so that an existing object allows at least what the wanted one does. */
export type Change<T> =
  | { readonly action: 'keep' }
  | { readonly action: 'update'; readonly object: T }
  /** A binding's role cannot be changed in place. */
  | { readonly action: 'replace'; readonly object: T }

const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate'

/** Adds rules, labels and annotations that are missing; what a person added stays. Hands off where autoupdate is "false". */
export function reconcileRole<T extends ClusterRole | Role>(existing: T, wanted: T): Change<T> {
  if (existing.metadata.annotations?.[AUTO_UPDATE] === 'false') return { action: 'keep' }
  const metadata = merged(existing.metadata, wanted.metadata)
  const missing = uncovered(existing.rules ?? [], wanted.rules ?? [])
  const aggregation = aggregationOf(wanted)
  const composed = aggregation !== undefined && !sameJson(aggregation, aggregationOf(existing)) ? { aggregationRule: aggregation } : {}
  if (missing.length === 0 && metadata === existing.metadata && !('aggregationRule' in composed)) return { action: 'keep' }
  return { action: 'update', object: { ...existing, ...composed, metadata, rules: [...(existing.rules ?? []), ...missing] } }
}

export function reconcileBinding<T extends ClusterRoleBinding | RoleBinding>(existing: T, wanted: T): Change<T> {
  if (existing.metadata.annotations?.[AUTO_UPDATE] === 'false') return { action: 'keep' }
  if (!sameJson(existing.roleRef, wanted.roleRef)) return { action: 'replace', object: wanted }
  const metadata = merged(existing.metadata, wanted.metadata)
  const subjects = existing.subjects ?? []
  const missing = (wanted.subjects ?? []).filter((subject) => !subjects.some((known) => sameSubject(known, subject)))
  if (missing.length === 0 && metadata === existing.metadata) return { action: 'keep' }
  return { action: 'update', object: { ...existing, metadata, subjects: [...subjects, ...missing] } }
}

function aggregationOf(role: ClusterRole | Role): ClusterRole['aggregationRule'] {
  return 'aggregationRule' in role ? role.aggregationRule : undefined
}

function sameSubject(a: RbacV1Subject, b: RbacV1Subject): boolean {
  return a.kind === b.kind && a.name === b.name && (a.namespace ?? '') === (b.namespace ?? '')
}

/** The same object when nothing is missing, so that callers can compare by identity. */
function merged(existing: ObjectMeta, wanted: ObjectMeta): ObjectMeta {
  const labels = { ...existing.labels, ...wanted.labels }
  const annotations = { ...wanted.annotations, ...existing.annotations }
  const same = sameJson(labels, existing.labels ?? {}) && sameJson(annotations, existing.annotations ?? {})
  return same ? existing : { ...existing, labels, annotations }
}
