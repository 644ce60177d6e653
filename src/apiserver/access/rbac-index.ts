import { kinds } from '../../resources/generated/kinds.ts'
import type { ClusterRoleBinding, PolicyRule, RbacV1Subject, RoleBinding, RoleRef } from '../../resources/generated/types.ts'
import type { ObjectReader, User } from '../access.ts'
import { serviceAccountUserName } from './subjects.ts'

/** A binding as seen from one of its subjects. */
export interface Grant {
  readonly binding: ClusterRoleBinding | RoleBinding
  readonly subject: RbacV1Subject
}

/** Who is bound to what: from a subject to its grants, so that a decision looks only at bindings that concern the user. */
export class RbacIndex {
  readonly #cluster: ReadonlyMap<string, readonly Grant[]>
  readonly #namespaces: ReadonlyMap<string, ReadonlyMap<string, readonly Grant[]>>
  readonly #reader: ObjectReader

  constructor(reader: ObjectReader) {
    this.#reader = reader
    this.#cluster = grantsOf(reader.list(kinds.ClusterRoleBinding))
    this.#namespaces = new Map(
      [...Map.groupBy(reader.list(kinds.RoleBinding), (binding) => binding.metadata.namespace ?? '')]
        .map(([namespace, bindings]) => [namespace, grantsOf(bindings)]),
    )
  }

  /** Cluster-wide grants of the user (each of its groups included), then those in the namespace. */
  *grants(user: User, namespace: string): Iterable<Grant> {
    yield* concerning(this.#cluster, user)
    const inNamespace = namespace === '' ? undefined : this.#namespaces.get(namespace)
    if (inNamespace !== undefined) yield* concerning(inNamespace, user)
  }

  /** Undefined when the role does not exist. A Role is looked for in the binding's namespace. */
  rules(roleRef: RoleRef, namespace: string): readonly PolicyRule[] | undefined {
    const role = roleRef.kind === 'ClusterRole'
      ? this.#reader.get(kinds.ClusterRole, { namespace: '', name: roleRef.name })
      : this.#reader.get(kinds.Role, { namespace, name: roleRef.name })
    return role === undefined ? undefined : (role.rules ?? [])
  }
}

function* concerning(grants: ReadonlyMap<string, readonly Grant[]>, user: User): Iterable<Grant> {
  yield* grants.get(`user:${user.name}`) ?? []
  for (const group of user.groups) yield* grants.get(`group:${group}`) ?? []
}

function grantsOf(bindings: readonly (ClusterRoleBinding | RoleBinding)[]): ReadonlyMap<string, readonly Grant[]> {
  const grants = new Map<string, Grant[]>()
  for (const binding of bindings) {
    for (const subject of binding.subjects ?? []) {
      const key = subjectKey(subject, binding.metadata.namespace ?? '')
      if (key === undefined) continue
      const known = grants.get(key)
      if (known === undefined) grants.set(key, [{ binding, subject }])
      else known.push({ binding, subject })
    }
  }
  return grants
}

/** Undefined for a subject that can be nobody. A service account without a namespace means the binding's own. */
function subjectKey(subject: RbacV1Subject, bindingNamespace: string): string | undefined {
  if (subject.kind === 'User') return `user:${subject.name}`
  if (subject.kind === 'Group') return `group:${subject.name}`
  const namespace = subject.namespace ?? bindingNamespace
  if (subject.kind !== 'ServiceAccount' || namespace === '') return undefined
  return `user:${serviceAccountUserName(namespace, subject.name)}`
}
