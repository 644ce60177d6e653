import { kinds } from '../../resources/generated/kinds.ts'
import type {
  ClusterRole, ClusterRoleBinding, ObjectMeta, PolicyRule, RbacV1Subject, Role, RoleBinding,
} from '../../resources/generated/types.ts'
import { apiVersionOf } from '../../objects/kind.ts'
import { aggregate } from '../../policy/rbac/role-aggregation.ts'
import { internalUsers } from '../access/internal-users.ts'
import { groups } from '../access/subjects.ts'
import { certificateRoles, SELF_NODE_CLIENT_ROLE, SELF_NODE_SERVER_ROLE } from './certificate-roles.ts'
import * as components from './component-roles.ts'
import { EVENT_RULES } from './rule.ts'
import * as users from './user-roles.ts'

export interface BootstrapPolicy {
  readonly clusterRoles: readonly ClusterRole[]
  readonly clusterRoleBindings: readonly ClusterRoleBinding[]
  readonly roles: readonly Role[]
  readonly roleBindings: readonly RoleBinding[]
}

const RBAC = apiVersionOf(kinds.ClusterRole)
const AGGREGATE_TO = 'rbac.authorization.k8s.io/aggregate-to-'
/** All built-in controllers share one process and one identity: its role is composed from theirs. */
const CONTROLLERS_LABEL = 'lotse.dev/aggregate-to-controllers'
const CONTROLLERS_ROLE = 'system:lotse:controllers'

/** The roles and bindings that every cluster has, as upstream names them. */
export function bootstrapPolicy(): BootstrapPolicy {
  const roles = [...plainRoles(), ...peopleRoles(), ...controllerRoles()]
  const composed = new Map(aggregate(roles).map((role) => [role.metadata.name, role]))
  return {
    clusterRoles: roles.map((role) => composed.get(role.metadata.name) ?? role),
    clusterRoleBindings: clusterRoleBindings(),
    roles: [role('extension-apiserver-authentication-reader', 'kube-system', components.extensionAuthenticationRules)],
    roleBindings: [{
      apiVersion: RBAC, kind: 'RoleBinding', metadata: metadata('system::extension-apiserver-authentication-reader', {}, 'kube-system'),
      roleRef: { apiGroup: kinds.Role.group, kind: 'Role', name: 'extension-apiserver-authentication-reader' },
      subjects: [user(internalUsers.controllerManager.name), user(internalUsers.scheduler.name)],
    }],
  }
}

function plainRoles(): ClusterRole[] {
  return [
    clusterRole('cluster-admin', users.clusterAdminRules),
    clusterRole('system:discovery', users.discoveryRules),
    clusterRole('system:basic-user', users.basicUserRules),
    clusterRole('system:public-info-viewer', users.publicInfoRules),
    clusterRole('system:monitoring', users.monitoringRules),
    clusterRole('system:service-account-issuer-discovery', users.issuerDiscoveryRules),
    clusterRole('system:node', components.nodeRules),
    clusterRole('system:kube-scheduler', components.schedulerRules),
    clusterRole('system:volume-scheduler', components.volumeSchedulerRules),
    clusterRole('system:persistent-volume-provisioner', components.volumeProvisionerRules),
    clusterRole('system:node-problem-detector', components.nodeProblemDetectorRules),
    clusterRole('system:kube-controller-manager', components.controllerManagerRules),
    clusterRole('system:node-proxier', components.nodeProxierRules),
    clusterRole('system:kube-dns', components.dnsRules),
    clusterRole('system:auth-delegator', components.authDelegatorRules),
    clusterRole('system:node-bootstrapper', components.nodeBootstrapperRules),
    clusterRole('system:kubelet-api-admin', components.kubeletApiAdminRules),
    clusterRole('system:kube-aggregator', components.aggregatorRules),
    ...Object.entries(certificateRoles).map(([name, rules]) => clusterRole(name, rules)),
  ]
}

/** view is part of edit, edit of admin; an operator adds its own kinds to them by label. */
function peopleRoles(): ClusterRole[] {
  return [
    composedRole('admin', `${AGGREGATE_TO}admin`, {}),
    composedRole('edit', `${AGGREGATE_TO}edit`, { [`${AGGREGATE_TO}admin`]: 'true' }),
    composedRole('view', `${AGGREGATE_TO}view`, { [`${AGGREGATE_TO}edit`]: 'true' }),
    clusterRole('system:aggregate-to-admin', users.adminRules, { [`${AGGREGATE_TO}admin`]: 'true' }),
    clusterRole('system:aggregate-to-edit', users.editRules, { [`${AGGREGATE_TO}edit`]: 'true' }),
    clusterRole('system:aggregate-to-view', users.viewRules, { [`${AGGREGATE_TO}view`]: 'true' }),
  ]
}

function controllerRoles(): ClusterRole[] {
  const each = Object.entries(components.controllerRules).map(([name, rules]) =>
    clusterRole(`system:controller:${name}`, [...rules, ...EVENT_RULES], { [CONTROLLERS_LABEL]: 'true' }))
  return [...each, composedRole(CONTROLLERS_ROLE, CONTROLLERS_LABEL, {})]
}

function clusterRoleBindings(): ClusterRoleBinding[] {
  const everyone = [group(groups.authenticated), group(groups.unauthenticated)]
  const controllers = Object.keys(components.controllerRules).map((name) =>
    binding(`system:controller:${name}`, [{ kind: 'ServiceAccount', name, namespace: 'kube-system' }]))
  return [
    binding('cluster-admin', [group(groups.masters)]),
    binding('system:discovery', [group(groups.authenticated)]),
    binding('system:basic-user', [group(groups.authenticated)]),
    binding('system:public-info-viewer', everyone),
    binding('system:monitoring', [group('system:monitoring')]),
    binding('system:service-account-issuer-discovery', [group(groups.serviceAccounts)]),
    // No subjects: the node authorizer gives nodes these rights for what concerns them only.
    binding('system:node', []),
    binding(SELF_NODE_CLIENT_ROLE, [group(groups.nodes)]),
    binding(SELF_NODE_SERVER_ROLE, [group(groups.nodes)]),
    binding('system:node-proxier', [user('system:kube-proxy')]),
    binding('system:kube-dns', [{ kind: 'ServiceAccount', name: 'kube-dns', namespace: 'kube-system' }]),
    binding('system:kube-scheduler', [user(internalUsers.scheduler.name)]),
    binding('system:volume-scheduler', [user(internalUsers.scheduler.name)]),
    binding('system:kube-controller-manager', [user(internalUsers.controllerManager.name)]),
    binding(CONTROLLERS_ROLE, [user(internalUsers.controllerManager.name)]),
    ...controllers,
  ]
}

function metadata(name: string, labels: Record<string, string>, namespace?: string): ObjectMeta {
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  }
}

function clusterRole(name: string, rules: readonly PolicyRule[], labels: Record<string, string> = {}): ClusterRole {
  return { apiVersion: RBAC, kind: 'ClusterRole', metadata: metadata(name, labels), rules: [...rules] }
}

function composedRole(name: string, label: string, labels: Record<string, string>): ClusterRole {
  return { ...clusterRole(name, [], labels), aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: 'true' } }] } }
}

function role(name: string, namespace: string, rules: readonly PolicyRule[]): Role {
  return { apiVersion: RBAC, kind: 'Role', metadata: metadata(name, {}, namespace), rules: [...rules] }
}

function binding(name: string, subjects: RbacV1Subject[]): ClusterRoleBinding {
  return {
    apiVersion: RBAC, kind: 'ClusterRoleBinding', metadata: metadata(name, {}),
    roleRef: { apiGroup: kinds.ClusterRole.group, kind: 'ClusterRole', name }, subjects,
  }
}

function group(name: string): RbacV1Subject {
  return { apiGroup: kinds.ClusterRole.group, kind: 'Group', name }
}

function user(name: string): RbacV1Subject {
  return { apiGroup: kinds.ClusterRole.group, kind: 'User', name }
}
