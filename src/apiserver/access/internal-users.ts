import type { User } from '../access.ts'
import { groups, serviceAccountGroups, serviceAccountUserName } from './subjects.ts'

/** The cluster's own parts, under the names that upstream's certificates give them. */
export const internalUsers = {
  /** The server itself: bootstrap, and what must work before any role exists. */
  apiServer: internalUser('system:apiserver', [groups.masters]),
  controllerManager: internalUser('system:kube-controller-manager', []),
  scheduler: internalUser('system:kube-scheduler', []),
} as const

export function nodeUser(nodeName: string): User {
  return internalUser(`system:node:${nodeName}`, [groups.nodes])
}

/** A controller as its service account in kube-system, to which the bootstrap policy binds its role. */
export function controllerUser(account: string): User {
  return internalUser(serviceAccountUserName('kube-system', account), serviceAccountGroups('kube-system'))
}

function internalUser(name: string, memberships: readonly string[]): User {
  return { name, uid: '', groups: [...memberships, groups.authenticated], extra: {} }
}
