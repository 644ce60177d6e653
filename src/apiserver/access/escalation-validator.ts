import { kinds } from '../../resources/generated/kinds.ts'
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding } from '../../resources/generated/types.ts'
import { sameJson } from '../../objects/json.ts'
import { notFound, tooLarge } from '../../words/status-error.ts'
import type { AdmissionRequest, Authorizer, RequestInfo, Validator, Verdict } from '../access.ts'
import type { RbacAuthorizer } from './rbac-authorizer.ts'
import { quotedList, showCompact, TooManyRules, uncovered } from '../../policy/rbac/role-coverage.ts'
import { groups } from './subjects.ts'

const ALLOWED: Verdict = { allowed: true, warnings: [] }
const ROLES = new Set(['roles', 'clusterroles'])
const BINDINGS = new Set(['rolebindings', 'clusterrolebindings'])
const MAX_SHOWN_RULES = 100
/** A fraction of a second. */
const MAX_COMPARISONS = 3_000_000

/** Nobody may give away more than they have: through a role (unless they may escalate), or a binding (unless they may bind). */
export function escalationValidator(rbac: RbacAuthorizer, authorizer: Authorizer): Validator {
  return {
    name: 'RBACEscalation',
    matches: ({ kind, operation, subresource }) =>
      kind.group === kinds.Role.group && (operation === 'CREATE' || operation === 'UPDATE') && subresource === '',
    review(request) {
      if (request.user.groups.includes(groups.masters)) return ALLOWED
      if (ROLES.has(request.kind.plural)) return reviewRole(request, rbac, authorizer)
      return BINDINGS.has(request.kind.plural) ? reviewBinding(request, rbac, authorizer) : ALLOWED
    },
  }
}

async function reviewRole(request: AdmissionRequest, rbac: RbacAuthorizer, authorizer: Authorizer): Promise<Verdict> {
  const role = request.object as Role | ClusterRole
  const old = request.old as Role | ClusterRole | undefined
  const unchanged = old !== undefined && sameJson(old.rules, role.rules) && sameJson(aggregationOf(old), aggregationOf(role))
  if (unchanged || await mayDo('escalate', request, request.kind.plural, request.key.name, authorizer)) return ALLOWED
  if (aggregationOf(role) !== undefined && !sameJson(old === undefined ? undefined : aggregationOf(old), aggregationOf(role))) {
    const everything: PolicyRule[] = [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, { verbs: ['*'], nonResourceURLs: ['*'] },
    ]
    const missing = uncovered(ownedRules(request, rbac), everything)
    if (missing.length > 0) return refuse('must have cluster-admin privileges to use the aggregationRule')
  }
  return within(request, rbac, role.rules ?? [])
}

function aggregationOf(role: Role | ClusterRole): ClusterRole['aggregationRule'] {
  return 'aggregationRule' in role ? role.aggregationRule : undefined
}

async function reviewBinding(request: AdmissionRequest, rbac: RbacAuthorizer, authorizer: Authorizer): Promise<Verdict> {
  const binding = request.object as RoleBinding | ClusterRoleBinding
  const old = request.old as RoleBinding | ClusterRoleBinding | undefined
  if (old !== undefined && sameJson(old.subjects, binding.subjects) && sameJson(old.roleRef, binding.roleRef)) return ALLOWED
  const plural = binding.roleRef.kind === 'ClusterRole' ? 'clusterroles' : 'roles'
  if (await mayDo('bind', request, plural, binding.roleRef.name, authorizer)) return ALLOWED
  const rules = rbac.rulesOfRole(binding.roleRef, request.key.namespace)
  if (rules === undefined) throw notFound({ group: kinds.Role.group, resource: plural }, binding.roleRef.name)
  return within(request, rbac, rules)
}

function ownedRules(request: AdmissionRequest, rbac: RbacAuthorizer): readonly PolicyRule[] {
  return rbac.grantedRules(request.user, request.key.namespace).map((granted) => granted.rule)
}

function within(request: AdmissionRequest, rbac: RbacAuthorizer, wanted: readonly PolicyRule[]): Verdict {
  const missing = missingOf(ownedRules(request, rbac), wanted)
  if (missing.length === 0) return ALLOWED
  const user = request.user
  const shown = showCompact(missing).slice(0, MAX_SHOWN_RULES).join('\n')
  return refuse(
    `user ${JSON.stringify(user.name)} (groups=${quotedList(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${shown}`,
  )
}

function missingOf(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] {
  try {
    return uncovered(owned, wanted, MAX_COMPARISONS)
  } catch (error) {
    if (!(error instanceof TooManyRules)) throw error
    throw tooLarge('Request entity too large: the rules are too many, or too large, to compare them with those that the user holds')
  }
}

/** The pipeline puts the object's name before it. */
function refuse(why: string): Verdict {
  return { allowed: false, code: 403, message: why }
}

async function mayDo(verb: string, request: AdmissionRequest, resource: string, name: string, authorizer: Authorizer): Promise<boolean> {
  const info: RequestInfo = {
    isResource: true, verb, group: kinds.Role.group, version: 'v1', resource, subresource: '',
    namespace: request.key.namespace, name, path: '',
  }
  return (await authorizer.authorize(request.user, info)).allowed
}
