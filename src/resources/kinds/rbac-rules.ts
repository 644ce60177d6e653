import { invalidValue, notSupported, required } from '../../objects/field-error.ts'
import { pathSegmentErrors } from '../../objects/names.ts'
import type { Column } from '../definition.ts'
import type { Errors } from '../field-checks.ts'
import { checkDnsSubdomain, checkNames, checkPresent } from '../field-checks.ts'
import type { PolicyRule, RbacV1Subject, RoleRef } from '../generated/types.ts'
import type { KubeObject } from '../../objects/kube-object.ts'
import { ageColumn, textColumn, wideColumn } from '../table.ts'

/** What roles and bindings of both scopes share. */
const RBAC_GROUP = 'rbac.authorization.k8s.io'
type Scope = 'namespaced' | 'cluster'

export function checkRule(errors: Errors, path: string, rule: PolicyRule, scope: Scope): void {
  const { nonResourceURLs = [], apiGroups = [], resources = [], resourceNames = [], verbs = [] } = rule
  if (verbs.length === 0) errors.push(required(`${path}.verbs`, 'verbs must contain at least one value'))
  if (nonResourceURLs.length > 0) {
    const field = `${path}.nonResourceURLs`
    if (scope === 'namespaced') errors.push(invalidValue(field, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'))
    if (apiGroups.length + resources.length + resourceNames.length > 0) {
      errors.push(invalidValue(field, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'))
    }
    return
  }
  if (apiGroups.length === 0) errors.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'))
  if (resources.length === 0) errors.push(required(`${path}.resources`, 'resource rules must supply at least one resource'))
}

export interface RoleBindingLike extends KubeObject {
  roleRef: RoleRef
  subjects?: RbacV1Subject[]
}

export function defaultBinding(draft: RoleBindingLike): void {
  if (draft.roleRef !== undefined) draft.roleRef.apiGroup ||= RBAC_GROUP
  for (const subject of draft.subjects ?? []) if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= RBAC_GROUP
}

export function checkBinding(errors: Errors, binding: RoleBindingLike, scope: Scope): void {
  const { apiGroup = '', kind = '', name = '' } = binding.roleRef ?? {}
  const roleKinds = scope === 'namespaced' ? ['Role', 'ClusterRole'] : ['ClusterRole']
  if (apiGroup !== RBAC_GROUP) errors.push(notSupported('roleRef.apiGroup', apiGroup, [RBAC_GROUP]))
  if (!roleKinds.includes(kind)) errors.push(notSupported('roleRef.kind', kind, roleKinds))
  if (name === '') errors.push(required('roleRef.name'))
  else checkNames(errors, 'roleRef', 'name', name, pathSegmentErrors)
  binding.subjects?.forEach((subject, index) => checkSubject(errors, `subjects[${index}]`, subject, scope))
}

function checkSubject(errors: Errors, path: string, subject: RbacV1Subject, scope: Scope): void {
  checkPresent(errors, path, 'name', subject.name)
  const apiGroup = subject.apiGroup ?? ''
  switch (subject.kind) {
    case 'ServiceAccount':
      if ((subject.name ?? '') !== '') checkDnsSubdomain(errors, path, 'name', subject.name)
      if (apiGroup !== '') errors.push(notSupported(`${path}.apiGroup`, apiGroup, ['']))
      if (scope === 'cluster') checkPresent(errors, path, 'namespace', subject.namespace)
      break
    case 'User':
    case 'Group':
      if (apiGroup !== RBAC_GROUP) errors.push(notSupported(`${path}.apiGroup`, apiGroup, [RBAC_GROUP]))
      break
    default:
      errors.push(notSupported(`${path}.kind`, subject.kind ?? '', ['ServiceAccount', 'User', 'Group']))
  }
}

/** A binding whose role could be swapped would hand its subjects rights that nobody granted them. */
export function checkRoleRefUnchanged(errors: Errors, binding: RoleBindingLike, old: RoleBindingLike): void {
  // An update may come without one, whatever the type says.
  const now: Partial<RoleBindingLike['roleRef']> = binding.roleRef ?? {}
  const before = old.roleRef
  if (now.apiGroup !== before.apiGroup || now.kind !== before.kind || now.name !== before.name) {
    errors.push(invalidValue('roleRef', now, 'cannot change roleRef'))
  }
}

function subjectsOf(kind: string, text: (subject: RbacV1Subject) => string): (binding: RoleBindingLike) => string {
  return (binding) => (binding.subjects ?? []).filter((subject) => subject.kind === kind).map(text).join(', ')
}

export const bindingColumns: readonly Column<RoleBindingLike>[] = [
  textColumn('Role', 'The role that it grants.', ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
  ageColumn,
  wideColumn(
    'Users',
    'Users that get the role.',
    subjectsOf('User', ({ name }) => name)
  ),
  wideColumn(
    'Groups',
    'Groups that get the role.',
    subjectsOf('Group', ({ name }) => name)
  ),
  wideColumn(
    'ServiceAccounts',
    'Service accounts that get the role.',
    subjectsOf('ServiceAccount', ({ namespace, name }) => `${namespace ?? ''}/${name}`)
  ),
]
